/** A node whose files are on a volume of their own, which fills up. Needs the right to mount one. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../support/database.js';
import { attachmentOf, createUpload, get, put, uploaded } from '../support/files.js';
import { startNode } from '../support/node.js';
import { newPerson } from '../support/people.js';
import { NOISE } from '../support/pictures.js';

const smallDisk = (megabytes: number) => {
  const folder = temporaryFolder();
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder]);
  onTestFinished(() => void execFileSync('umount', ['--lazy', folder]));
  return folder;
};

it('A full disk is told as that, of bytes and of pictures; nothing is left of them, the rest is served, and it goes on once there is room', async () => {
  const disk = smallDisk(8);
  const node = await startNode({ filesUrl: `file://${disk}` });
  const ada = await newPerson(node);
  const kept = await uploaded(ada, randomBytes(1_000_000));
  const ballast = join(disk, 'ballast');
  const bytes = randomBytes(3_000_000);
  // Of few bytes as it comes, of many as it is written anew.
  const picture = await sharp({ create: { width: 1200, height: 1000, channels: 3, background: 'black', noise: NOISE } })
    .webp({ quality: 1 })
    .toBuffer();
  const [one, other] = [
    await createUpload(ada, { byteSize: bytes.length }),
    await createUpload(ada, { byteSize: picture.length }),
  ];
  const full = { status: 503, body: { code: 'UNAVAILABLE' } };

  writeFileSync(ballast, randomBytes(5 * 1024 * 1024));
  expect(await put(node, one, bytes)).toMatchObject(full);
  expect(readdirSync(join(disk, 'tmp'))).toEqual([]);
  writeFileSync(ballast, randomBytes(7 * 1024 * 1024 - 60_000 - picture.length));
  expect(await put(node, other, picture)).toMatchObject(full);
  expect(readdirSync(join(disk, 'tmp'))).toEqual([]);
  expect((await get(node, kept.url)).status).toBe(200);
  expect(node.log.filter(({ level }) => level === 'error')).toEqual([]);
  rmSync(ballast);

  for (const [upload, body] of [
    [one, bytes],
    [other, picture],
  ] as const) {
    const answer = await put(node, upload, body);
    expect(answer.status).toBe(201);
    expect(await attachmentOf(ada, String(answer.body.id))).not.toBeNull();
  }
  await node.stop();
});

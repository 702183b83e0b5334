/** A server that is killed (SIGKILL) in the middle of an upload: nothing of it can be seen, nothing is lost, and nothing is left. */
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, utimesSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/db/open.js';
import { sweepFiles } from '../../src/domain/files/file-sweep.js';
import { createFolderStore } from '../../src/files/folder-store.js';
import { embeddedDatabase } from '../support/database.js';
import { addressOf, attachmentOf, createUpload, get, put, type Upload } from '../support/files.js';
import type { TestNode } from '../support/node.js';
import { newPerson } from '../support/people.js';
import { noise } from '../support/pictures.js';
import { serverProcess } from '../support/server-process.js';
import { until } from '../support/until.js';

const start = async () => {
  const { config } = await embeddedDatabase();
  const server = await serverProcess({ DATA_DIR: config.dataDir, DEMO: 'off' });
  const node = { url: server.url, endpoint: `${server.url}/graphql`, config } as unknown as TestNode;
  const folder = join(config.dataDir, 'files');
  const names = () => readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return { server, node, config, folder, names, ada: await newPerson(node) };
};

type Started = Awaited<ReturnType<typeof start>>;

const isStored = (name: string) => /[0-9a-f]{64}$/.test(name);

/** Puts all but the last `held` bytes; the outcome does not matter. */
const putInPart = (node: TestNode, upload: Upload, bytes: Buffer, held = 0) => {
  const headers = { 'Content-Length': bytes.length };
  const request = httpRequest(addressOf(node, upload.url), { method: 'PUT', headers });
  request.on('error', () => undefined);
  request.write(bytes.subarray(0, bytes.length - held));
  if (held === 0) request.end();
};

/** Kills it once `isTime`; then everything is as if the upload had only been announced. */
const killAndGoOn = async (
  { server, node, config, folder, names, ada }: Started,
  upload: Upload,
  bytes: Buffer,
  isTime: () => boolean,
) => {
  while (!isTime()) await delay(1);
  await server.kill('SIGKILL');
  await server.start();

  const { status, body } = await put(node, upload, bytes);
  expect(status).toBe(201);
  const attachment = await attachmentOf(ada, String(body.id));
  const got = Buffer.from(await (await get(node, attachment!.url)).arrayBuffer());
  expect(got.length).toBe(attachment!.byteSize);
  await server.kill('SIGTERM');

  // After a day and an hour.
  const db = await openDatabase(config);
  await db.query(`UPDATE upload SET expires_at = expires_at - interval '26 hours'`);
  const longAgo = new Date(Date.now() - 2 * 3_600_000);
  for (const name of names().filter((one) => one.startsWith('tmp/'))) utimesSync(join(folder, name), longAgo, longAgo);
  await sweepFiles(db, await createFolderStore(folder));
  await db.close();
  expect(names().filter((name) => isStored(name.replace(/\.\d+$/, '')) || name.startsWith('tmp/'))).toEqual([]);
  return got;
};

describe('A server that is killed', { timeout: 120_000 }, () => {
  it('while bytes come', async () => {
    const started = await start();
    const bytes = randomBytes(2_000_000);
    const upload = await createUpload(started.ada, { byteSize: bytes.length });

    putInPart(started.node, upload, bytes, 1000);
    const isTime = () => started.names().some((name) => name.endsWith('/bytes'));

    expect((await killAndGoOn(started, upload, bytes, isTime)).equals(bytes)).toBe(true);
  });

  it('while thumbnails are made', async () => {
    const started = await start();
    const bytes = await noise(4000, 3000);
    const upload = await createUpload(started.ada, { byteSize: bytes.length });

    putInPart(started.node, upload, bytes);
    const isTime = () => started.names().some((name) => name.endsWith('/1280'));

    await killAndGoOn(started, upload, bytes, isTime);
  });

  it('between the bytes and their row', async () => {
    const started = await start();
    const bytes = randomBytes(100_000);
    const upload = await createUpload(started.ada, { byteSize: bytes.length });

    putInPart(started.node, upload, bytes);

    expect((await killAndGoOn(started, upload, bytes, () => started.names().some(isStored))).equals(bytes)).toBe(true);
  });
});

describe('A hundred uploads at once', { timeout: 120_000 }, () => {
  it('take less than 300 MB of memory', async () => {
    const { config } = await embeddedDatabase();
    const server = await serverProcess({
      DATA_DIR: config.dataDir,
      DEMO: 'off',
      UPLOADS_PER_MINUTE: '0',
      REGISTRATIONS_PER_HOUR: '0',
    });
    const node = { url: server.url, endpoint: `${server.url}/graphql` } as unknown as TestNode;
    const people = await Promise.all(Array.from({ length: 10 }, () => newPerson(node)));
    const picture = await noise(1500, 1000);
    const megabytes = (field: 'VmRSS' | 'VmHWM') => {
      const status = readFileSync(`/proc/${server.pid()}/status`, 'utf8');
      return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)![1]) / 1024;
    };
    const before = megabytes('VmRSS');

    const all = people.flatMap((person) =>
      Array.from({ length: 10 }, async (_, place) => {
        const bytes = place === 0 ? picture : randomBytes(5_000_000);
        return (await put(node, await createUpload(person, { byteSize: bytes.length }), bytes)).status;
      }),
    );
    const statuses = await Promise.all(all);

    expect(new Set(statuses)).toEqual(new Set([201]));
    expect(megabytes('VmHWM') - before).toBeLessThan(300);
    await until(() => readdirSync(join(config.dataDir, 'files/tmp')).length === 0, 'nothing on its way');
  });
});

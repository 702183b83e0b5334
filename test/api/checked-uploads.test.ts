/** What is done with the bytes before they are stored: pictures are written anew, and a scanner is asked. */
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { EICAR, findsEicar, startStandIn } from '../support/clamd.js';
import { attachmentOf, createUpload, get, put, uploaded } from '../support/files.js';
import { ownNode, startNode, type TestNode } from '../support/node.js';
import { newPerson } from '../support/people.js';
import { bomb, noise, photo } from '../support/pictures.js';

const node = ownNode();

const read = async (url: string, at = node) => Buffer.from(await (await get(at, url)).arrayBuffer());

/** The names of all that lies in the store. */
const stored = ({ config }: TestNode) =>
  readdirSync(join(config.dataDir, 'files'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    /[0-9a-f]{64}/.test(name),
  );

describe('A picture that is uploaded', () => {
  it('T88 comes out turned, clean, with its size, a placeholder and thumbnails', async () => {
    const ada = await newPerson(node);

    const picture = await uploaded(ada, await photo(), 'photo.png');

    expect(picture).toMatchObject({ kind: 'IMAGE', contentType: 'image/jpeg', width: 300, height: 400, tiny: null });
    expect(picture.thumbHash).toMatch(/^[\w+/]+=*$/);
    const bytes = await read(picture.url);
    expect(bytes.length).toBe(picture.byteSize);
    expect(await sharp(bytes).metadata()).toMatchObject({ width: 300, height: 400 });
    expect((await sharp(bytes).metadata()).exif).toBeUndefined();
    // Of 400 pixels: the one of its own size stands for all that are larger.
    expect(picture.thumbnailUrl).toBe(picture.large);
    expect(await sharp(await read(picture.thumbnailUrl!)).metadata()).toMatchObject({ format: 'webp', height: 400 });
    expect(await sharp(await read(picture.small!)).metadata()).toMatchObject({ format: 'webp', width: 48, height: 64 });
  });

  it.each([
    ['of too many pixels', () => bomb(), 'BAD_PICTURE', 422],
    ['cut in half', async () => (await noise(300, 300)).subarray(0, 10_000), 'BAD_PICTURE', 422],
  ])('and is %s is refused, and leaves nothing', async (_kind, make, code, status) => {
    const bytes = await make();
    const before = stored(node);
    const upload = await createUpload(await newPerson(node), { byteSize: bytes.length });

    expect(await put(node, upload, bytes)).toMatchObject({ status, body: { code } });
    expect(stored(node)).toEqual(before);
    expect(readdirSync(join(node.config.dataDir, 'files/tmp'))).toEqual([]);
  });

  it('is the only thing that can be an avatar', async () => {
    const ada = await newPerson(node);
    const face = await photo();
    const announced = (byteSize: number) => createUpload(ada, { purpose: 'AVATAR', byteSize });

    expect(await put(node, await announced(10), randomBytes(10))).toMatchObject({
      status: 415,
      body: { code: 'NOT_A_PICTURE' },
    });
    expect((await put(node, await announced(face.length), face)).status).toBe(201);
  });
});

describe('With a virus scanner', () => {
  it('T90 a file is there once it is clean, and an infected one never is', async () => {
    const scanner = await startStandIn(findsEicar);
    const guarded = await startNode({ clamdUrl: scanner.url });
    const ada = await newPerson(guarded);
    const upload = await createUpload(ada, { byteSize: EICAR.length });

    const answer = await put(guarded, upload, EICAR);

    expect(answer).toMatchObject({ status: 422, body: { code: 'INFECTED' } });
    expect(answer.body.detail).toContain('Eicar-Test');
    expect(stored(guarded)).toEqual([]);
    expect((await uploaded(ada, Buffer.from('clean'))).byteSize).toBe(5);
    await guarded.stop();
  });

  it('T91 nothing is taken while it is away, and nothing is lost: the same bytes may come again', async () => {
    const scanner = await startStandIn(findsEicar);
    const guarded = await startNode({ clamdUrl: scanner.url });
    const ada = await newPerson(guarded);
    const upload = await createUpload(ada, { byteSize: 5 });
    await scanner.stop();

    const answer = await put(guarded, upload, 'clean');

    expect(answer).toMatchObject({ status: 503, body: { code: 'UNAVAILABLE' } });
    expect(answer.headers.get('retry-after')).toBe('5');
    expect(stored(guarded)).toEqual([]);
    expect(guarded.log.some(({ msg, level }) => msg === 'File refused' && level === 'warn')).toBe(true);
    await startStandIn(findsEicar, scanner.port);
    const { status, body } = await put(guarded, upload, 'clean');
    expect(status).toBe(201);
    expect(await attachmentOf(ada, String(body.id))).not.toBeNull();
    await guarded.stop();
  });
});

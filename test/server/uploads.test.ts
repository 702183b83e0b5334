/** Uploads and the server around them: draining, a bucket behind it, slow bodies of other requests. */
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startBucket } from '../support/bucket.js';
import { temporaryFolder } from '../support/database.js';
import { beginPut, createUpload, get, put, uploaded } from '../support/files.js';
import { startNode, type TestNode } from '../support/node.js';
import { newPerson } from '../support/people.js';
import { noise } from '../support/pictures.js';
import { until } from '../support/until.js';

const onTheWay = ({ config }: TestNode) => readdirSync(join(config.dataDir, 'files/tmp')).length;

describe('A node that is told to stop', () => {
  it('waits for uploads that are underway, and takes no new ones', async () => {
    const node = await startNode({ drainSeconds: 10 });
    const ada = await newPerson(node);
    const bytes = randomBytes(1000);
    const [one, other] = [await createUpload(ada, { byteSize: 1000 }), await createUpload(ada, { byteSize: 1000 })];
    const underway = beginPut(node, one, bytes);
    await until(() => onTheWay(node) === 1, 'the first bytes');

    const stopping = node.stop();
    const refused = await put(node, other, bytes);
    underway.finish();

    expect(refused).toMatchObject({ status: 503, body: { code: 'BUSY' } });
    expect(await underway.status).toBe(201);
    await stopping;
  });

  it('cuts those that are not done when its time is over, and leaves nothing of them', async () => {
    const folder = temporaryFolder();
    const node = await startNode({ drainSeconds: 0, filesUrl: `file://${folder}` });
    const underway = beginPut(node, await createUpload(await newPerson(node), { byteSize: 1000 }), randomBytes(1000));
    const left = () => readdirSync(join(folder, 'tmp')).length;
    await until(() => left() === 1, 'the first bytes');

    await node.stop();

    expect(await underway.status).toMatch(/socket hang up|ECONNRESET/);
    expect(left()).toBe(0);
    expect(node.log.filter(({ level }) => level === 'error')).toEqual([]);
  });
});

describe('With a bucket', () => {
  it('uploads, pictures and ranges are as with a folder, and while it is away nothing is lost', async () => {
    const directory = temporaryFolder();
    const bucket = await startBucket({ directory });
    const node = await startNode({ filesUrl: bucket.url });
    const ada = await newPerson(node);
    const bytes = randomBytes(300_000);

    const file = await uploaded(ada, bytes);
    const picture = await uploaded(ada, await noise(200, 100));
    expect(Buffer.from(await (await get(node, file.url)).arrayBuffer())).toEqual(bytes);
    const part = await get(node, file.url, { headers: { Range: 'bytes=1000-1999' } });
    expect([part.status, part.headers.get('content-length'), part.headers.get('content-range')]).toEqual([
      206,
      '1000',
      'bytes 1000-1999/300000',
    ]);
    expect(Buffer.from(await part.arrayBuffer())).toEqual(bytes.subarray(1000, 2000));
    expect((await get(node, picture.thumbnailUrl!)).headers.get('content-type')).toBe('image/webp');

    const upload = await createUpload(ada, { byteSize: 1000 });
    const next = randomBytes(1000);
    await bucket.stop();
    expect(await put(node, upload, next)).toMatchObject({ status: 503, body: { code: 'UNAVAILABLE' } });
    expect((await get(node, file.url)).status).toBe(503);
    expect(node.log.filter(({ level }) => level === 'error')).toEqual([]);

    await startBucket({ directory, port: bucket.port });
    expect((await put(node, upload, next)).status).toBe(201);
    expect((await get(node, file.url)).status).toBe(200);
    expect(readdirSync(join(node.config.dataDir, 'files-on-their-way'))).toEqual([]);
    await node.stop();
  });
});

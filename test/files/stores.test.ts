/** The two stores keep the same promises. */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createBucketStore } from '../../src/files/bucket-store.js';
import { StoreUnavailableError, type FileStore } from '../../src/files/file-store.js';
import { createFolderStore } from '../../src/files/folder-store.js';
import { openFileStore } from '../../src/files/open-store.js';
import { readFilesUrl, type BucketWay } from '../../src/files-url.js';
import { startBucket } from '../support/bucket.js';
import { temporaryFolder } from '../support/database.js';

const wayOf = (url: string): BucketWay => {
  const way = readFilesUrl(url);
  if (!('bucket' in way)) throw new Error(JSON.stringify(way));
  return way.bucket;
};

const kinds: [string, () => Promise<FileStore>][] = [
  ['a folder', () => createFolderStore(join(temporaryFolder(), 'files'))],
  [
    'a bucket',
    async () => createBucketStore({ way: wayOf((await startBucket()).url), spool: join(temporaryFolder(), 'spool') }),
  ],
];

/** In the spool, as an upload would lie there. */
const spooled = ({ spool }: FileStore, bytes: Uint8Array) => {
  const path = join(spool, crypto.randomUUID());
  writeFileSync(path, bytes);
  return path;
};

const keyOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

const readAll = async (store: FileStore, key: string, range?: { first: number; last: number }) => {
  const found = await store.read(key, range);
  return found && { size: found.size, bytes: await buffer(found.stream) };
};

describe.each(kinds)('%s of files', (_kind, open) => {
  it('T80 gives back what was stored, whole and in part, again after storing it again, and nothing once deleted', async () => {
    const store = await open();
    const bytes = randomBytes(300_000);
    const key = keyOf(bytes);

    expect(await store.read(key)).toBeNull();
    await store.put(key, spooled(store, bytes));
    await store.put(key, spooled(store, bytes));
    await store.put(`${key}.640`, spooled(store, bytes.subarray(0, 10)));

    expect(await readAll(store, key)).toEqual({ size: 300_000, bytes });
    expect(await readAll(store, key, { first: 1000, last: 1999 })).toEqual({
      size: 1000,
      bytes: bytes.subarray(1000, 2000),
    });
    expect(await readAll(store, `${key}.640`)).toEqual({ size: 10, bytes: bytes.subarray(0, 10) });
    await store.delete(key);
    await store.delete(key);
    expect(await store.read(key)).toBeNull();
    expect((await readAll(store, `${key}.640`))?.size).toBe(10);
  });

  it('takes equal bytes from many at once', async () => {
    const store = await open();
    const bytes = randomBytes(100_000);
    const key = keyOf(bytes);

    await Promise.all(Array.from({ length: 8 }, () => store.put(key, spooled(store, bytes))));

    expect(await readAll(store, key)).toEqual({ size: 100_000, bytes });
  });

  it('has no key that leads out of it', async () => {
    const store = await open();

    for (const key of ['../../etc/passwd', '', 'ab', `${'a'.repeat(64)}/x`, `${'a'.repeat(64)}.../x`]) {
      await expect(async () => store.read(key)).rejects.toThrow(TypeError);
      await expect(async () => store.delete(key)).rejects.toThrow(TypeError);
    }
  });
});

describe('A folder of files', () => {
  it('lies in DATA_DIR, is for its owner alone, and keeps nothing of what could not be stored', async () => {
    const dataDir = temporaryFolder();
    const store = await openFileStore({ dataDir, filesUrl: undefined });
    const bytes = Buffer.from('hello');
    await store.put(keyOf(bytes), spooled(store, bytes));

    const folder = join(dataDir, 'files', keyOf(bytes).slice(0, 2));
    expect(readdirSync(folder)).toEqual([keyOf(bytes)]);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    await expect(store.put(keyOf(bytes), join(store.spool, 'missing'))).rejects.toThrow(StoreUnavailableError);
    expect(readdirSync(store.spool)).toEqual([]);
  });

  it('may be named by a URL', async () => {
    const folder = join(temporaryFolder(), 'with spaces');
    const { href } = new URL(`file://${folder}`);

    await openFileStore({ dataDir: temporaryFolder(), filesUrl: href });

    expect(existsSync(folder)).toBe(true);
  });
});

describe('T81 A bucket that', () => {
  const bytes = randomBytes(1000);
  const storeAt = (url: string, answerMs = 2000) =>
    createBucketStore({ way: wayOf(url), spool: join(temporaryFolder(), 'spool'), answerMs });
  const attempt = async (url: string, answerMs?: number) => {
    const store = await storeAt(url, answerMs);
    const path = spooled(store, bytes);
    const outcomes = await Promise.allSettled([
      store.put(keyOf(bytes), path),
      store.read(keyOf(bytes)),
      store.delete(keyOf(bytes)),
    ]);
    expect(existsSync(path)).toBe(true);
    return outcomes.map((outcome) => (outcome.status === 'rejected' ? String(outcome.reason) : 'done'));
  };

  it('is away is told as that, and works again once it is back, on the same files', async () => {
    const directory = temporaryFolder();
    const { url, port, stop } = await startBucket({ directory });
    const store = await storeAt(url);
    await store.put(keyOf(bytes), spooled(store, bytes));
    await stop();

    for (const outcome of await attempt(url)) expect(outcome).toMatch(/^StoreUnavailableError/);

    await startBucket({ directory, port });
    expect((await readAll(store, keyOf(bytes)))?.bytes).toEqual(bytes);
  });

  it('does not know the key says so, and no secret is told', async () => {
    const { url } = await startBucket();

    const [put, read] = await attempt(url.replace('S3RVER:S3RVER@', 'OTHER:secret-of-another@'));

    expect(put).toContain('403 InvalidAccessKeyId');
    expect(read).toMatch(/^StoreUnavailableError/);
    expect(put).not.toContain('secret-of-another');
  });

  it('is not there says so', async () => {
    const { url } = await startBucket();

    const [put] = await attempt(url.replace('/parley?', '/another?'));

    expect(put).toContain('no such bucket');
  });

  it('never answers is given up', async () => {
    const silent = createServer((socket) => socket.on('error', () => undefined));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void silent.close());
    const { port } = silent.address() as AddressInfo;

    const outcomes = await attempt(`s3://KEY:SECRET@127.0.0.1:${port}/parley?tls=off`, 200);

    for (const outcome of outcomes) expect(outcome).toContain('does not answer');
  });
});

describe('FILES_URL', () => {
  it.each([
    ['s3://KEY:a%2Fb@s3.example.org/files?region=eu-central-1', 'https://s3.example.org/files', 'eu-central-1'],
    ['s3://KEY:a%2Fb@127.0.0.1:9000/files/parley/?tls=off', 'http://127.0.0.1:9000/files/parley', 'us-east-1'],
  ])('%s is a bucket', (written, url, region) => {
    expect(readFilesUrl(written)).toEqual({
      bucket: { url, accessKeyId: 'KEY', secretAccessKey: 'a/b', region },
    });
  });

  it('may be a folder', () => {
    expect(readFilesUrl('file:///srv/parley%20files')).toEqual({ folder: '/srv/parley files' });
  });

  it.each([
    'files',
    'https://example.org/files',
    's3://example.org/files',
    's3://KEY@example.org/files',
    's3://KEY:SECRET@example.org',
    's3://KEY:SECRET@example.org/files?acl=public',
    's3://KEY:SECRET@example.org/files?tls=maybe',
    'file://host/folder',
    'file:///',
  ])('%s is none', (written) => {
    expect(readFilesUrl(written)).toHaveProperty('expected');
  });
});

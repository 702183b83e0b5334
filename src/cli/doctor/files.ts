/** Checks where the files of messages go, and what scans them, with a few bytes that are taken away again. */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { readClamdUrl } from '../../clamd-url.js';
import type { Config } from '../../config.js';
import { exitCodes } from '../../exit-codes.js';
import type { FileStore } from '../../files/file-store.js';
import { openFileStore } from '../../files/open-store.js';
import { createScanner } from '../../files/scanner.js';
import { withFolder } from '../../files/spool.js';
import { readFilesUrl } from '../../files-url.js';
import { ok, type Finding } from '../../finding.js';
import { attempt, type Check } from './check.js';

const SCAN_MS = 10_000;

export async function* checkFiles(config: Partial<Config>): AsyncGenerator<Check> {
  const { filesUrl, dataDir, clamdUrl, attachmentMaxMb } = config;
  if (attachmentMaxMb === 0 || dataDir === undefined || !('filesUrl' in config)) return;
  // The folder in DATA_DIR is made by the first start, and checked with the disk.
  if (filesUrl === undefined && !existsSync(join(dataDir, 'files'))) return;
  const isBucket = filesUrl !== undefined && 'bucket' in readFilesUrl(filesUrl);
  const check = await attempt('files', async () => checkStore(await openFileStore({ filesUrl, dataDir })), {
    code: exitCodes.storeUnavailable,
    remedy: 'Correct FILES_URL, or give this user the right to write there',
  });
  // Nodes start without it, and take no files until it is back.
  yield isBucket && check.outcome === 'refusal' ? { ...check, outcome: 'warning' } : check;
  if (clamdUrl === undefined) return;
  const scanned = await attempt(
    'virus scan',
    async () => checkScanner(await openFileStore({ filesUrl, dataDir }), clamdUrl),
    {
      remedy: 'Start clamd, or correct CLAMD_URL: until then no files are taken',
    },
  );
  yield scanned.outcome === 'refusal' ? { ...scanned, outcome: 'warning' } : scanned;
}

const checkStore = async (store: FileStore): Promise<Finding> => {
  const bytes = randomBytes(64);
  const key = createHash('sha256').update(bytes).digest('hex');
  const since = performance.now();
  await withProbe(store, bytes, (path) => store.put(key, path));
  try {
    const found = await store.read(key);
    if (found === null || !bytes.equals(await buffer(found.stream)))
      return { outcome: 'refusal', sentence: `${store.description} does not give back what was stored in it` };
  } finally {
    await store.delete(key);
  }
  return ok(
    `Files can be stored in ${store.description}, read and deleted, in ${Math.round(performance.now() - since)} ms`,
  );
};

const checkScanner = async (store: FileStore, clamdUrl: string): Promise<Finding> => {
  const scanner = createScanner(readClamdUrl(clamdUrl)!, { silentMs: SCAN_MS });
  const found = await withProbe(store, Buffer.from('Is this clean?'), (path) => scanner.scan(path));
  if (found === null) return ok('The virus scanner answers');
  return {
    outcome: 'warning',
    sentence: `The virus scanner finds ${found} where there is nothing`,
    remedy: 'Check its signatures',
  };
};

const withProbe = <Result>(
  store: FileStore,
  bytes: Uint8Array,
  work: (path: string) => Promise<Result>,
): Promise<Result> =>
  withFolder(store.spool, async (folder) => {
    const path = join(folder, 'probe');
    await writeFile(path, bytes);
    return work(path);
  });

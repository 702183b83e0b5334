/** Bytes on their way: in a folder of their own from the first byte until they are stored or refused. */
import { createHash } from 'node:crypto';
import { mkdtemp, open, readdir, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { StoreUnavailableError } from './file-store.js';

export interface Spooled {
  path: string;
  byteSize: number;
  /** In hexadecimal. */
  sha256: string;
}

export interface SpoolOptions {
  maxBytes: number;
  /** Ends the waiting for more bytes; its reason is thrown. */
  signal: AbortSignal;
}

/** More than `maxBytes` came. */
export class TooManyBytesError extends Error {
  override name = 'TooManyBytesError';
}

const PREFIX = 'on-its-way-';
const ONLY_OWNER = 0o600;

/**
 * Gives `work` a new folder, and removes it with all that is in it once that is done.
 *
 * @throws what `work` throws; StoreUnavailableError if there can be no folder
 */
export const withFolder = async <Result>(spool: string, work: (folder: string) => Promise<Result>): Promise<Result> => {
  const folder = await onDisk(mkdtemp(join(spool, PREFIX)));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
};

/**
 * Reads `source` to its end into a new file, counting and hashing. On failure `source` is neither destroyed nor read to its end, so that
 * whoever sends it can still be answered.
 *
 * @throws TooManyBytesError; StoreUnavailableError if the folder takes no more; what `source` and `signal` fail with
 */
export const spoolBytes = async (source: Readable, folder: string, options: SpoolOptions): Promise<Spooled> => {
  const path = join(folder, 'bytes');
  const file = await onDisk(open(path, 'wx', ONLY_OWNER));
  try {
    return { path, ...(await copy(source, file, options)) };
  } finally {
    await onDisk(file.close());
  }
};

const copy = async (source: Readable, file: FileHandle, { maxBytes, signal }: SpoolOptions) => {
  const hash = createHash('sha256');
  let byteSize = 0;
  signal.throwIfAborted();
  const chunks = source.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer, undefined>;
  let fail: (error: unknown) => void = () => undefined;
  const abort = () => fail(signal.reason);
  // Not `Promise.race` with a promise that outlives it: that keeps each of the chunks until the end.
  const next = () =>
    new Promise<IteratorResult<Buffer, undefined>>((resolve, reject) => {
      fail = reject;
      chunks.next().then(resolve, reject);
    });
  signal.addEventListener('abort', abort);
  try {
    for (;;) {
      const { done, value } = await next();
      if (done) return { byteSize, sha256: hash.digest('hex') };
      byteSize += value.length;
      if (byteSize > maxBytes) throw new TooManyBytesError();
      hash.update(value);
      await onDisk(file.writeFile(value));
      signal.throwIfAborted();
    }
  } finally {
    signal.removeEventListener('abort', abort);
  }
};

const onDisk = async <Result>(work: Promise<Result>): Promise<Result> => {
  try {
    return await work;
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOSPC' ? 'no room is left for bytes on their way' : code;
    throw new StoreUnavailableError(reason, { cause: error });
  }
};

/**
 * Removes what killed processes have left.
 *
 * @param olderThanMs since it last changed: what is on its way now stays, another node's too
 */
export const sweepSpool = async (spool: string, olderThanMs: number): Promise<void> => {
  for (const name of await readdir(spool)) {
    const folder = join(spool, name);
    if (Date.now() - (await lastChange(folder)) > olderThanMs) await rm(folder, { recursive: true, force: true });
  }
};

/** Another node may have removed it meanwhile. */
const lastChange = async (folder: string): Promise<number> => {
  const paths = [folder, ...(await readdir(folder).catch(() => [])).map((name) => join(folder, name))];
  const times = paths.map((path) =>
    stat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => Infinity,
    ),
  );
  return Math.max(...(await Promise.all(times)));
};

/** Files in a folder of this machine, or one that several machines mount: `ab/abcd…`, by their hash. */
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { checkKey, StoreUnavailableError, type FileStore } from './file-store.js';

const ONLY_OWNER = 0o700;
const SPOOL = 'tmp';

/** Makes the folder at once. @throws StoreUnavailableError */
export const createFolderStore = async (folder: string): Promise<FileStore> => {
  // Within the folder, so that a file only has to be renamed.
  const spool = join(folder, SPOOL);
  await orUnavailable(mkdir(spool, { recursive: true, mode: ONLY_OWNER }));
  const pathOf = (key: string) => join(folder, checkKey(key).slice(0, 2), key);

  const place = async (from: string, to: string) => {
    await syncPath(from, 'r+');
    if ((await mkdir(dirname(to), { recursive: true, mode: ONLY_OWNER })) !== undefined) await syncPath(folder);
    await rename(from, to);
    await syncPath(dirname(to));
  };

  const sizeOf = async (path: string) => (await orUnavailable(stat(path).catch(nullIfMissing)))?.size ?? null;

  return {
    description: `the folder ${folder}`,
    spool,
    put: (key, path) => orUnavailable(place(path, pathOf(key))),

    read: async (key, range) => {
      const path = pathOf(key);
      const size = await sizeOf(path);
      if (size === null) return null;
      const { first, last } = range ?? { first: 0, last: size - 1 };
      return { size: last - first + 1, stream: createReadStream(path, { start: first, end: last }) };
    },

    size: (key) => sizeOf(pathOf(key)),
    delete: (key) => orUnavailable(rm(pathOf(key), { force: true })),
  };
};

/** Makes a file's bytes or a folder's names survive a power loss. Windows cannot open folders, and does not need it. */
const syncPath = async (path: string, flags = 'r') => {
  if (process.platform === 'win32' && flags === 'r') return;
  const handle = await open(path, flags);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

const nullIfMissing = (error: unknown): null => {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
  throw error;
};

const orUnavailable = async <Result>(work: Promise<Result>): Promise<Result> => {
  try {
    return await work;
  } catch (error) {
    throw new StoreUnavailableError((error as NodeJS.ErrnoException).code ?? 'unknown', { cause: error });
  }
};

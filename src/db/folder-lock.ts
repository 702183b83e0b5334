/** One process at a time in a data folder: PGlite lets a second one in, and then rows are lost. */
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { tryLock } from 'fs-native-extensions';

/** Another process, or this one, has the folder open. */
export class FolderInUseError extends Error {
  override name = 'FolderInUseError';
  constructor(readonly folder: string) {
    super(
      `The data folder ${folder} is in use: stop the server that has it open, or set DATABASE_URL to share a PostgreSQL`,
    );
  }
}

/**
 * Creates the folder if it is missing, readable by its owner only, and locks it. The lock is the kernel's: it ends with
 * the process, however that ends.
 *
 * @returns releases the lock
 * @throws FolderInUseError; the file system's own errors
 */
export const lockFolder = (folder: string): (() => void) => {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = openSync(join(folder, 'lock'), 'a+');
  let isGranted = false;
  try {
    isGranted = tryLock(file);
  } finally {
    if (!isGranted) closeSync(file);
  }
  if (!isGranted) throw new FolderInUseError(folder);
  return () => closeSync(file);
};

/** Secrets that Parley generates and keeps in the data folder. */
import { randomBytes } from 'node:crypto';
import { chmod, link, mkdir, open, readFile, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Signs the access tokens if TOKEN_SECRET is not set. */
export const tokenSecretFile = 'token-secret';

const BYTES = 48;
const MIN_LENGTH = 32;
const ONLY_OWNER = 0o600;

/** The file was truncated or emptied. */
export class SecretDamagedError extends Error {
  override name = 'SecretDamagedError';
  constructor(readonly path: string) {
    super(
      `${path} is damaged. Put it back from a backup, or delete it to have a new one made: then everyone must sign in again`,
    );
  }
}

/**
 * The secret `name` in `folder`, generated on first use. Concurrent callers get the same secret.
 *
 * @returns at least 32 characters
 * @throws SecretDamagedError; the file system's error if the folder cannot be read or written
 */
export const keptSecret = async (folder: string, name: string): Promise<string> => {
  const path = join(folder, name);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return (await read(path)) ?? (await write(path));
};

const read = async (path: string): Promise<string | undefined> => {
  let secret: string;
  try {
    secret = (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
  if (secret.length < MIN_LENGTH) throw new SecretDamagedError(path);
  // A restored backup may have lost its mode.
  if (process.platform !== 'win32' && ((await stat(path)).mode & 0o777) !== ONLY_OWNER) await chmod(path, ONLY_OWNER);
  return secret;
};

const write = async (path: string): Promise<string> => {
  const temporary = `${path}.${randomBytes(8).toString('hex')}`;
  const file = await open(temporary, 'wx', ONLY_OWNER);
  try {
    await file.writeFile(`${randomBytes(BYTES).toString('base64url')}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await place(temporary, path);
  await syncFolder(path);
  return (await read(path))!;
};

/** Gives the complete file its name, unless another process was first. */
const place = async (temporary: string, path: string) => {
  try {
    // Unlike a rename, a link never replaces the secret that another process wrote and used meanwhile.
    await link(temporary, path);
  } catch (error) {
    // Some file systems have no hard links. There, the lock on the data folder keeps other processes away.
    if (!isCode(error, 'EEXIST')) return rename(temporary, path);
  }
  await unlink(temporary);
};

/** Makes the new name survive a power loss. Windows cannot open folders, and does not need it. */
const syncFolder = async (path: string) => {
  if (process.platform === 'win32') return;
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
};

const isCode = (error: unknown, code: string) => error instanceof Error && 'code' in error && error.code === code;

/** Secrets that Parley makes for itself and keeps in the data folder. */
import { randomBytes } from 'node:crypto';
import { chmod, link, mkdir, open, readFile, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** What signs the access tokens, where no setting says. */
export const tokenSecretFile = 'token-secret';

const BYTES = 48;
const MIN_LENGTH = 32;
const ONLY_OWNER = 0o600;

/** The file is not what was written: cut short or emptied by someone. */
export class SecretDamagedError extends Error {
  override name = 'SecretDamagedError';
  constructor(readonly path: string) {
    super(
      `${path} is damaged. Put it back from a backup, or delete it to have a new one made: then everyone must sign in again`,
    );
  }
}

/**
 * The secret `name` of `folder`, made when it is first asked for. Whoever asks at the same time gets the same one.
 *
 * @returns at least 32 characters
 * @throws SecretDamagedError; what the file system says where the folder cannot be read or written
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
  // A restored copy may have lost its mode.
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

/** Gives the whole file its name, unless another has it by now. */
const place = async (temporary: string, path: string) => {
  try {
    // Unlike a rename, a link never takes the place of the secret that another has written and handed out meanwhile.
    await link(temporary, path);
  } catch (error) {
    // Some file systems have no links. There, the lock on the data folder is what keeps others away.
    if (!isCode(error, 'EEXIST')) return rename(temporary, path);
  }
  await unlink(temporary);
};

/** Makes the new name survive a power cut. Windows cannot open folders, and needs no such thing. */
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

/** `parley copy --to URL --files-to URL`: one of the two, or both */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readConfig, readEnvironment, requireConfig } from '../../config.js';
import { migrate } from '../../db/migrations.js';
import { mustPass, openDatabase } from '../../db/open.js';
import { prepareDatabase } from '../../domain/accounts/prepare-database.js';
import type { Database } from '../../db/database.js';
import { openFileStore } from '../../files/open-store.js';
import { exitCodes } from '../../exit-codes.js';
import { keptSecret, tokenSecretFile } from '../../secret.js';
import { CommandError } from '../command-error.js';
import { hasEmbedded, warn, withDatabase } from '../database.js';
import { indexMessages } from '../index-messages.js';
import { formatCount, startProgress, type Progress } from '../progress.js';
import { copyFiles } from './copy-files.js';
import { copyDatabase, mustTakeCopy, TargetNotEmptyError, type Copied } from './copy-database.js';

export interface CopyCommandOptions {
  to?: string;
  filesTo?: string;
  printSecret?: true;
}

export const copy = async ({ to: url, filesTo, printSecret }: CopyCommandOptions): Promise<void> => {
  const target = filesTo === undefined ? undefined : readFilesTarget(filesTo);
  if (url !== undefined) return copyAll(url, target, printSecret);
  if (target === undefined) throw new CommandError('Say where to: --to, --files-to or both', exitCodes.usage);
  await withDatabase((db) => copyStore(db, target));
  process.stdout.write('\nTo keep files there from now on, set FILES_URL to the URL that you gave to --files-to.\n');
  process.stdout.write('Those that come until then are copied by doing this again.\n');
};

const copyAll = async (url: string, filesTarget: string | undefined, printSecret: true | undefined): Promise<void> => {
  // Always the embedded database, even if DATABASE_URL already names the target.
  const { dataDir, tokenSecret } = requireConfig(
    { ...readEnvironment(), DATABASE_URL: undefined, DATABASE_URL_FILE: undefined },
    { only: ['dataDir', 'tokenSecret'] },
  ).config;
  const databaseUrl = readTarget(url);
  if (!hasEmbedded(dataDir)) {
    throw new CommandError(`There is no embedded database in ${resolve(dataDir)}`, exitCodes.databaseState);
  }

  const copied = await copyFolder(dataDir, databaseUrl, filesTarget);
  for (const { table, rows } of copied) process.stdout.write(`${formatCount(rows).padStart(12)}  ${table}\n`);
  process.stdout.write(await nextSteps({ dataDir, tokenSecret, filesTarget, printSecret }));
};

/** Parsed like the setting. Errors do not show the URL, because it holds a password. */
const readTarget = (url: string): string => {
  const outcome = readConfig({ DATABASE_URL: url }, { only: ['databaseUrl'] });
  const databaseUrl = 'config' in outcome ? outcome.config.databaseUrl : undefined;
  if (databaseUrl !== undefined) return databaseUrl;
  const expected = 'problems' in outcome ? outcome.problems[0]?.expected : undefined;
  throw new CommandError(`--to takes ${expected ?? 'a URL'}`);
};

/** As `readTarget`. */
const readFilesTarget = (url: string): string => {
  const outcome = readConfig({ FILES_URL: url }, { only: ['filesUrl'] });
  if ('config' in outcome && outcome.config.filesUrl !== undefined) return outcome.config.filesUrl;
  const expected = 'problems' in outcome ? outcome.problems[0]?.expected : undefined;
  throw new CommandError(`--files-to takes ${expected ?? 'a URL'}`);
};

/** From where the settings say. */
const copyStore = async (db: Database, filesUrl: string): Promise<void> => {
  const { config } = requireConfig(readEnvironment(), { only: ['filesUrl', 'dataDir'] });
  const [from, to] = [await openFileStore(config), await openFileStore({ ...config, filesUrl })];
  if (from.description === to.description)
    throw new CommandError(`--files-to leads to ${to.description}, where the files are`);
  let progress: Progress | undefined;
  try {
    const { copied, kept, missing } = await copyFiles({
      db,
      from,
      to,
      onStart: (files) => (progress = startProgress(files, 'files')),
      onProgress: (files) => progress?.add(files),
    });
    progress?.stop();
    process.stdout.write(`${formatCount(copied).padStart(12)}  files copied to ${to.description}\n`);
    if (kept > 0) process.stdout.write(`${formatCount(kept).padStart(12)}  files were there\n`);
    if (missing.length > 0)
      warn(`${formatCount(missing.length)} files are missing in ${from.description}, the first one ${missing[0]}`);
  } finally {
    progress?.stop();
  }
};

const copyFolder = async (dataDir: string, databaseUrl: string, filesTarget: string | undefined): Promise<Copied[]> => {
  const from = await openDatabase({ dataDir });
  try {
    await prepareDatabase(from, { onWarning: warn });
    // Before the database, which can be copied only once: an interruption is made good by doing it all again.
    const copyItsFiles = () => (filesTarget === undefined ? undefined : copyStore(from, filesTarget));
    const to = await openDatabase({ databaseUrl, dataDir });
    let progress: Progress | undefined;
    try {
      await mustPass(to, ['read only']);
      await mustTakeCopy(from, to);
      await copyItsFiles();
      await migrate(to);
      const copied = await copyDatabase({
        from,
        to,
        onStart: (rows) => (progress = startProgress(rows, 'rows')),
        onProgress: (rows) => progress?.add(rows),
      });
      progress?.stop();
      await indexMessages(to, copied.find(({ table }) => table === 'message')?.rows ?? 0);
      return copied;
    } catch (error) {
      if (!(error instanceof TargetNotEmptyError)) throw error;
      throw new CommandError(`The PostgreSQL is not empty: ${error.message}`, exitCodes.databaseState);
    } finally {
      progress?.stop();
      await to.close();
    }
  } finally {
    await from.close();
  }
};

interface NextSteps {
  dataDir: string;
  tokenSecret: string | undefined;
  filesTarget: string | undefined;
  printSecret: true | undefined;
}

/** Users stay signed in only if the tokens are still signed with the same secret. */
const nextSteps = async ({ dataDir, tokenSecret, filesTarget, printSecret }: NextSteps): Promise<string> => {
  const lines = ['', 'Copied. To run on PostgreSQL, set', '', '  DATABASE_URL   the URL that you gave to --to'];
  const path = join(resolve(dataDir), tokenSecretFile);
  if (tokenSecret !== undefined) {
    lines.push('  TOKEN_SECRET   its current value');
  } else if (!existsSync(path)) {
    lines.push('  TOKEN_SECRET   a new one: openssl rand -base64 48');
  } else if (printSecret) {
    lines.push(`  TOKEN_SECRET   ${await keptSecret(dataDir, tokenSecretFile)}`);
  } else {
    lines.push(`  TOKEN_SECRET   the line in ${path}`);
  }
  if (filesTarget !== undefined) lines.push('  FILES_URL      the URL that you gave to --files-to');
  lines.push('', `${resolve(dataDir)} is unchanged. Keep it until you are satisfied, and start no server on it.`);
  return `${lines.join('\n')}\n`;
};

/** `parley copy --to URL` */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readConfig, readEnvironment, requireConfig } from '../../config.js';
import { migrate } from '../../db/migrations.js';
import { mustPass, openDatabase } from '../../db/open.js';
import { prepareDatabase } from '../../domain/accounts/prepare-database.js';
import { exitCodes } from '../../exit-codes.js';
import { keptSecret, tokenSecretFile } from '../../secret.js';
import { CommandError } from '../command-error.js';
import { hasEmbedded, warn } from '../database.js';
import { indexMessages } from '../index-messages.js';
import { formatCount, startProgress, type Progress } from '../progress.js';
import { copyDatabase, mustTakeCopy, TargetNotEmptyError, type Copied } from './copy-database.js';

export interface CopyCommandOptions {
  to: string;
  printSecret?: true;
}

export const copy = async ({ to: url, printSecret }: CopyCommandOptions): Promise<void> => {
  // Always the embedded database, even if DATABASE_URL already names the target.
  const { dataDir, tokenSecret } = requireConfig(
    { ...readEnvironment(), DATABASE_URL: undefined, DATABASE_URL_FILE: undefined },
    { only: ['dataDir', 'tokenSecret'] },
  ).config;
  const databaseUrl = readTarget(url);
  if (!hasEmbedded(dataDir)) {
    throw new CommandError(`There is no embedded database in ${resolve(dataDir)}`, exitCodes.databaseState);
  }

  const copied = await copyFolder(dataDir, databaseUrl);
  for (const { table, rows } of copied) process.stdout.write(`${formatCount(rows).padStart(12)}  ${table}\n`);
  process.stdout.write(await nextSteps({ dataDir, tokenSecret, printSecret }));
};

/** Parsed like the setting. Errors do not show the URL, because it holds a password. */
const readTarget = (url: string): string => {
  const outcome = readConfig({ DATABASE_URL: url }, { only: ['databaseUrl'] });
  const databaseUrl = 'config' in outcome ? outcome.config.databaseUrl : undefined;
  if (databaseUrl !== undefined) return databaseUrl;
  const expected = 'problems' in outcome ? outcome.problems[0]?.expected : undefined;
  throw new CommandError(`--to takes ${expected ?? 'a URL'}`);
};

const copyFolder = async (dataDir: string, databaseUrl: string): Promise<Copied[]> => {
  const from = await openDatabase({ dataDir });
  try {
    await prepareDatabase(from, { onWarning: warn });
    const to = await openDatabase({ databaseUrl, dataDir });
    let progress: Progress | undefined;
    try {
      await mustPass(to, ['read only']);
      await mustTakeCopy(from, to);
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
  printSecret: true | undefined;
}

/** Users stay signed in only if the tokens are still signed with the same secret. */
const nextSteps = async ({ dataDir, tokenSecret, printSecret }: NextSteps): Promise<string> => {
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
  lines.push('', `${resolve(dataDir)} is unchanged. Keep it until you are satisfied, and start no server on it.`);
  return `${lines.join('\n')}\n`;
};

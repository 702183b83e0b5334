/** Opens the database of the settings for a command, migrated to this version. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readEnvironment, requireConfig, type Config } from '../config.js';
import type { Database } from '../db/database.js';
import { migrationStatus } from '../db/migrations.js';
import { mustPass, openDatabase } from '../db/open.js';
import { prepareDatabase } from '../domain/accounts/prepare-database.js';
import { exitCodes } from '../exit-codes.js';
import { CommandError } from './command-error.js';

type DatabaseSettings = Pick<Config, 'databaseUrl' | 'databasePoolSize' | 'dataDir'>;

/** Warns the person who runs the command. */
export const warn = (text: string): void => void process.stderr.write(`parley: ${text}\n`);

/** Mistakes in other settings do not stop a command. @throws ConfigError */
export const databaseSettings = (): DatabaseSettings => {
  const { config, warnings } = requireConfig(readEnvironment(), {
    only: ['databaseUrl', 'databasePoolSize', 'dataDir'],
  });
  warnings.forEach(warn);
  return config;
};

/** Whether `folder` holds an embedded database. Opening it to find out would create one. */
export const hasEmbedded = (folder: string): boolean => existsSync(join(folder, 'db', 'PG_VERSION'));

/**
 * Opens the database for `work`. Migrates an embedded one, as its server would. Other nodes may use a PostgreSQL, so only
 * `parley migrate` migrates that.
 *
 * @throws CommandError if migrations are missing; whatever `openDatabase`, `migrate` and `work` throw
 */
export const withDatabase = async <Result>(work: (db: Database) => Promise<Result>): Promise<Result> => {
  const db = await openDatabase(databaseSettings());
  try {
    await mustPass(db, ['read only']);
    if (db.kind === 'embedded') await prepareDatabase(db, { onWarning: warn });
    else await mustBeMigrated(db);
    return await work(db);
  } finally {
    await db.close();
  }
};

const mustBeMigrated = async (db: Database): Promise<void> => {
  const { pending, changed, unknown, unfinished } = await migrationStatus(db);
  const says =
    unknown.length > 0
      ? `The database was migrated by a newer version of Parley: ${unknown.join(', ')}`
      : unfinished.length > 0
        ? `Left unfinished in the database: ${unfinished.join(', ')}. See \`prisma migrate resolve\``
        : changed.length > 0
          ? `Already applied to the database, but changed since: ${changed.join(', ')}`
          : pending.length > 0
            ? `The database lacks ${pending.length === 1 ? 'a migration' : `${pending.length} migrations`} (${pending.join(', ')}): run \`parley migrate\``
            : undefined;
  if (says !== undefined) throw new CommandError(says, exitCodes.databaseState);
};

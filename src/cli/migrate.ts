/** `parley migrate [--status]` */
import { migrationStatus, type MigrationStatus } from '../db/migrations.js';
import { mustPass, openDatabase } from '../db/open.js';
import { prepareDatabase } from '../domain/accounts/prepare-database.js';
import { exitCodes } from '../exit-codes.js';
import { CommandError } from './command-error.js';
import { databaseSettings, hasEmbedded, warn } from './database.js';

export const migrateDatabase = async ({ status }: { status?: true }): Promise<void> => {
  const settings = databaseSettings();
  if (status && settings.databaseUrl === undefined && !hasEmbedded(settings.dataDir)) {
    throw new CommandError(
      `There is no database in ${settings.dataDir} yet: \`parley migrate\` or the first start creates it`,
      exitCodes.databaseState,
    );
  }
  const db = await openDatabase(settings);
  try {
    if (status) return printStatus(await migrationStatus(db));
    await mustPass(db, ['read only']);
    const applied = await prepareDatabase(db, {
      onWait: () => warn('another process is migrating; waiting for it'),
      onWarning: warn,
    });
    for (const name of applied) process.stdout.write(`applied  ${name}\n`);
    process.stdout.write(applied.length === 0 ? 'The database was up to date.\n' : 'The database is up to date.\n');
  } finally {
    await db.close();
  }
};

const printStatus = (status: MigrationStatus): void => {
  const states = ['applied', 'pending', 'changed', 'unknown', 'unfinished'] as const;
  for (const state of states) for (const name of status[state]) process.stdout.write(`${state.padEnd(10)}  ${name}\n`);
  const amiss = states.filter((state) => state !== 'applied' && status[state].length > 0);
  if (amiss.length === 0) process.stdout.write('The database is up to date.\n');
  else throw new CommandError(`The database is not up to date: ${amiss.join(', ')}`, exitCodes.databaseState);
};

/** The ways in which a database is put back to what it was, by the commands of docs/operations.md. No vitest in here. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../support/operations-page.js';

export interface Backup {
  /** Where it was made, and what `restore` needs. */
  folder: string;
  variables: Record<string, string>;
}

const make = async (number: number, variables: Record<string, string>): Promise<Backup> => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-backup-'));
  await runCommand('Backing up', number, folder, variables);
  return { folder, variables };
};

/** Of a PostgreSQL, under running nodes. */
export const dump = (databaseUrl: string): Promise<Backup> => make(0, { DATABASE_URL: databaseUrl });

/** Of an embedded database, with the server stopped. */
export const copyFolder = (dataDir: string): Promise<Backup> => make(1, { DATA_DIR: dataDir });

const RESTORING = 'Restoring';
const DEADLOCK = /deadlock detected/;

/** As the page says, again where it was a deadlock. */
const restore = async (number: number, { folder, variables }: Backup): Promise<void> => {
  for (;;) {
    try {
      await runCommand(RESTORING, number, folder, variables);
      return;
    } catch (error) {
      if (!(error instanceof Error && DEADLOCK.test(error.message))) throw error;
    }
  }
};

/** The tables anew, over the same database. */
export const restoreOver = (backup: Backup): Promise<void> => restore(0, backup);

/** Only the rows. */
export const restoreRows = (backup: Backup): Promise<void> => restore(1, backup);

/** The folder, with the server stopped. */
export const putBack = (backup: Backup): Promise<void> => restore(2, backup);

export const endAllSessions = async (databaseUrl: string): Promise<void> => {
  await runCommand(RESTORING, 3, tmpdir(), { DATABASE_URL: databaseUrl });
};

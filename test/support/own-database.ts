/** Apart from `database.ts`, which is used where vitest is not. */
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import type { Database } from '../../src/db/database.js';
import { openDatabase, type DatabaseConfig } from '../../src/db/open.js';
import { testDatabase, type TestDatabase } from './database.js';

/** A database of the test file's own; `current`, and the `config` to open it again, within tests and hooks. */
export const ownDatabase = (): { readonly current: Database; readonly config: DatabaseConfig } => {
  let own: TestDatabase;
  let current: Database;
  beforeAll(async () => {
    own = await testDatabase();
    current = await openDatabase(own.config);
  });
  afterAll(async () => {
    await current.close();
    await own.drop();
  });
  return {
    get current() {
      return current;
    },
    get config() {
      return own.config;
    },
  };
};

/** One of a test's own, migrated and empty. */
export const emptyDatabase = async (): Promise<Database> => {
  const { config, drop } = await testDatabase();
  const db = await openDatabase(config);
  onTestFinished(async () => {
    await db.close();
    await drop();
  });
  return db;
};

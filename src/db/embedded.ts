/** The database in this process: PGlite, which is PostgreSQL with a single connection, in a folder or in memory. */
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PGlite, type QueryOptions, type Transaction } from '@electric-sql/pglite';
import { PrismaPGlite } from 'pglite-prisma-adapter';
import { PrismaClient } from '../generated/prisma/client.js';
import { keepByteOrderMarks } from './byte-order-mark.js';
import type { Database, Queryable, OwnConnection } from './database.js';
import { lockFolder } from './folder-lock.js';
import { fromDriver } from './unavailable.js';
import { startUpkeep } from './upkeep.js';
import { encode, parserOf } from './values.js';
import { within } from '../within.js';

/** The files of the embedded database cannot be opened. */
export class DatabaseDamagedError extends Error {
  override name = 'DatabaseDamagedError';
}

const REACHABLE_MS = 1000;

// For a new folder of 30 MB rather than 40. Nothing is ever synced to the disk, so it need not be synced here.
const INIT_PARAMETERS = ['--wal-segsize=4', '--no-sync'];

const START_PARAMETERS = [
  ...PGlite.defaultStartParams,
  // How much of the write-ahead log a checkpoint keeps.
  ...['-c', 'min_wal_size=32MB', '-c', 'max_wal_size=64MB'],
  // ANALYZE reads a tenth of its default sample, since nothing else can run meanwhile.
  ...['-c', 'default_statistics_target=10'],
];

/**
 * Opens the database in `<folder>/db`, or creates it, which takes 3 to 5 s.
 *
 * @param folder used by nobody else meanwhile; null for a database in memory
 * @throws FolderInUseError, DatabaseDamagedError; the file system's own errors
 */
export const createEmbedded = async (folder: string | null): Promise<Database> => {
  keepByteOrderMarks();
  const unlock = folder === null ? () => {} : lockFolder(folder);
  try {
    return asDatabase(folder === null ? await PGlite.create() : await openFolder(folder), unlock);
  } catch (error) {
    unlock();
    throw error;
  }
};

const openFolder = async (folder: string): Promise<PGlite> => {
  const path = join(folder, 'db');
  const unfinished = join(folder, 'db-unfinished');
  mkdirSync(path, { recursive: true, mode: 0o700 });
  // Interrupted while it was created: nothing was stored there yet.
  if (existsSync(unfinished)) {
    for (const entry of readdirSync(path)) rmSync(join(path, entry), { recursive: true });
  } else if (existsSync(join(path, 'PG_VERSION'))) {
    return open(path);
  }
  writeFileSync(unfinished, '');
  const lite = await open(path);
  rmSync(unfinished);
  return lite;
};

const open = (path: string): Promise<PGlite> =>
  PGlite.create(path, { initDbStartParams: INIT_PARAMETERS, startParams: START_PARAMETERS }).catch((error: unknown) => {
    throw new DatabaseDamagedError(`The embedded database in ${path} cannot be opened`, { cause: error });
  });

const asDatabase = (lite: PGlite, unlock: () => void): Database => {
  const prisma = new PrismaClient({ adapter: new PrismaPGlite(lite) });
  const options = queryOptions(lite);
  const queryable = queryableOver(lite, options);
  /** Throws what `work` throws, not the driver's wrapped error. */
  const transaction = async <Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> => {
    let thrown: { error: unknown } | undefined;
    try {
      return await lite.transaction(async (tx) => {
        try {
          return await work(tx);
        } catch (error) {
          thrown = { error };
          throw error;
        }
      });
    } catch (error) {
      if (thrown !== undefined) throw thrown.error;
      return rethrow(error);
    }
  };
  const session: OwnConnection = {
    ...queryable,
    announcedProcess: undefined,
    execute: (script) => execute(lite, script),
    transaction: (work) =>
      transaction((tx) => work({ ...queryableOver(tx, options), execute: (script) => execute(tx, script) })),
  };
  let lastSession: Promise<unknown> = Promise.resolve();
  const stopUpkeep = startUpkeep(lite);

  return {
    kind: 'embedded',
    prisma,
    ...queryable,

    transaction: (work) => transaction((tx) => work(queryableOver(tx, options))),

    // One after the other: to the database all are one session, so an advisory lock would not keep any out.
    session: (work) => {
      const result = lastSession.then(() => work(session));
      lastSession = result.catch(() => {});
      return result;
    },

    connections: () => null,

    state: async () => {
      const answer = queryable.query('SELECT 1').then(
        () => 'ok' as const,
        () => 'away' as const,
      );
      return (await within(REACHABLE_MS, answer)) ?? 'away';
    },

    close: async () => {
      await stopUpkeep();
      await prisma.$disconnect();
      await lite.close();
      unlock();
    },
  };
};

const queryableOver = (client: Pick<Transaction, 'query'>, options: QueryOptions): Queryable => ({
  query: async <Row>(sql: string, params: readonly unknown[] = []) => {
    const encoded = params.map(encode);
    try {
      return (await client.query<Row>(sql, encoded, options)).rows;
    } catch (error) {
      return rethrow(error);
    }
  },
});

const execute = async (client: Pick<Transaction, 'exec'>, script: string): Promise<void> => {
  await client.exec(script).catch(rethrow);
};

const rethrow = (error: unknown): never => {
  // Error logs must not contain what people wrote.
  if (error instanceof Error && 'params' in error) delete error.params;
  throw fromDriver(error);
};

/** Replaces PGlite's own parsers and serializers, of which it has one for every type in the database. */
const queryOptions = (lite: PGlite): QueryOptions => ({
  parsers: Object.fromEntries(Object.keys(lite.parsers).map((oid) => [oid, parserOf(Number(oid))])),
  serializers: new Proxy({}, { get: () => (encoded: string) => encoded }),
});

/** The database as a PostgreSQL server. */
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { PrismaClient } from '../generated/prisma/client.js';
import { UnavailableError, type Database, type Session } from './database.js';
import {
  bounded,
  CONNECT_MS,
  connectionTo,
  createPool,
  lend,
  prepare,
  rethrowConnecting,
  SETTINGS,
  type PoolOptions,
} from './pool.js';
import { fromDriver, isRepeatable } from './unavailable.js';
import { encode } from './values.js';

const REACHABLE_MS = 1000;
const ATTEMPTS = 3;

/** Connects with the first statement: this itself neither waits nor fails. */
export const createPostgresql = (options: PoolOptions): Database => {
  const pool = createPool(options);
  const prisma = new PrismaClient({
    adapter: new PrismaPg(pool),
    // Longer than it takes the pool to find that there is no connection to be had.
    transactionOptions: { maxWait: CONNECT_MS + 500 },
  });

  return {
    kind: 'postgresql',
    prisma,

    query: async <Row>(sql: string, params: readonly unknown[] = []) => {
      const statement = prepared(sql, params);
      const { rows } = await repeatedly(() => lend(pool, (client) => client.query(statement)));
      return rows as Row[];
    },

    transaction: (work) =>
      repeatedly(() =>
        lend(pool, async (client) => {
          let isOver = false;
          await client.query({ text: 'BEGIN ISOLATION LEVEL READ COMMITTED' });
          try {
            const result = await work({
              query: async <Row>(sql: string, params: readonly unknown[] = []) => {
                if (isOver) throw new Error('The transaction is over');
                return (await client.query(prepared(sql, params))).rows as Row[];
              },
            });
            isOver = true;
            // Where a statement failed and `work` made nothing of it, the server answers COMMIT by rolling back.
            const { command } = await client.query({ text: 'COMMIT' });
            if (command === 'ROLLBACK')
              throw new Error('The transaction was rolled back: a statement in it had failed');
            return result;
          } catch (error) {
            isOver = true;
            if (client.getTransactionStatus() !== 'I') await client.query({ text: 'ROLLBACK' }).catch(() => {});
            throw error;
          }
        }),
      ),

    session: async (work) => {
      const client = new pg.Client({ ...connectionTo(options.url), application_name: 'parley session' });
      client.on('error', () => {});
      try {
        await client
          .connect()
          .then(() => prepare(client, SETTINGS))
          .catch(rethrowConnecting);
        return await work(sessionOver(client));
      } finally {
        await client.end();
      }
    },

    isReachable: async () => {
      const answer = lend(pool, (client) => client.query(bounded({ text: 'SELECT 1' }, REACHABLE_MS))).then(
        () => true,
        () => false,
      );
      return Promise.race([answer, delay(REACHABLE_MS, false, { ref: false })]);
    },

    close: async () => {
      await prisma.$disconnect();
      await pool.end();
    },
  };
};

/** A transaction, or a single statement, that was undone for the sake of another has left nothing behind. */
const repeatedly = async <Result>(work: () => Promise<Result>): Promise<Result> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt === ATTEMPTS || !(error instanceof UnavailableError && isRepeatable(error.cause))) throw error;
      await delay(Math.random() * 20 * attempt);
    }
  }
};

const sessionOver = (client: pg.Client): Session => {
  const send = async (statement: pg.QueryConfig) => {
    try {
      return await client.query(statement);
    } catch (error) {
      throw fromDriver(error);
    }
  };
  return {
    query: async <Row>(sql: string, params: readonly unknown[] = []) =>
      (await send({ text: sql, values: params.map(encode) })).rows as Row[],
    execute: async (script) => {
      await send({ text: script });
    },
  };
};

const prepared = (sql: string, params: readonly unknown[]): pg.QueryConfig => ({
  name: nameOf(sql),
  text: sql,
  values: params.map(encode),
});

const names = new Map<string, string>();

/** PostgreSQL cuts names at 63 bytes, so the text itself will not do. */
const nameOf = (sql: string): string => {
  let name = names.get(sql);
  if (name === undefined) names.set(sql, (name = createHash('sha256').update(sql).digest('base64url').slice(0, 20)));
  return name;
};

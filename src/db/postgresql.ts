/** The database on a PostgreSQL server. */
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { PrismaPg } from '@prisma/adapter-pg';
import type pg from 'pg';
import { PrismaClient } from '../generated/prisma/client.js';
import { UnavailableError, type Database, type DatabaseState, type OwnConnection } from './database.js';
import {
  ANSWER_MS,
  bounded,
  CONNECT_MS,
  connectionsTo,
  createPool,
  FIRST_ANSWER_MS,
  lend,
  NO_LIMITS,
  prepare,
  rethrowConnecting,
  type PoolOptions,
} from './pool.js';
import { fromDriver, isRepeatable } from './unavailable.js';
import { encode } from './values.js';
import { within } from '../within.js';

const REACHABLE_MS = 1000;
const ROLLBACK_MS = 500;
const ATTEMPTS = 3;

/** Connects with the first statement: this call itself neither waits nor fails. */
export const createPostgresql = (options: PoolOptions): Database => {
  const connections = connectionsTo(options.url);
  const pool = createPool(connections, options);
  const prisma = new PrismaClient({
    adapter: new PrismaPg(pool, connections.schema === undefined ? {} : { schema: connections.schema }),
    // Longer than the pool takes to find that no connection is available.
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

    transaction: (work, { isLong = false } = {}) => {
      // A statement may have its whole time, but not after others, or a wait for a connection, took theirs.
      const answerBy = performance.now() + FIRST_ANSWER_MS;
      const inTime = (statement: pg.QueryConfig) =>
        isLong ? statement : bounded(statement, Math.max(1, Math.min(ANSWER_MS, answerBy - performance.now())));
      return repeatedly(() =>
        lend(pool, async (client) => {
          let isOver = false;
          await client.query(inTime({ text: 'BEGIN ISOLATION LEVEL READ COMMITTED' }));
          try {
            const result = await work({
              query: async <Row>(sql: string, params: readonly unknown[] = []) => {
                if (isOver) throw new Error('The transaction is over');
                return (await client.query(inTime(prepared(sql, params)))).rows as Row[];
              },
            });
            isOver = true;
            // If a statement failed and `work` ignored that, the server answers COMMIT with a rollback.
            const { command } = await client.query(inTime({ text: 'COMMIT' }));
            if (command === 'ROLLBACK')
              throw new Error('The transaction was rolled back: a statement in it had failed');
            return result;
          } catch (error) {
            isOver = true;
            // Who asked waits for it: a connection that takes longer is given up.
            if (client.getTransactionStatus() !== 'I')
              await client.query(bounded({ text: 'ROLLBACK' }, ROLLBACK_MS)).catch(() => {});
            throw error;
          }
        }),
      );
    },

    session: async (work) => {
      const { config, hosts, settings } = connections;
      const client = new hosts.Client({ ...config, application_name: 'parley session' });
      client.on('error', () => {});
      try {
        await client
          .connect()
          .then(() => prepare(client, { ...settings, ...NO_LIMITS }, hosts))
          .catch(rethrowConnecting);
        return await work(sessionOver(client));
      } finally {
        await client.end();
      }
    },

    connections: () => {
      const { options, totalCount, idleCount, waitingCount } = pool;
      return { most: options.max, open: totalCount, idle: idleCount, waiting: waitingCount };
    },

    state: async () => {
      const answer = pool
        .connect()
        .then(askState)
        .catch(() => 'away' as const);
      const state = (await within(REACHABLE_MS, answer)) ?? 'away';
      // A session keeps the settings it began with: it would never notice that the server takes writes again.
      if (state === 'read only') pool.dropIdle();
      return state;
    },

    close: async () => {
      await prisma.$disconnect();
      await pool.end();
    },
  };
};

const askState = async (client: pg.PoolClient): Promise<DatabaseState> => {
  try {
    const statement = { text: `SELECT current_setting('transaction_read_only')::boolean AS "isReadOnly"` };
    const { rows } = await client.query<{ isReadOnly: boolean }>(bounded(statement, REACHABLE_MS));
    return rows[0]!.isReadOnly ? 'read only' : 'ok';
  } finally {
    client.release();
  }
};

/** A transaction, or a single statement, that the server rolled back for the sake of another has no effect, so it is retried. */
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

const sessionOver = (client: pg.Client): OwnConnection => {
  const send = async (statement: pg.QueryConfig) => {
    try {
      return await client.query(statement);
    } catch (error) {
      throw fromDriver(error);
    }
  };
  const statements = {
    query: async <Row>(sql: string, params: readonly unknown[] = []) =>
      (await send({ text: sql, values: params.map(encode) })).rows as Row[],
    execute: async (script: string) => {
      await send({ text: script });
    },
  };
  return {
    ...statements,
    // Missing in the types.
    announcedProcess: (client as pg.Client & { processID: number }).processID,
    transaction: async (work) => {
      await statements.execute('BEGIN');
      try {
        const result = await work(statements);
        await statements.execute('COMMIT');
        return result;
      } catch (error) {
        await statements.execute('ROLLBACK').catch(() => {}); // it is rolled back in any case
        throw error;
      }
    },
  };
};

const prepared = (sql: string, params: readonly unknown[]): pg.QueryConfig => ({
  name: nameOf(sql),
  text: sql,
  values: params.map(encode),
});

const names = new Map<string, string>();

/** PostgreSQL cuts names at 63 bytes, so the SQL text itself cannot be the name. */
const nameOf = (sql: string): string => {
  let name = names.get(sql);
  if (name === undefined) names.set(sql, (name = createHash('sha256').update(sql).digest('base64url').slice(0, 20)));
  return name;
};

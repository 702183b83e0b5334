/** The database as a PostgreSQL server. Whatever the server or the network does, a caller hears of it within 5 s. */
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { PrismaClient } from '../generated/prisma/client.js';
import { UnavailableError, type Database, type Session } from './database.js';
import { fromDriver, isConnectionLost, isRepeatable, unavailable } from './unavailable.js';
import { encode, parserOf } from './values.js';

export interface PostgresqlOptions {
  url: string;
  /** Connections kept, at most. */
  poolSize?: number | undefined;
  /** Told of a connection that was lost while nobody used it; the pool makes another one when it needs it. */
  onConnectionLost?: ((error: Error) => void) | undefined;
}

/** The server is older than what Parley is made for. */
export class ServerTooOldError extends Error {
  override name = 'ServerTooOldError';
}

const OLDEST_VERSION = 14;

const CONNECT_MS = 3000;
// The server's own limits come before ours, so that a statement that is merely slow leaves its connection in order.
const LOCK_MS = 3500;
const STATEMENT_MS = 4000;
const ANSWER_MS = 4300;
/** For a connection and the first answer over it. */
const FIRST_ANSWER_MS = 4500;
// A node that froze in a transaction would keep a chat locked for all the others.
const IDLE_IN_TRANSACTION_MS = 10_000;
const REACHABLE_MS = 1000;
const ATTEMPTS = 3;

const SETTINGS = {
  // Prisma's adapter takes what it reads and writes for UTC, whatever the offset says.
  TimeZone: 'UTC',
  DateStyle: 'ISO',
  bytea_output: 'hex',
};

const LIMITS = {
  statement_timeout: STATEMENT_MS,
  lock_timeout: LOCK_MS,
  idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
};

/** Connects with the first statement: this itself neither waits nor fails. */
export const createPostgresql = ({ url, poolSize = 10, onConnectionLost }: PostgresqlOptions): Database => {
  const connection: pg.ClientConfig = {
    connectionString: url,
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    // For our own statements: Prisma's adapter brings its own.
    types: { getTypeParser: parserOf as pg.CustomTypesConfig['getTypeParser'] },
  };
  const pool = new pg.Pool({
    ...connection,
    application_name: 'parley',
    max: poolSize,
    query_timeout: ANSWER_MS,
    // The pool waits for it, which the types do not say.
    // eslint-disable-next-line @typescript-eslint/no-misused-promises
    onConnect: (client) => prepare(client, { ...SETTINGS, ...LIMITS }),
  });
  pool.on('error', (error) => onConnectionLost?.(error));
  // While a client is lent out nobody else listens, and what is wrong comes out of its statement anyway.
  pool.on('connect', (client) => client.on('error', () => {}));
  // Prisma hands a client back even where its ROLLBACK got no answer: whoever had it next would work in that transaction.
  pool.on('release', (_error, client) => {
    if (client.getTransactionStatus() !== 'I') void client.end();
  });
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) });

  return {
    kind: 'postgresql',
    prisma,

    query: async (sql, params = []) => {
      const encoded = params.map(encode);
      return repeatedly(() => lend(pool, (lent) => lent.query(sql, encoded)));
    },

    transaction: (work) =>
      repeatedly(() =>
        lend(pool, async ({ query, run, isLost }) => {
          let isOver = false;
          await run('BEGIN ISOLATION LEVEL READ COMMITTED');
          try {
            const result = await work({
              query: async (sql, params = []) => {
                if (isOver) throw new Error('The transaction is over');
                return query(sql, params.map(encode));
              },
            });
            isOver = true;
            // Where a statement failed and `work` made nothing of it, the server answers COMMIT by rolling back.
            const { command } = await run('COMMIT');
            if (command === 'ROLLBACK')
              throw new Error('A statement of the transaction had failed: it was rolled back');
            return result;
          } catch (error) {
            isOver = true;
            if (!isLost()) await run('ROLLBACK').catch(() => {});
            throw error;
          }
        }),
      ),

    session: async (work) => {
      const client = new pg.Client({ ...connection, application_name: 'parley session' });
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
      const answer = lend(pool, ({ run }) => run('SELECT 1', REACHABLE_MS)).then(
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

/** One round trip for each new connection. */
const prepare = async (client: pg.ClientBase, settings: Record<string, string | number>) => {
  const calls = Object.entries(settings).map(([name, value]) => `set_config('${name}', '${value}', false)`);
  const text = `SELECT current_setting('server_version_num') AS number, current_setting('server_version') AS version, ${calls.join(', ')}`;
  const { rows } = await client.query<{ number: string; version: string }>(bounded({ text }, CONNECT_MS));
  const { number, version } = rows[0]!;
  if (Number(number) < OLDEST_VERSION * 10_000) {
    throw new ServerTooOldError(`PostgreSQL ${version} is too old: Parley needs ${OLDEST_VERSION} or newer`);
  }
};

/** `query_timeout` of a single statement is missing from the types. */
const bounded = (statement: pg.QueryConfig, answerMs: number): pg.QueryConfig =>
  Object.assign(statement, { query_timeout: answerMs });

const rethrowConnecting = (error: unknown): never => {
  throw error instanceof ServerTooOldError ? error : unavailable(error);
};

interface Lent {
  query: <Row>(sql: string, encoded: unknown[]) => Promise<Row[]>;
  run: (sql: string, answerMs?: number) => Promise<pg.QueryResult>;
  isLost: () => boolean;
}

/** Lends a client of the pool to `work`, and drops it where something was wrong with its connection. */
const lend = async <Result>(pool: pg.Pool, work: (lent: Lent) => Promise<Result>): Promise<Result> => {
  const firstAnswerBy = performance.now() + FIRST_ANSWER_MS;
  const client = await connect(pool);
  let isFirst = true;
  let isLost = false;

  const send = async (statement: pg.QueryConfig, answerMs = ANSWER_MS) => {
    const left = isFirst ? Math.min(answerMs, firstAnswerBy - performance.now()) : answerMs;
    isFirst = false;
    try {
      return await client.query(bounded(statement, left));
    } catch (error) {
      isLost ||= isConnectionLost(error);
      throw fromDriver(error);
    }
  };

  try {
    return await work({
      query: async <Row>(sql: string, encoded: unknown[]) =>
        (await send({ name: nameOf(sql), text: sql, values: encoded })).rows as Row[],
      run: (sql, answerMs) => send({ text: sql }, answerMs),
      isLost: () => isLost,
    });
  } finally {
    client.release(isLost);
  }
};

/** The pool alone could take longer: its limit holds for the wait for a free client, and then again for making one. */
const connect = async (pool: pg.Pool): Promise<pg.PoolClient> => {
  const isAtHand = pool.idleCount > pool.waitingCount;
  const connecting = pool.connect();
  if (isAtHand) return connecting.catch(rethrowConnecting);
  const timer = new AbortController();
  const tooLong = delay(CONNECT_MS, null, { signal: timer.signal }).catch(() => null);
  try {
    const client = await Promise.race([connecting, tooLong]);
    if (client !== null) return client;
  } catch (error) {
    return rethrowConnecting(error);
  } finally {
    timer.abort();
  }
  void connecting.then(
    (client) => client.release(),
    () => {},
  );
  return rethrowConnecting(new Error(`No connection within ${CONNECT_MS / 1000} s`));
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

const names = new Map<string, string>();

/** PostgreSQL cuts names at 63 bytes, so the text itself will not do. */
const nameOf = (sql: string): string => {
  let name = names.get(sql);
  if (name === undefined) names.set(sql, (name = createHash('sha256').update(sql).digest('base64url').slice(0, 20)));
  return name;
};

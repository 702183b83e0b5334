/**
 * Connections to PostgreSQL, for our statements and Prisma's alike: each statement is answered, or given up with an
 * UnavailableError, within 5 s, and no broken connection is used again.
 */
import pg from 'pg';
import { parseDatabaseUrl, type SslOptions } from '../database-url.js';
import { addressOf, createHosts, type Hosts } from './hosts.js';
import { fromDriver, isConnectionLost, isStalePlan, unavailable } from './unavailable.js';
import { parserOf } from './values.js';
import { within } from '../within.js';

export interface PoolOptions {
  url: string;
  /** The most connections kept. */
  poolSize?: number | undefined;
  /** Called when an idle connection is lost; the pool makes another one when it needs it. */
  onConnectionLost?: ((error: Error) => void) | undefined;
}

/** The server is older than the oldest supported version. */
export class ServerTooOldError extends Error {
  override name = 'ServerTooOldError';
}

const OLDEST_VERSION = 14;

export const CONNECT_MS = 3000;
// The server's own limits expire before ours, so that a statement that is merely slow keeps its connection usable.
const LOCK_MS = 3500;
const STATEMENT_MS = 4000;
export const ANSWER_MS = 4300;
/** For connecting and the first answer together, and for a whole transaction. */
export const FIRST_ANSWER_MS = 4500;
// A node that froze in a transaction would otherwise keep a chat locked for all the others.
const IDLE_IN_TRANSACTION_MS = 10_000;

type Settings = Record<string, string | number>;

const SETTINGS: Settings = {
  // Prisma's adapter treats what it reads and writes as UTC, whatever the offset says.
  TimeZone: 'UTC',
  DateStyle: 'ISO',
  bytea_output: 'hex',
  // Compiling a plan takes longer than any statement here, and a wrong estimate would have it done.
  jit: 'off',
};

const LIMITS: Settings = {
  statement_timeout: STATEMENT_MS,
  lock_timeout: LOCK_MS,
  idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
};

/** Overrides the server's, the database's and the role's limits. */
export const NO_LIMITS: Settings = {
  statement_timeout: 0,
  lock_timeout: 0,
  idle_in_transaction_session_timeout: 0,
};

/** The contents of a connection URL. */
export interface Connections {
  config: pg.ClientConfig;
  hosts: Hosts;
  /** The settings of each connection. */
  settings: Settings;
  schema: string | undefined;
}

/** @throws DatabaseUrlError */
export const connectionsTo = (written: string): Connections => {
  const { user, password, database, hosts, ssl, schema, others } = parseDatabaseUrl(written);
  const config: pg.ClientConfig = {
    ...others,
    ...(user !== undefined && { user }),
    ...(password !== undefined && { password }),
    ...(database !== undefined && { database }),
    ...(hosts.length === 1 && addressOf(hosts[0]!)),
    ...tlsOf(ssl),
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    // For our own statements: Prisma's adapter brings its own parsers.
    types: { getTypeParser: parserOf as pg.CustomTypesConfig['getTypeParser'] },
  };
  const settings = schema === undefined ? SETTINGS : { ...SETTINGS, search_path: `"${schema}"` };
  return { config, hosts: createHosts(hosts, config), settings, schema };
};

const tlsOf = (ssl: SslOptions | false | undefined): pg.ClientConfig => {
  if (ssl === undefined) return {};
  if (ssl === false) return { ssl: false };
  const { isVerified, isNameVerified, rootCertificate, certificate, key, negotiation } = ssl;
  return {
    ssl: {
      rejectUnauthorized: isVerified,
      ...(rootCertificate !== undefined && { ca: rootCertificate }),
      ...(certificate !== undefined && { cert: certificate }),
      ...(key !== undefined && { key }),
      ...(!isNameVerified && { checkServerIdentity: () => undefined }),
    },
    ...(negotiation !== undefined && { sslnegotiation: negotiation }),
  };
};

interface Lending {
  firstAnswerBy: number;
  isLost: boolean;
}

export interface Pool extends pg.Pool {
  /** Ends idle connections; others are made when they are needed. */
  dropIdle(): void;
}

/** Connects with the first statement: this call itself neither waits nor fails. */
export const createPool = (
  { config, hosts, settings }: Connections,
  { poolSize = 10, onConnectionLost }: Omit<PoolOptions, 'url'>,
): Pool => {
  const pool = new pg.Pool({
    application_name: 'parley',
    ...config,
    Client: hosts.Client,
    max: poolSize,
    // The pool waits for the promise, although the types do not say so.
    // eslint-disable-next-line @typescript-eslint/no-misused-promises
    onConnect: (client) => prepare(client, { ...settings, ...LIMITS }, hosts),
  });
  const lendings = new WeakMap<pg.PoolClient, Lending>();

  // Stale prepared statements of one connection are stale on the others too: there may be more of them than retries.
  const dropIdle = () => {
    for (let left = pool.idleCount; left > 0; left -= 1) void connect().then(drop, () => {});
  };

  pool.on('error', (error) => {
    hosts.forget();
    onConnectionLost?.(error);
  });
  pool.on('connect', (client) => {
    const lending: Lending = { firstAnswerBy: Infinity, isLost: false };
    lendings.set(client, lending);
    client.query = boundedQuery(client, lending, dropIdle) as pg.PoolClient['query'];
    // While a client is lent out it has no other listener, and its statement fails with the error anyway.
    client.on('error', () => {});
  });
  // Prisma returns a client even if its ROLLBACK got no answer: the next user would work in that transaction.
  pool.on('release', (_error, client) => {
    if (lendings.get(client)?.isLost || client.getTransactionStatus() !== 'I') void client.end();
  });

  const connect = boundedConnect(pool);
  const own = {
    connect: async () => {
      const firstAnswerBy = performance.now() + FIRST_ANSWER_MS;
      const client = await connect();
      lendings.get(client)!.firstAnswerBy = firstAnswerBy;
      return client;
    },
    // The pool's own `query` drops the connection after every error, even if only a username is taken.
    query: (statement: pg.QueryConfig) => lend(pool, (client) => client.query(statement)),
    dropIdle,
  };
  return Object.assign(pool, own as Pool);
};

const drop = (client: pg.PoolClient) => client.release(true);

/** Lends a client of the pool to `work`. */
export const lend = async <Result>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<Result>) => {
  const client = await pool.connect();
  try {
    return await work(client);
  } finally {
    client.release();
  }
};

/** One round trip per new connection. */
export const prepare = async (client: pg.ClientBase, settings: Settings, hosts: Hosts): Promise<void> => {
  const calls = Object.entries(settings).map(([name, value]) => `set_config('${name}', '${value}', false)`);
  const text = `SELECT current_setting('server_version_num') AS number, current_setting('server_version') AS version,
    current_setting('transaction_read_only') = 'on' AS "isReadOnly", ${calls.join(', ')}`;
  const { rows } = await client.query<{ number: string; version: string; isReadOnly: boolean }>(
    bounded({ text }, CONNECT_MS),
  );
  const { number, version, isReadOnly } = rows[0]!;
  if (Number(number) < OLDEST_VERSION * 10_000) {
    throw new ServerTooOldError(`PostgreSQL ${version} is too old: Parley needs ${OLDEST_VERSION} or newer`);
  }
  if (isReadOnly && hosts.isChoosing) {
    hosts.forget();
    throw new Error('The host that was chosen is read only: another one is looked for');
  }
};

export const rethrowConnecting = (error: unknown): never => {
  throw error instanceof ServerTooOldError ? error : unavailable(error);
};

/** The same statement with a time limit. The types lack `query_timeout` for a single statement. */
export const bounded = (statement: pg.QueryConfig, answerMs: number): pg.QueryConfig =>
  Object.assign({ ...statement }, { query_timeout: answerMs });

const boundedQuery = (client: pg.PoolClient, lending: Lending, onStale: () => void) => {
  const send = client.query.bind(client) as (statement: pg.QueryConfig) => Promise<pg.QueryResult>;
  return async (statement: pg.QueryConfig & { query_timeout?: number }) => {
    // Above all a ROLLBACK, which would wait as long again for its answer.
    if (lending.isLost) throw unavailable(new Error('The connection was given up'));
    const limits = [statement.query_timeout ?? ANSWER_MS, lending.firstAnswerBy - performance.now()];
    lending.firstAnswerBy = Infinity;
    try {
      return await send(bounded(statement, Math.min(...limits)));
    } catch (error) {
      lending.isLost ||= isConnectionLost(error);
      if (isStalePlan(error)) onStale();
      throw fromDriver(error);
    }
  };
};

/** The pool's own limit applies to the wait for a free client, and then again to connecting one. */
const boundedConnect = (pool: pg.Pool) => {
  const connect = pool.connect.bind(pool) as () => Promise<pg.PoolClient>;
  return async (): Promise<pg.PoolClient> => {
    const isAtHand = pool.idleCount > pool.waitingCount;
    const connecting = connect();
    if (isAtHand) return connecting.catch(rethrowConnecting);
    const client = await within(CONNECT_MS, connecting).catch(rethrowConnecting);
    if (client !== undefined) return client;
    void connecting.then(
      (client) => client.release(),
      () => {},
    );
    return rethrowConnecting(new Error(`No connection within ${CONNECT_MS / 1000} s`));
  };
};

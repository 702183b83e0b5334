/** Checks of a database before Parley uses it. Each check works on its own, and changes nothing. */
import type { Database, Queryable } from './database.js';
import { checkDurability } from './durability.js';
import { ok, type Finding } from './finding.js';
import { checkPooler } from './pooler.js';

export interface CheckSettings {
  /** The most connections that each node keeps. */
  databasePoolSize: number;
  /** Whether confirmed writes may be lost. */
  allowUnsafeDatabase: boolean;
}

export interface DatabaseCheck {
  name: 'pooler' | 'encoding' | 'read only' | 'durability' | 'connections';
  /** @throws UnavailableError if the database does not answer */
  run(db: Database, settings: CheckSettings): Promise<Finding>;
}

/** For PostgreSQL; the embedded database passes them all. In this order: the first ones decide whether the others can run. */
export const databaseChecks: readonly DatabaseCheck[] = [
  { name: 'pooler', run: (db) => checkPooler(db) },
  { name: 'encoding', run: (db) => checkEncoding(db) },
  { name: 'read only', run: (db) => checkWritable(db) },
  {
    name: 'durability',
    // The embedded database never waits for the disk, and the README says so.
    run: async (db, { allowUnsafeDatabase }) =>
      db.kind === 'embedded' ? ok('The database is embedded') : checkDurability(db, allowUnsafeDatabase),
  },
  {
    name: 'connections',
    run: async (db, { databasePoolSize }) =>
      db.kind === 'embedded' ? ok('The database is embedded') : checkConnections(db, databasePoolSize),
  },
];

/** Another encoding refuses some of the characters that people write; SQL_ASCII accepts any bytes, and checks none. */
export const checkEncoding = async (db: Queryable): Promise<Finding> => {
  const [row] = await db.query<{ encoding: string; name: string }>(
    `SELECT current_setting('server_encoding') AS encoding, current_database() AS name`,
  );
  const { encoding, name } = row!;
  if (encoding === 'UTF8') return ok('The database is in UTF8');
  return {
    outcome: 'refusal',
    sentence: `The encoding of the database ${name} is ${encoding}, and it cannot hold what people write: Parley needs UTF8`,
    remedy: `Make another one (CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0) and let DATABASE_URL lead there`,
  };
};

/** A standby, or a server, a database or a role that is set to read only. */
export const checkWritable = async (db: Queryable): Promise<Finding> => {
  const [row] = await db.query<{ isReadOnly: boolean; isStandby: boolean }>(
    `SELECT current_setting('transaction_read_only')::boolean AS "isReadOnly", pg_is_in_recovery() AS "isStandby"`,
  );
  const { isReadOnly, isStandby } = row!;
  if (!isReadOnly) return ok('The database can be written to');
  if (isStandby) {
    return {
      outcome: 'refusal',
      sentence: 'The database is read only: this PostgreSQL is a standby',
      remedy:
        'Let DATABASE_URL lead to the primary, or name all hosts (postgresql://user@one,two/name), or promote this one',
    };
  }
  return {
    outcome: 'refusal',
    sentence: 'The database is read only: default_transaction_read_only is on',
    remedy:
      'Take that back for the server, the database and the role (managed databases set it where their disk is full)',
  };
};

interface Room {
  most: number;
  reserved: number;
  others: number;
}

const ROOM = `
  SELECT
    least(
      current_setting('max_connections')::int,
      CASE WHEN rolconnlimit >= 0 THEN rolconnlimit END,
      CASE WHEN datconnlimit >= 0 THEN datconnlimit END
    ) AS most,
    CASE WHEN rolsuper THEN 0 ELSE
      current_setting('superuser_reserved_connections')::int
      + coalesce(current_setting('reserved_connections', true)::int, 0)
    END AS reserved,
    -- Who has no right to see what others are is told null.
    (SELECT count(*)::int FROM pg_stat_activity
      WHERE datid IS NOT NULL AND coalesce(backend_type, 'client backend') = 'client backend'
        AND coalesce(application_name, '') NOT IN ('parley', 'parley session')) AS others
  FROM pg_roles, pg_database WHERE rolname = current_user AND datname = current_database()`;

/** Other nodes, by client address: a node keeps at least one connection open. */
const NODES = `
  SELECT count(*)::int AS connections
  FROM pg_stat_activity WHERE application_name = 'parley' AND pid <> pg_backend_pid()
  GROUP BY client_addr`;

/** An estimate from the current connections: nodes that start at the same time see only part of each other's. */
export const checkConnections = async (db: Queryable, poolSize: number): Promise<Finding> => {
  const [room] = await db.query<Room>(ROOM);
  const places = await db.query<{ connections: number }>(NODES);
  const { most, reserved, others } = room!;
  const otherNodes = places.reduce((sum, { connections }) => sum + Math.ceil(connections / poolSize), 0);
  const nodes = otherNodes + 1;
  const free = most - reserved - others;
  // And one for migrations.
  const wanted = nodes * poolSize + 1;
  const fits = `${wanted} connections for ${nodes === 1 ? 'one node' : `${nodes} nodes`} with DATABASE_POOL_SIZE=${poolSize}`;
  if (wanted <= free) return ok(`PostgreSQL has room for ${fits}`);
  return {
    outcome: 'warning',
    sentence: `PostgreSQL has too little room for ${fits}: of ${most}, ${reserved} are reserved and ${others} taken by others`,
    remedy: 'Raise max_connections or lower DATABASE_POOL_SIZE, or requests wait and nodes are refused',
  };
};

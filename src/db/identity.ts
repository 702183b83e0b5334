/** The identity of this database: the same for all its nodes and for a promoted standby, different for a copy. */
import { createHash, randomUUID } from 'node:crypto';
import { parseDatabaseUrl } from '../database-url.js';
import { UnavailableError, type Database } from './database.js';

/**
 * Separates the messages of different databases' nodes on one Redis. PostgreSQL's own ids distinguish a restored dump from its original,
 * since they belong to the server and are not in the dump; a role that may not read them uses host, name and an id in the database.
 *
 * @param databaseUrl undefined for the embedded database, which uses that id alone
 * @returns a dozen hexadecimal digits
 * @throws UnavailableError
 */
export const readIdentity = async (db: Database, databaseUrl: string | undefined): Promise<string> => {
  const facts =
    databaseUrl === undefined
      ? [await installationId(db)]
      : ((await serverFacts(db)) ?? (await ownFacts(db, databaseUrl)));
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 12);
};

// A standby has both from its primary. Two installations may share a database, each with its own schema.
const SERVER = `
SELECT system.system_identifier::text AS "systemId", database.oid::text AS "databaseId", current_schema()::text AS schema
FROM pg_control_system() system, pg_database database WHERE database.datname = current_database()`;

const serverFacts = async (db: Database): Promise<string[] | undefined> => {
  try {
    const [row] = await db.query<{ systemId: string; databaseId: string; schema: string }>(SERVER);
    return row && [row.systemId, row.databaseId, row.schema];
  } catch (error) {
    if (error instanceof UnavailableError) throw error;
    // This role may not read it, or the server is not PostgreSQL, but speaks its protocol.
    return undefined;
  }
};

const ownFacts = async (db: Database, databaseUrl: string): Promise<string[]> => {
  const [row] = await db.query<{ name: string; schema: string }>(
    'SELECT current_database()::text AS name, current_schema()::text AS schema',
  );
  return [await installationId(db), hostsOf(databaseUrl), row!.name, row!.schema];
};

/** All hosts in a URL, in its order; without ports, since a pooler has another one. */
const hostsOf = (databaseUrl: string): string =>
  parseDatabaseUrl(databaseUrl)
    .hosts.map(({ host = '' }) => host.toLowerCase())
    .join();

/** Read before it is created: a database that takes no writes has one already. */
const installationId = async (db: Database): Promise<string> => {
  const read = async () => (await db.query<{ id: string }>('SELECT id::text AS id FROM installation'))[0]?.id;
  const known = await read();
  if (known !== undefined) return known;
  await makeInstallation(db);
  return (await read())!;
};

/** Creates the single row; of two concurrent calls one does. */
export const makeInstallation = async (db: Database): Promise<void> => {
  await db.query('INSERT INTO installation (id) VALUES ($1::uuid) ON CONFLICT DO NOTHING', [randomUUID()]);
};

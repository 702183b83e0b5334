/** The tables and columns, read from the database's own catalog, so that new tables are copied without a change here. */
import type { Queryable } from '../../db/database.js';

export interface Table {
  name: string;
  columns: Column[];
  /** The columns of the primary key, in its order. */
  key: Column[];
}

export interface Column {
  name: string;
  /** In SQL: `bigint`, `chat_kind`, `integer[]`. */
  type: string;
}

/**
 * Prisma's record of migrations and the identity of the installation: each database keeps its own. So it does with the words that messages
 * are found by, which are stems as its own version of PostgreSQL makes them.
 */
const OWN = ['_prisma_migrations', 'installation', 'message_search', 'search_gap'];

const TABLES = `
SELECT class.relname::text AS name FROM pg_class class
WHERE class.relnamespace = current_schema()::regnamespace AND class.relkind IN ('r', 'p') ORDER BY 1`;

/**
 * Leaves out columns of transaction ids (`xid8`), which mean nothing on another server: there they take their default, the
 * copying transaction's id. Leaves out generated columns too: the target generates them again.
 */
const COLUMNS = `
SELECT class.relname::text AS "table", attribute.attname::text AS name, format_type(attribute.atttypid, attribute.atttypmod) AS type,
  array_position(key.indkey::int2[], attribute.attnum) AS "keyPosition"
FROM pg_class class JOIN pg_attribute attribute ON attribute.attrelid = class.oid
LEFT JOIN pg_index key ON key.indrelid = class.oid AND key.indisprimary
WHERE class.relnamespace = current_schema()::regnamespace AND class.relkind IN ('r', 'p')
  AND attribute.attnum > 0 AND NOT attribute.attisdropped AND attribute.attgenerated = '' AND attribute.atttypid <> 'xid8'::regtype
ORDER BY 1, attribute.attnum`;

const REFERENCES = `
SELECT class.relname::text AS "table", other.relname::text AS other
FROM pg_constraint JOIN pg_class class ON class.oid = conrelid JOIN pg_class other ON other.oid = confrelid
WHERE contype = 'f' AND class.relnamespace = current_schema()::regnamespace AND conrelid <> confrelid`;

const SEQUENCES = `
SELECT class.relname::text AS name FROM pg_class class
WHERE class.relnamespace = current_schema()::regnamespace AND class.relkind = 'S' ORDER BY 1`;

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** In the order in which rows can be inserted: referenced tables first. */
export const readTables = async (db: Queryable): Promise<Table[]> => {
  const names = (await db.query<{ name: string }>(TABLES))
    .map(({ name }) => name)
    .filter((name) => !OWN.includes(name));
  const columns = await db.query<Column & { table: string; keyPosition: number | null }>(COLUMNS);
  const references = await db.query<{ table: string; other: string }>(REFERENCES);
  const tables = names.map((name): Table => {
    const own = columns.filter(({ table }) => table === name);
    const key = own.filter(({ keyPosition }) => keyPosition !== null);
    key.sort((one, other) => one.keyPosition! - other.keyPosition!);
    const plain = ({ name, type }: Column): Column => ({ name, type });
    return { name, columns: own.map(plain), key: key.map(plain) };
  });
  return inOrder(tables, (table) => references.filter((one) => one.table === table.name).map(({ other }) => other));
};

const inOrder = (tables: readonly Table[], needs: (table: Table) => string[]): Table[] => {
  const ordered: Table[] = [];
  const isThere = (name: string) => ordered.some((table) => table.name === name);
  while (ordered.length < tables.length) {
    const next = tables.find((table) => !isThere(table.name) && needs(table).every(isThere));
    if (next === undefined) throw new Error('Tables refer to each other in a circle');
    ordered.push(next);
  }
  return ordered;
};

export const readSequences = async (db: Queryable): Promise<string[]> =>
  (await db.query<{ name: string }>(SEQUENCES)).map(({ name }) => name);

export const countRows = async (db: Queryable, { name }: Table): Promise<number> => {
  const [row] = await db.query<{ count: bigint }>(`SELECT count(*) AS count FROM ${quoted(name)}`);
  return Number(row!.count);
};

/** Copies all rows of one database into another that has the same tables, empty. All or nothing. */
import type { Database, Queryable, OwnConnection } from '../../db/database.js';
import { countRows, quoted, readSequences, readTables, type Table } from './catalog.js';

/** The target already holds data. */
export class TargetNotEmptyError extends Error {
  override name = 'TargetNotEmptyError';
}

/**
 * Checks the target before anything changes it, migrations included.
 *
 * @throws TargetNotEmptyError
 */
export const mustTakeCopy = async (from: Queryable, to: Queryable): Promise<void> => {
  const names = (await readTables(from)).map(({ name }) => name);
  for (const table of await readTables(to)) {
    if (!names.includes(table.name)) throw new TargetNotEmptyError(`There is a table ${quoted(table.name)} in it`);
    await mustBeEmpty(table, to);
  }
};

export interface CopyOptions {
  from: Database;
  to: Database;
  onStart?: (rows: number) => void;
  onProgress?: (rows: number) => void;
}

export interface Copied {
  table: string;
  rows: number;
}

const BATCH_ROWS = 1000;

/** Then the target's filling finds all messages (`src/domain/search/filling.ts`). */
const NOT_INDEXED = 'UPDATE chat SET indexed_seq = 0';

/**
 * Both databases must be migrated, and nobody may write to `from` meanwhile. Writers to `to` wait until the copy is over.
 *
 * @returns what was copied, in that order
 * @throws TargetNotEmptyError; UnavailableError and other errors of the database. The target is then unchanged
 */
export const copyDatabase = async ({ from, to, onStart, onProgress }: CopyOptions): Promise<Copied[]> => {
  const tables = await readTables(from);
  const counts = new Map<string, number>();
  for (const table of tables) counts.set(table.name, await countRows(from, table));
  const total = [...counts.values()].reduce((one, other) => one + other, 0);

  // A session, because the time limit of requests must not apply.
  return to.session(async (session) => {
    await session.execute('BEGIN');
    try {
      await session.query(`LOCK TABLE ${tables.map(({ name }) => quoted(name)).join(', ')} IN EXCLUSIVE MODE`);
      await mustTakeCopy(from, session);
      await mustHaveTheSame(tables, session);
      onStart?.(total);
      for (const table of tables) await copyTable(table, from, session, onProgress);
      await copySequences(from, session);
      await session.query(NOT_INDEXED);
      for (const table of tables) await mustCount(table, session, counts.get(table.name)!);
      await session.execute('COMMIT');
    } catch (error) {
      await session.execute('ROLLBACK').catch(() => {}); // if this fails, the closed connection rolls back
      throw error;
    }
    // Until autovacuum runs, the server would plan queries for empty tables.
    await session.execute('ANALYZE').catch(() => {});
    return tables.map(({ name }) => ({ table: name, rows: counts.get(name)! }));
  });
};

const mustHaveTheSame = async (tables: readonly Table[], session: Queryable): Promise<void> => {
  const others = await readTables(session);
  for (const table of tables) {
    const other = others.find(({ name }) => name === table.name);
    if (JSON.stringify(other) !== JSON.stringify(table)) {
      throw new Error(`The table ${quoted(table.name)} is not the same in both databases`);
    }
  }
};

const mustBeEmpty = async (table: Table, session: Queryable): Promise<void> => {
  const rows = await session.query(`SELECT FROM ${quoted(table.name)} LIMIT 1`);
  if (rows.length > 0) throw new TargetNotEmptyError(`There are rows in its table ${quoted(table.name)}`);
};

const mustCount = async (table: Table, session: Queryable, expected: number): Promise<void> => {
  const count = await countRows(session, table);
  if (count !== expected) {
    throw new Error(`Only ${count} of ${expected} rows arrived in ${quoted(table.name)}: nothing was copied`);
  }
};

/** Keyset pagination. Each value travels as text, which both databases read and write alike. */
const copyTable = async (
  { name, columns, key }: Table,
  from: Queryable,
  to: OwnConnection,
  onProgress?: (rows: number) => void,
): Promise<void> => {
  const names = columns.map((column) => quoted(column.name)).join(', ');
  const keyNames = key.map((column) => quoted(column.name)).join(', ');
  const asTexts = columns.map((column, index) => `${quoted(column.name)}::text AS "${index}"`).join(', ');
  const keyTexts = key.map((column, index) => `${quoted(column.name)}::text AS "k${index}"`).join(', ');
  const after = key.map((column, index) => `$${index + 1}::text::${column.type}`).join(', ');
  const select = (where: string) =>
    `SELECT ${asTexts}, ${keyTexts} FROM ${quoted(name)} ${where} ORDER BY ${keyNames} LIMIT ${BATCH_ROWS}`;
  const insert = `INSERT INTO ${quoted(name)} (${names}) OVERRIDING SYSTEM VALUE
    SELECT ${columns.map((column, index) => `"${index}"::${column.type}`).join(', ')}
    FROM unnest(${columns.map((_column, index) => `$${index + 1}::text[]`).join(', ')})
      AS given(${columns.map((_column, index) => `"${index}"`).join(', ')})`;

  type Row = Record<string, string | null>;
  let rows = await from.query<Row>(select(''));
  while (rows.length > 0) {
    await to.query(
      insert,
      columns.map((_column, index) => rows.map((row) => row[index]!)),
    );
    onProgress?.(rows.length);
    const last = rows.at(-1)!;
    rows = await from.query<Row>(
      select(`WHERE (${keyNames}) > (${after})`),
      key.map((_column, index) => last[`k${index}`]),
    );
  }
};

const copySequences = async (from: Queryable, to: Queryable): Promise<void> => {
  for (const name of await readSequences(from)) {
    const [row] = await from.query<{ last: bigint; isCalled: boolean }>(
      `SELECT last_value AS last, is_called AS "isCalled" FROM ${quoted(name)}`,
    );
    await to.query(`SELECT setval(${literal(quoted(name))}, $1, $2)`, [row!.last, row!.isCalled]);
  }
};

const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;

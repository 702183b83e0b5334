/** Writing many rows with few statements. */
import type { Queryable } from './database.js';

/** Well within a statement's time limit, on the embedded database too. */
const MAX_ROWS = 5000;
const MAX_TEXT = 4 * 1024 * 1024;

const IDS = `SELECT nextval(pg_get_serial_sequence($1, 'id')) AS id FROM generate_series(1, $2::int)`;

/** The next ids of a table with an ascending `id`. */
export const takeIds = async (tx: Queryable, table: string, count: number): Promise<bigint[]> => {
  const rows = count === 0 ? [] : await tx.query<{ id: bigint }>(IDS, [`"${table}"`, count]);
  return rows.map((row) => row.id);
};

/**
 * Runs `sql` over `rows`, some thousands at a time, with one array for each column: `FROM unnest($1::bigint[], …)`.
 *
 * @param onBatch called with the number of rows written
 * @param rowsMost fewer if each row costs more than a write
 */
export const runOver = async <Row>(
  tx: Queryable,
  sql: string,
  rows: Iterable<Row>,
  toValues: (row: Row) => readonly unknown[],
  { onBatch, rowsMost = MAX_ROWS }: { onBatch?: ((rows: number) => void) | undefined; rowsMost?: number } = {},
): Promise<void> => {
  let columns: unknown[][] = [];
  let [count, text] = [0, 0];
  const flush = async () => {
    if (count === 0) return;
    await tx.query(sql, columns);
    onBatch?.(count);
    columns = [];
    [count, text] = [0, 0];
  };
  for (const row of rows) {
    for (const [index, value] of toValues(row).entries()) {
      (columns[index] ??= []).push(value);
      if (typeof value === 'string') text += value.length;
    }
    count += 1;
    if (count === rowsMost || text > MAX_TEXT) await flush();
  }
  await flush();
};

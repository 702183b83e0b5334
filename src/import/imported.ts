/** What was imported before, by its ids in the source. */
import { runOver } from '../db/bulk.js';
import type { Queryable } from '../db/database.js';

export type ImportedKind = 'user' | 'brand' | 'relation' | 'chat' | 'member' | 'message';

export interface ImportedRow {
  source: string;
  id: bigint;
  chatId: bigint | null;
}

const FIND = `SELECT source_id AS source, id, chat_id AS "chatId" FROM imported WHERE kind = $1 AND source_id = ANY($2::text[])`;
const KEEP = `INSERT INTO imported (kind, source_id, id, chat_id)
  SELECT kind, source_id, id, chat_id FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) AS given(kind, source_id, id, chat_id)`;

/** Some thousands at a time, so that no statement takes long. */
export const inBatches = async <Item, Row>(
  items: Iterable<Item>,
  find: (batch: Item[]) => Promise<Row[]>,
  onRow: (row: Row) => void,
): Promise<void> => {
  let batch: Item[] = [];
  const flush = async () => {
    for (const row of batch.length === 0 ? [] : await find(batch)) onRow(row);
    batch = [];
  };
  for (const item of items) {
    batch.push(item);
    if (batch.length === 5000) await flush();
  }
  await flush();
};

export const findImported = (
  db: Queryable,
  kind: ImportedKind,
  sources: Iterable<string>,
  onRow: (row: ImportedRow) => void,
): Promise<void> => inBatches(sources, (batch) => db.query<ImportedRow>(FIND, [kind, batch]), onRow);

/** Within the transaction that writes the imported rows. */
export const keepImported = (tx: Queryable, kind: ImportedKind, rows: Iterable<ImportedRow>): Promise<void> =>
  runOver(tx, KEEP, rows, ({ source, id, chatId }) => [kind, source, id, chatId]);

/** A search that would take too long for one answer. */
import { expect, it } from 'vitest';
import type { Database } from '../../../src/db/database.js';
import { chatNode, newPerson } from '../../support/chats.js';
import { emptyDatabase } from '../../support/own-database.js';
import { fillAll } from '../../support/search.js';

const MESSAGES = 10_000;

/** As `message_search`, but that it takes `seconds` to look at message 5,000. */
const slowDown = (db: Database, seconds: number) =>
  db.query(`CREATE OR REPLACE VIEW message_search AS
    SELECT * FROM the_search WHERE seq <> 5000 OR pg_sleep(${seconds}) IS NOT NULL`);

it.each([
  ['when a statement takes too long', 30],
  ['when they take too long together', 1.2],
])('T69 answers what it has found %s, and goes on with the next page', async (_when, seconds) => {
  const db = await emptyDatabase();
  const node = await chatNode(db);
  const ada = await newPerson(db);
  const { chat } = await node.group(ada);
  await db.query(
    `INSERT INTO message (chat_id, seq, ordinal, sender_id, text, text_hash, created_at, changed_seq)
     SELECT $1::bigint, n, n, $2::bigint, CASE WHEN n IN (1, 5000, 9900) THEN 'needle ' ELSE 'hay ' END || n, '', now() - (${MESSAGES} - n) * interval '1 minute', n
     FROM generate_series(1, ${MESSAGES}) AS n`,
    [chat.id, ada.id],
  );
  await db.query(
    `UPDATE chat SET head_seq = ${MESSAGES}, message_count = ${MESSAGES}, created_at = now() - ${MESSAGES} * interval '1 minute', activity_at = now()`,
  );
  await fillAll(db);
  await db.query('ANALYZE');
  await db.query('ALTER TABLE message_search RENAME TO the_search');
  const find = async (after: string | null) => {
    const { edges, pageInfo } = (await node.messageSearch.search(ada, { query: 'needle', after }))!;
    return { texts: edges.map(({ node: message }) => message.text), pageInfo };
  };
  await slowDown(db, seconds);

  const first = await find(null);
  await slowDown(db, 0);
  const texts = [...first.texts];
  for (let { hasNextPage, endCursor } = first.pageInfo; hasNextPage;) {
    const next = await find(endCursor);
    texts.push(...next.texts);
    ({ hasNextPage, endCursor } = next.pageInfo);
  }

  expect(first.texts).toEqual(seconds < 2 ? ['needle 9900', 'needle 5000'] : ['needle 9900']);
  expect(first.pageInfo).toMatchObject({ hasNextPage: true, endCursor: expect.any(String) as string });
  expect(texts).toEqual(['needle 9900', 'needle 5000', 'needle 1']);
});

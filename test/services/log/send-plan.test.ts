/** How PostgreSQL plans a send. */
import { expect, it, onTestFinished } from 'vitest';
import { openDatabase } from '../../../src/db/open.js';
import { aChat, aUser, logNode } from '../../support/log.js';
import { ownDatabase } from '../../support/own-database.js';

const database = ownDatabase();

it('plans lone sends once and for all, although a plan for one message looks cheaper', async () => {
  // One connection, which has prepared what it is asked about.
  const db = await openDatabase({ ...database.config, databasePoolSize: 1 });
  onTestFinished(() => db.close());
  const ada = await aUser(db);
  const chatId = await aChat(db, [ada]);
  await db.query(`INSERT INTO "user" (username, username_key, email, email_key)
    SELECT 'user' || n, 'user' || n, n || '@example.org', n || '@example.org' FROM generate_series(1000, 4000) n`);
  await db.query(`INSERT INTO chat (kind, name, head_mark) SELECT 'GROUP', 'a group', 1 FROM generate_series(1, 3000)`);
  await db.query(
    `INSERT INTO member (chat_id, user_id, last_read_seq, read_count)
    SELECT id, $1, 0, 0 FROM chat ON CONFLICT DO NOTHING`,
    [ada.id],
  );
  await db.query('ANALYZE');
  const { log } = await logNode(db);

  // PostgreSQL always plans the first five for themselves.
  for (let n = 1; n <= 8; n += 1) {
    await log.send({
      chatId,
      senderId: ada.id,
      text: 'text',
      clientMessageId: String(n),
      words: '',
      isWithinLimit: true,
      isPresent: false,
    });
  }

  const plans =
    await db.query(`SELECT generic_plans::int AS shared, custom_plans::int AS own FROM pg_prepared_statements
    WHERE statement LIKE '%INSERT INTO message%' AND statement NOT LIKE '%pg_prepared_statements%'`);
  expect(plans).toEqual([{ shared: 3, own: 5 }]);
});

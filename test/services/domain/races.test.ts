/** Races that take two connections, each brought about for certain: one transaction waits, seen to wait, for another. */
import { expect, it } from 'vitest';
import type { Queryable } from '../../../src/db/database.js';
import { chatNode, momentOf, newPerson } from '../../support/chats.js';
import { ownDatabase } from '../../support/own-database.js';

const database = ownDatabase();

/** Resolves once some statement waits for a lock that `tx` holds. Asked from outside: within a transaction the answer stays the same. */
const untilOneWaits = async (tx: Queryable) => {
  const [holder] = await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const waiting = () =>
    database.current.query('SELECT 1 FROM pg_stat_activity WHERE $1 = ANY(pg_blocking_pids(pid))', [holder!.pid]);
  await expect.poll(waiting, { interval: 10 }).not.toEqual([]);
};

it('a mark that waited for a send of one’s own counts it on the right side of the position', async () => {
  const db = database.current;
  const { chats, group, log, readPositions, say } = await chatNode(db);
  const [ada, bob] = [await newPerson(db), await newPerson(db)];
  const { chat } = await group(ada, bob);
  await say(bob, chat);

  // As a send does, and then its commit is slow.
  const marking = await db.transaction(async (tx) => {
    await tx.query('SELECT 1 FROM chat WHERE id = $1 FOR NO KEY UPDATE', [chat.id]);
    await tx.query('UPDATE member SET sent_count = sent_count + 1 WHERE chat_id = $1 AND user_id = $2', [
      chat.id,
      ada.id,
    ]);
    await tx.query(
      `INSERT INTO message (chat_id, seq, ordinal, sender_id, text, text_hash, changed_seq) VALUES ($1, 2, 2, $2, 'own', '', 2)`,
      [chat.id, ada.id],
    );
    await tx.query('UPDATE chat SET head_seq = 2, message_count = 2 WHERE id = $1', [chat.id]);
    const marked = readPositions.mark(ada, chat.id, null);
    await untilOneWaits(tx);
    return { marked };
  });

  expect(await marking.marked).toMatchObject({ headSeq: 2 });
  expect(await chats.unreadTotal(ada)).toBe(0);
  await log.drain();
  await say(bob, chat);
  expect(await chats.unreadTotal(ada)).toBe(1);
});

it('S1.13 two administrators add the same person: the second waits, and finds that it was done', async () => {
  const db = database.current;
  const { group, members } = await chatNode(db);
  const bob = await newPerson(db);
  const { admin, chat } = await group();

  const { added } = await db.transaction(async (tx) => {
    await tx.query('SELECT 1 FROM chat WHERE id = $1 FOR NO KEY UPDATE', [chat.id]);
    const adding = members.add(admin, chat.id, bob.id);
    await untilOneWaits(tx);
    await tx.query('INSERT INTO member (chat_id, user_id, last_read_seq, read_count) VALUES ($1, $2, 0, 0)', [
      chat.id,
      bob.id,
    ]);
    return { added: adding };
  });

  expect(await added).toMatchObject({ chat: { headSeq: 0 }, user: { id: bob.id } });
});

it('a notification is told whose transaction was open when the last round looked', async () => {
  const db = database.current;
  const { group, notifications } = await chatNode(db);
  const bob = await newPerson(db);
  const { chat } = await group(bob);
  const start = await momentOf(db);

  const during = await db.transaction(async (tx) => {
    await tx.query(`INSERT INTO notification (user_id, kind, chat_id) VALUES ($1, 'CHAT_REMOVED', $2)`, [
      bob.id,
      chat.id,
    ]);
    await group(bob); // a later transaction that commits earlier
    return notifications.since(bob, start);
  });
  const after = await notifications.since(bob, during.moment);

  expect(during.stored.map(({ kind }) => kind)).toEqual(['CHAT_ADDED']);
  expect(after.stored.map(({ kind }) => kind)).toEqual(['CHAT_REMOVED']);
});

import { expect, it } from 'vitest';
import type { Queryable } from '../../src/db/database.js';
import { createRounds, type Moved } from '../../src/log/rounds.js';
import { aChat, aUser, logNode } from '../support/log.js';
import { ownDatabase } from '../support/own-database.js';

const database = ownDatabase();

const send = async (node: Awaited<ReturnType<typeof logNode>>, chatId: bigint, senderId: bigint) => {
  await node.log.send({
    chatId,
    senderId,
    text: 'text',
    clientMessageId: null,
    words: '',
    isWithinLimit: true,
    isPresent: false,
  });
};

it('tells once of each chat that moved, followed or not, new ones included', async () => {
  const ada = await aUser(database.current);
  const node = await logNode(database.current, { intervalMs: 1_000_000 });
  await node.rounds.look(); // ada herself
  const seen: Moved[] = [];
  node.rounds.onMoved((moved) => seen.push(moved));

  const chatId = await aChat(database.current, [ada]);
  await node.rounds.look();
  await send(node, chatId, ada.id);
  await send(node, chatId, ada.id);
  await node.rounds.look();
  await node.rounds.look();

  expect(seen.map(({ chats }) => [...chats])).toEqual([[[chatId, 0]], [[chatId, 2]]]);
});

it('tells of ended sessions, changed accounts and notifications', async () => {
  const [ada, bob] = [await aUser(database.current), await aUser(database.current)];
  const node = await logNode(database.current, { intervalMs: 1_000_000 });
  const sessionId = '00000000-0000-4000-8000-000000000001';
  await database.current.query(
    `INSERT INTO session (id, user_id, refresh_hash, expires_at) VALUES ($1, $2, sha256('x'), now() + interval '1 day')`,
    [sessionId, ada.id],
  );
  await node.rounds.look();
  const seen: Moved[] = [];
  node.rounds.onMoved((moved) => seen.push(moved));

  await database.current.query('UPDATE session SET ended_at = now(), xid = pg_current_xact_id() WHERE id = $1', [
    sessionId,
  ]);
  await database.current.query(`UPDATE "user" SET role = 'MANAGER', xid = pg_current_xact_id() WHERE id = $1`, [
    bob.id,
  ]);
  await database.current.query(`INSERT INTO notification (user_id, kind) VALUES ($1, 'CHAT_ADDED')`, [ada.id]);
  await node.rounds.look();

  expect(seen).toHaveLength(1);
  expect(seen[0]).toMatchObject({ sessionIds: [sessionId], userIds: [bob.id], notifiedUserIds: new Set([ada.id]) });
});

it('goes on after a failure, misses nothing of it and says that it was one', async () => {
  const ada = await aUser(database.current);
  const chatId = await aChat(database.current, [ada]);
  let isAway = false;
  const flaky: Queryable = {
    query: (sql, params) => (isAway ? Promise.reject(new Error('away')) : database.current.query(sql, params)),
  };
  const failures: unknown[] = [];
  const rounds = await createRounds(flaky, { intervalMs: 1_000_000, onError: (error) => failures.push(error) });
  const node = await logNode(database.current);
  const seen: Moved[] = [];
  rounds.onMoved((moved) => seen.push(moved));

  isAway = true;
  await rounds.look();
  await send(node, chatId, ada.id);
  isAway = false;
  await rounds.look();
  await rounds.stop();

  expect(failures).toHaveLength(1);
  expect(seen).toMatchObject([{ isAfterFailure: true, isOther: false, chats: new Map([[chatId, 1]]) }]);
});

it.each([
  ['lost its newest event, as after a restore', 'DELETE FROM event WHERE chat_id = $1 AND seq = 2'],
  ['has another event in its place', 'UPDATE event SET mark = mark # 1 WHERE chat_id = $1 AND seq = 2'],
  [
    'was filled anew with the same',
    `DO $$ BEGIN CREATE TEMP TABLE kept AS TABLE event; TRUNCATE event; INSERT INTO event TABLE kept; DROP TABLE kept; END $$`,
  ],
])('says once that the database is another one where it %s', async (_what, sql) => {
  const ada = await aUser(database.current);
  const chatId = await aChat(database.current, [ada]);
  const node = await logNode(database.current, { intervalMs: 1_000_000 });
  await send(node, chatId, ada.id);
  await send(node, chatId, ada.id);
  const seen: Moved[] = [];
  node.rounds.onMoved((moved) => seen.push(moved));
  await node.rounds.look();

  await database.current.query(sql, sql.includes('$1') ? [chatId] : []);
  for (let round = 0; round < 3; round += 1) await node.rounds.look();

  expect(seen.map(({ isOther, isAfterFailure }) => [isOther, isAfterFailure])).toEqual([
    [false, false],
    [true, true],
  ]);
});

it('notices the loss of an event that it has only heard of', async () => {
  const ada = await aUser(database.current);
  const chatId = await aChat(database.current, [ada]);
  const node = await logNode(database.current, { intervalMs: 1_000_000 });
  await node.rounds.look();
  const seen: Moved[] = [];
  node.rounds.onMoved((moved) => seen.push(moved));

  node.rounds.saw({ chatId, seq: 1, mark: 5 });
  await node.rounds.look();

  expect(seen).toMatchObject([{ isOther: true }]);
});

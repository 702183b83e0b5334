import pg from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import type { Queryable } from '../../../src/db/database.js';
import { createRounds, type Moved } from '../../../src/log/rounds.js';
import { aChat, aUser, logNode } from '../../support/log.js';
import { ownDatabase } from '../../support/own-database.js';

const database = ownDatabase();

/** A connection of its own, in a transaction that has a number. */
const openTransaction = async () => {
  const client = new pg.Client({ connectionString: database.config.databaseUrl });
  await client.connect();
  onTestFinished(() => client.end());
  await client.query('BEGIN');
  await client.query('SELECT pg_current_xact_id()');
  return client;
};

it('a write transaction left open makes no round read again what an earlier one has read', async () => {
  const ada = await aUser(database.current);
  const chatId = await aChat(database.current, [ada]);
  const client = await openTransaction();
  let rows = 0;
  const counting: Queryable = {
    query: async <Row>(sql: string, params?: readonly unknown[]) => {
      const found = await database.current.query<Row>(sql, params);
      rows += found.length;
      return found;
    },
  };
  const rounds = await createRounds(counting, {
    intervalMs: 1_000_000,
    onError: (error) => expect.unreachable(String(error)),
  });
  const seen: Moved[] = [];
  rounds.onMoved((moved) => seen.push(moved));
  const { log } = await logNode(database.current);
  const send = () =>
    log.send({
      chatId,
      senderId: ada.id,
      text: 'text',
      clientMessageId: null,
      words: '',
      isWithinLimit: true,
      isPresent: false,
    });

  for (let round = 1; round <= 3; round += 1) {
    await send();
    rows = 0;
    await rounds.look();
    expect(rows).toBe(1);
    expect(seen.at(-1)!.chats).toEqual(new Map([[chatId, round]]));
  }
  await rounds.look();
  await client.query('COMMIT');
  await rounds.stop();

  expect(seen).toHaveLength(3);
});

it('finds what a transaction wrote that began before a round and committed after it', async () => {
  const ada = await aUser(database.current);
  const chatId = await aChat(database.current, [ada]);
  const client = await openTransaction();
  const rounds = await createRounds(database.current, {
    intervalMs: 1_000_000,
    onError: (error) => expect.unreachable(String(error)),
  });
  const seen: Moved[] = [];
  rounds.onMoved((moved) => seen.push(moved));
  await client.query(`INSERT INTO event (chat_id, seq, mark, type, actor_id) VALUES ($1, 1, 5, 'CHAT_UPDATED', $2)`, [
    chatId,
    ada.id,
  ]);

  await rounds.look();
  const before = seen.length;
  await client.query('COMMIT');
  await rounds.look();
  await rounds.look();
  await rounds.stop();

  expect(before).toBe(0);
  expect(seen.map(({ chats }) => [...chats])).toEqual([[[chatId, 1]]]);
});

import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Database } from '../../src/db/database.js';
import { openDatabase } from '../../src/db/open.js';
import { prune, startRetention } from '../../src/log/retention.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { aChat, aUser, logNode, seqOf } from '../support/log.js';
import { age, pruneAll, seqsLeft } from '../support/old-events.js';

let own: TestDatabase;
let db: Database;

beforeAll(async () => {
  own = await testDatabase();
  db = await openDatabase(own.config);
});
afterAll(async () => {
  await db.close();
  await own.drop();
});

const fail = (error: unknown) => {
  throw error;
};

/** A chat with so many messages. */
const aLog = async (messages: number) => {
  const ada = await aUser(db);
  const chatId = await aChat(db, [ada]);
  const { log } = await logNode(db);
  const message = { chatId, senderId: ada.id, clientMessageId: null, isWithinLimit: true, isJoined: false };
  const send = async () => seqOf(await log.send({ ...message, text: 'text' }));
  await Promise.all(Array.from({ length: messages }, send));
  return { chatId, send };
};

const DAYS = 3;
const FOUR_DAYS = 4 * 24;

const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, index) => first + index);

it('takes what is old, row 0 with it, but for the last of it, from which one still reads on; messages stay', async () => {
  const { chatId } = await aLog(20);
  await age(db, chatId, 12, FOUR_DAYS);

  await pruneAll(db, DAYS);

  expect(await seqsLeft(db, chatId)).toEqual(range(12, 20));
  expect(await db.query('SELECT FROM message WHERE chat_id = $1', [chatId])).toHaveLength(20);
});

it('never takes the newest event of a chat, be it its row 0, and the log goes on after it', async () => {
  const { chatId, send } = await aLog(5);
  const { chatId: empty } = await aLog(0);
  for (const id of [chatId, empty]) await age(db, id, 5, FOUR_DAYS);

  await pruneAll(db, DAYS);
  const seq = await send();
  await pruneAll(db, DAYS);

  expect(seq).toBe(6);
  expect(await seqsLeft(db, chatId)).toEqual([5, 6]);
  expect(await seqsLeft(db, empty)).toEqual([0]);
});

it('takes nothing for an hour longer than clients may begin with it', async () => {
  const { chatId } = await aLog(5);
  await age(db, chatId, 4, DAYS * 24);

  await pruneAll(db, DAYS);
  const spared = await seqsLeft(db, chatId);
  await age(db, chatId, 4, 1);
  await pruneAll(db, DAYS);

  expect([spared, await seqsLeft(db, chatId)]).toEqual([range(0, 5), range(4, 5)]);
});

it('leaves no gap where the clock went back: what follows a young event stays with it', async () => {
  const { chatId } = await aLog(9);
  await age(db, chatId, 8, FOUR_DAYS);
  await db.query('UPDATE event SET created_at = now() WHERE chat_id = $1 AND seq = 4', [chatId]);

  await pruneAll(db, DAYS);

  expect(await seqsLeft(db, chatId)).toEqual(range(3, 9));
});

it('goes in small steps, each of which leaves a log without gaps, and takes up where it was left', async () => {
  const { chatId } = await aLog(2500);
  await age(db, chatId, 2400, FOUR_DAYS);

  const pass = prune(db, DAYS);
  const left = [];
  for (const step of await Promise.all([pass.next(), pass.next()])) left.push(step.value);
  await pass.return();
  const afterwards = await seqsLeft(db, chatId);

  expect(left).toEqual([1000, 1000]);
  expect(afterwards).toEqual(range(2000, 2500));
  expect(await pruneAll(db, DAYS)).toEqual([400]);
  expect(await seqsLeft(db, chatId)).toEqual(range(2400, 2500));
});

it('is done by itself while a node runs, and not at all where logs are kept for ever', async () => {
  const { chatId } = await aLog(5);
  await age(db, chatId, 4, 100 * 365 * 24);

  await startRetention(db, { days: 0, onError: fail })();
  const kept = await seqsLeft(db, chatId);
  const stop = startRetention(db, { days: DAYS, onError: fail });
  await expect.poll(() => seqsLeft(db, chatId)).toEqual([4, 5]);
  await stop();

  expect(kept).toEqual(range(0, 5));
});

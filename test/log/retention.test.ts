import { expect, it } from 'vitest';
import { prune, startRetention } from '../../src/log/retention.js';
import { aChat, aUser, logNode, range, seqOf } from '../support/log.js';
import { age, pruneAll, seqsLeft } from '../support/old-events.js';
import { ownDatabase } from '../support/own-database.js';

const database = ownDatabase();

const fail = (error: unknown) => {
  throw error;
};

/** A chat with so many messages. */
const aLog = async (messages: number) => {
  const ada = await aUser(database.current);
  const chatId = await aChat(database.current, [ada]);
  const { log } = await logNode(database.current);
  const message = { chatId, senderId: ada.id, clientMessageId: null, words: '', isWithinLimit: true, isPresent: false };
  const send = async () => seqOf(await log.send({ ...message, text: 'text' }));
  await Promise.all(Array.from({ length: messages }, send));
  return { chatId, send };
};

const DAYS = 3;
const FOUR_DAYS = 4 * 24;

it('takes what is old, row 0 with it, but for the last of it, from which one still reads on; messages stay', async () => {
  const { chatId } = await aLog(20);
  await age(database.current, chatId, 12, FOUR_DAYS);

  await pruneAll(database.current, DAYS);

  expect(await seqsLeft(database.current, chatId)).toEqual(range(12, 20));
  expect(await database.current.query('SELECT FROM message WHERE chat_id = $1', [chatId])).toHaveLength(20);
});

it('never takes the newest event of a chat, be it its row 0, and the log goes on after it', async () => {
  const { chatId, send } = await aLog(5);
  const { chatId: empty } = await aLog(0);
  for (const id of [chatId, empty]) await age(database.current, id, 5, FOUR_DAYS);

  await pruneAll(database.current, DAYS);
  const seq = await send();
  await pruneAll(database.current, DAYS);

  expect(seq).toBe(6);
  expect(await seqsLeft(database.current, chatId)).toEqual([5, 6]);
  expect(await seqsLeft(database.current, empty)).toEqual([0]);
});

it('takes nothing for an hour longer than clients may begin with it', async () => {
  const { chatId } = await aLog(5);
  await age(database.current, chatId, 4, DAYS * 24);

  await pruneAll(database.current, DAYS);
  const spared = await seqsLeft(database.current, chatId);
  await age(database.current, chatId, 4, 1);
  await pruneAll(database.current, DAYS);

  expect([spared, await seqsLeft(database.current, chatId)]).toEqual([range(0, 5), range(4, 5)]);
});

it('leaves no gap where the clock went back: what follows a young event stays with it', async () => {
  const { chatId } = await aLog(9);
  await age(database.current, chatId, 8, FOUR_DAYS);
  await database.current.query('UPDATE event SET created_at = now() WHERE chat_id = $1 AND seq = 4', [chatId]);

  await pruneAll(database.current, DAYS);

  expect(await seqsLeft(database.current, chatId)).toEqual(range(3, 9));
});

it('goes in small steps, each of which leaves a log without gaps, and takes up where it was left', async () => {
  const { chatId } = await aLog(2500);
  await age(database.current, chatId, 2400, FOUR_DAYS);

  const pass = prune(database.current, DAYS);
  const left = [];
  for (const step of await Promise.all([pass.next(), pass.next()])) left.push(step.value);
  await pass.return();
  const afterwards = await seqsLeft(database.current, chatId);

  expect(left).toEqual([1000, 1000]);
  expect(afterwards).toEqual(range(2000, 2500));
  expect(await pruneAll(database.current, DAYS)).toEqual([400]);
  expect(await seqsLeft(database.current, chatId)).toEqual(range(2400, 2500));
});

it('is done by itself while a node runs, and not at all where logs are kept for ever', async () => {
  const { chatId } = await aLog(5);
  await age(database.current, chatId, 4, 100 * 365 * 24);

  await startRetention(database.current, { days: 0, onError: fail })();
  const kept = await seqsLeft(database.current, chatId);
  const stop = startRetention(database.current, { days: DAYS, onError: fail });
  await expect.poll(() => seqsLeft(database.current, chatId)).toEqual([4, 5]);
  await stop();

  expect(kept).toEqual(range(0, 5));
});

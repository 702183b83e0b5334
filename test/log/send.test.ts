import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Database } from '../../src/db/database.js';
import { openDatabase } from '../../src/db/open.js';
import { chatTopic, unpack } from '../../src/log/doorbell.js';
import type { NewMessage } from '../../src/log/log.js';
import { readPage } from '../../src/log/read.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { aChat, aUser, logNode, seqOf } from '../support/log.js';

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

const messageOf = (chatId: bigint, senderId: bigint, text: string, key: string | null = null): NewMessage => ({
  chatId,
  senderId,
  text,
  clientMessageId: key,
  isWithinLimit: true,
  isJoined: false,
});

/** What must hold of every log, whatever happened. */
const expectWholeLog = async (chatId: bigint) => {
  const events = await db.query<{ seq: number; type: string; mark: number }>(
    'SELECT seq, type::text, mark FROM event WHERE chat_id = $1 ORDER BY seq',
    [chatId],
  );
  const messages = await db.query<{ seq: number; ordinal: number }>(
    'SELECT seq, ordinal FROM message WHERE chat_id = $1 ORDER BY seq',
    [chatId],
  );
  const [chat] = await db.query<{ head: number; mark: number; count: number }>(
    'SELECT head_seq AS head, head_mark AS mark, message_count AS count FROM chat WHERE id = $1',
    [chatId],
  );
  expect(events.map((event) => event.seq)).toEqual(events.map((_event, index) => index));
  expect(messages.map((message) => message.seq)).toEqual(
    events.filter((event) => event.type === 'MESSAGE_SENT').map((event) => event.seq),
  );
  expect(messages.map((message) => message.ordinal)).toEqual(messages.map((_message, index) => index + 1));
  expect(chat).toEqual({ head: events.at(-1)!.seq, mark: events.at(-1)!.mark, count: messages.length });
};

it('numbers what many send at once without gaps, in several chats, on two nodes', async () => {
  const people = await Promise.all([aUser(db), aUser(db), aUser(db)]);
  const chats = await Promise.all([aChat(db, people), aChat(db, people), aChat(db, people)]);
  const nodes = await Promise.all([logNode(db), logNode(db)]);

  const sends = Array.from({ length: 600 }, (_, index) =>
    nodes[index % 2]!.log.send(messageOf(chats[index % 3]!, people[index % 3]!.id, `text ${index}`)),
  );
  const outcomes = await Promise.all(sends);

  expect(new Set(outcomes.map((outcome, index) => `${index % 3}:${seqOf(outcome)}`)).size).toBe(600);
  for (const chatId of chats) await expectWholeLog(chatId);
});

it('keeps the order in which one sender sent', async () => {
  const [ada] = [await aUser(db)];
  const chatId = await aChat(db, [ada]);
  const { log } = await logNode(db);

  const outcomes = await Promise.all(
    Array.from({ length: 700 }, (_, index) => log.send(messageOf(chatId, ada.id, String(index)))),
  );

  expect(outcomes.map(seqOf)).toEqual(outcomes.map((_, index) => index + 1));
});

it('takes one key once, however often and wherever it is sent at once', async () => {
  const ada = await aUser(db);
  const chatId = await aChat(db, [ada]);
  const nodes = await Promise.all([logNode(db), logNode(db)]);

  for (let round = 0; round < 20; round += 1) {
    const outcomes = await Promise.all(
      Array.from({ length: 6 }, (_, index) =>
        nodes[index % 2]!.log.send(messageOf(chatId, ada.id, 'once', `key ${round}`)),
      ),
    );
    expect(outcomes.filter((outcome) => outcome.kind === 'sent')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome.kind === 'repeated' && outcome.isSame)).toHaveLength(5);
  }

  await expectWholeLog(chatId);
});

it('tells a repeated key with another text from one with the same, also after an edit', async () => {
  const ada = await aUser(db);
  const chatId = await aChat(db, [ada]);
  const { log } = await logNode(db);
  await log.send(messageOf(chatId, ada.id, 'first', 'key'));
  await db.query(`UPDATE message SET text = 'edited' WHERE chat_id = $1`, [chatId]);

  const same = await log.send(messageOf(chatId, ada.id, 'first', 'key'));
  const other = await log.send(messageOf(chatId, ada.id, 'edited', 'key'));

  expect(same).toMatchObject({ kind: 'repeated', isSame: true, message: { text: 'edited' } });
  expect(other).toMatchObject({ kind: 'repeated', isSame: false });
});

it('refuses who is no member, what is over the limit and what is closed, and takes no number for it', async () => {
  const [ada, eve] = [await aUser(db), await aUser(db)];
  const chatId = await aChat(db, [ada]);
  const { log } = await logNode(db);

  const stranger = await log.send(messageOf(chatId, eve.id, 'no'));
  const limited = await log.send({ ...messageOf(chatId, ada.id, 'no'), isWithinLimit: false });
  await db.query('UPDATE chat SET closed_at = now() WHERE id = $1', [chatId]);
  const closed = await log.send(messageOf(chatId, ada.id, 'no'));
  const nowhere = await log.send(messageOf(9_999_999n, ada.id, 'no'));

  expect(stranger).toMatchObject({ kind: 'refused', isMember: false });
  expect(limited).toMatchObject({ kind: 'refused', isMember: true });
  expect(closed).toMatchObject({ kind: 'refused', chat: { closedAt: expect.any(Date) as Date } });
  expect(nowhere).toEqual({ kind: 'noChat' });
  await expectWholeLog(chatId);
});

it('accepts nothing of a member after their removal, however the two race', async () => {
  const [ada, bob] = [await aUser(db), await aUser(db)];
  const { log } = await logNode(db);
  const other = await logNode(db);

  for (let round = 0; round < 30; round += 1) {
    const chatId = await aChat(db, [ada, bob]);
    const sends = Array.from({ length: 5 }, (_, index) => log.send(messageOf(chatId, bob.id, `text ${index}`)));
    const removal = other.log.change(chatId, async (tx) => {
      await tx.query('DELETE FROM member WHERE chat_id = $1 AND user_id = $2', [chatId, bob.id]);
      return tx.append({ type: 'MEMBER_REMOVED', actor: ada, user: bob });
    });
    const later = Array.from({ length: 5 }, (_, index) => log.send(messageOf(chatId, bob.id, `more ${index}`)));

    const outcomes = await Promise.all([...sends, ...later]);
    const removedAt = (await removal)!;
    for (const outcome of outcomes) if (outcome.kind === 'sent') expect(outcome.message.seq).toBeLessThan(removedAt);
    await expectWholeLog(chatId);
  }
});

it('answers each of a batch though one of them cannot be written', async () => {
  const ada = await aUser(db);
  const chatId = await aChat(db, [ada]);
  const { log } = await logNode(db);

  const [first, bad, last] = await Promise.allSettled([
    log.send(messageOf(chatId, ada.id, 'first')),
    log.send(messageOf(chatId, ada.id, 'NUL \0 is nothing that PostgreSQL can hold')),
    log.send(messageOf(chatId, ada.id, 'last')),
  ]);

  expect([first.status, bad.status, last.status]).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  await expectWholeLog(chatId);
});

it('rings with the event along, so that nobody has to read it back', async () => {
  const ada = await aUser(db);
  const chatId = await aChat(db, [ada]);
  const { log, bus } = await logNode(db);
  const rings: unknown[] = [];
  await bus.subscribe(chatTopic(chatId), (packed) => rings.push(unpack(packed)));

  const { markAtAfter: markBefore } = (await readPage(db, chatId, 0, 1))!;
  await log.send(messageOf(chatId, ada.id, 'привет {"$n":"7"}', 'key'));
  await expect.poll(() => rings).toHaveLength(1);

  const page = await readPage(db, chatId, 0, 10);
  expect(rings).toEqual([{ events: page!.events.map((event) => ({ ...event, users: [] })), markBefore }]);
});

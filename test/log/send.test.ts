import { expect, it } from 'vitest';
import { chatTopic } from '../../src/log/doorbell.js';
import type { NewMessage } from '../../src/log/send.js';
import { readPage } from '../../src/log/read.js';
import { aChat, aUser, logNode, seqOf } from '../support/log.js';
import { ownDatabase } from '../support/own-database.js';

const database = ownDatabase();

const messageOf = (chatId: bigint, senderId: bigint, text: string, key: string | null = null): NewMessage => ({
  chatId,
  senderId,
  text,
  clientMessageId: key,
  words: '',
  isWithinLimit: true,
  isPresent: false,
});

/** What must hold of every log, whatever happened. */
const expectWholeLog = async (chatId: bigint) => {
  const events = await database.current.query<{ seq: number; type: string; mark: number }>(
    'SELECT seq, type::text, mark FROM event WHERE chat_id = $1 ORDER BY seq',
    [chatId],
  );
  const messages = await database.current.query<{ seq: number; ordinal: number }>(
    'SELECT seq, ordinal FROM message WHERE chat_id = $1 ORDER BY seq',
    [chatId],
  );
  const [chat] = await database.current.query<{ head: number; mark: number; count: number }>(
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
  const people = await Promise.all([aUser(database.current), aUser(database.current), aUser(database.current)]);
  const chats = await Promise.all([
    aChat(database.current, people),
    aChat(database.current, people),
    aChat(database.current, people),
  ]);
  const nodes = await Promise.all([logNode(database.current), logNode(database.current)]);

  const sends = Array.from({ length: 600 }, (_, index) =>
    nodes[index % 2]!.log.send(messageOf(chats[index % 3]!, people[index % 3]!.id, `text ${index}`)),
  );
  const outcomes = await Promise.all(sends);

  expect(new Set(outcomes.map((outcome, index) => `${index % 3}:${seqOf(outcome)}`)).size).toBe(600);
  for (const chatId of chats) await expectWholeLog(chatId);
});

it('keeps the order in which one sender sent', async () => {
  const [ada] = [await aUser(database.current)];
  const chatId = await aChat(database.current, [ada]);
  const { log } = await logNode(database.current);

  const outcomes = await Promise.all(
    Array.from({ length: 700 }, (_, index) => log.send(messageOf(chatId, ada.id, String(index)))),
  );

  expect(outcomes.map(seqOf)).toEqual(outcomes.map((_, index) => index + 1));
});

it('takes one key once, however often and wherever it is sent at once', async () => {
  const ada = await aUser(database.current);
  const chatId = await aChat(database.current, [ada]);
  const nodes = await Promise.all([logNode(database.current), logNode(database.current)]);

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
  const ada = await aUser(database.current);
  const chatId = await aChat(database.current, [ada]);
  const { log } = await logNode(database.current);
  await log.send(messageOf(chatId, ada.id, 'first', 'key'));
  await database.current.query(`UPDATE message SET text = 'edited' WHERE chat_id = $1`, [chatId]);

  const same = await log.send(messageOf(chatId, ada.id, 'first', 'key'));
  const other = await log.send(messageOf(chatId, ada.id, 'edited', 'key'));

  expect(same).toMatchObject({ kind: 'repeated', isSame: true, message: { text: 'edited' } });
  expect(other).toMatchObject({ kind: 'repeated', isSame: false });
});

it('knows messages that were sent before there was metadata by their text alone', async () => {
  const ada = await aUser(database.current);
  const chatId = await aChat(database.current, [ada]);
  const { log } = await logNode(database.current);
  await log.send(messageOf(chatId, ada.id, 'Hello', 'key'));
  await database.current.query(
    `UPDATE message SET text_hash = sha256(convert_to('Hello', 'UTF8')) WHERE chat_id = $1`,
    [chatId],
  );

  const metadata = { text: '{"a":1}', canonical: '{"a":1}' };

  expect(await log.send(messageOf(chatId, ada.id, 'Hello', 'key'))).toMatchObject({ kind: 'repeated', isSame: true });
  expect(await log.send({ ...messageOf(chatId, ada.id, 'Hello', 'key'), metadata })).toMatchObject({ isSame: false });
});

it('refuses who is no member, what is over the limit and what is closed, and takes no number for it', async () => {
  const [ada, eve] = [await aUser(database.current), await aUser(database.current)];
  const chatId = await aChat(database.current, [ada]);
  const { log } = await logNode(database.current);

  const stranger = await log.send(messageOf(chatId, eve.id, 'no'));
  const limited = await log.send({ ...messageOf(chatId, ada.id, 'no'), words: '', isWithinLimit: false });
  await database.current.query('UPDATE chat SET closed_at = now() WHERE id = $1', [chatId]);
  const closed = await log.send(messageOf(chatId, ada.id, 'no'));
  const nowhere = await log.send(messageOf(9_999_999n, ada.id, 'no'));

  expect(stranger).toMatchObject({ kind: 'refused', isMember: false });
  expect(limited).toMatchObject({ kind: 'refused', isMember: true });
  expect(closed).toMatchObject({ kind: 'refused', chat: { closedAt: expect.any(Date) as Date } });
  expect(nowhere).toEqual({ kind: 'noChat' });
  await expectWholeLog(chatId);
});

it('accepts nothing of a member after their removal, however the two race', async () => {
  const [ada, bob] = [await aUser(database.current), await aUser(database.current)];
  const { log } = await logNode(database.current);
  const other = await logNode(database.current);

  for (let round = 0; round < 30; round += 1) {
    const chatId = await aChat(database.current, [ada, bob]);
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
  const ada = await aUser(database.current);
  const chatId = await aChat(database.current, [ada]);
  const { log } = await logNode(database.current);

  const [first, bad, last] = await Promise.allSettled([
    log.send(messageOf(chatId, ada.id, 'first')),
    log.send(messageOf(chatId, ada.id, 'NUL \0 is nothing that PostgreSQL can hold')),
    log.send(messageOf(chatId, ada.id, 'last')),
  ]);

  expect([first.status, bad.status, last.status]).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  await expectWholeLog(chatId);
});

it('rings with the event along, so that nobody has to read it back', async () => {
  const ada = await aUser(database.current);
  const chatId = await aChat(database.current, [ada]);
  const { log, bus } = await logNode(database.current);
  const rings: unknown[] = [];
  await bus.subscribe(chatTopic(chatId), (ring) => rings.push(ring));

  const { markAtAfter: markBefore } = (await readPage(database.current, chatId, 0, 1))!;
  await log.send(messageOf(chatId, ada.id, 'привет {"$n":"7"}', 'key'));
  await expect.poll(() => rings).toHaveLength(1);

  const page = await readPage(database.current, chatId, 0, 10);
  expect(rings).toEqual([{ events: page!.events.map((event) => ({ ...event, users: [] })), markBefore }]);
});

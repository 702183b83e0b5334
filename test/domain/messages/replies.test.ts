import { expect, it } from 'vitest';
import { IdempotencyConflictError, NotFoundError } from '../../../src/domain/errors.js';
import { chatNode, counting, errorOf, logOf, newPerson } from '../../support/chats.js';
import { ownDatabase } from '../../support/own-database.js';

const database = ownDatabase();
const someone = () => newPerson(database.current);

/** A message of Ada's, in a group with Bob. */
const aMessage = async () => {
  const node = await chatNode(database.current);
  const [ada, bob] = [await someone(), await someone()];
  const { admin, chat } = await node.group(ada, bob);
  const key = { chatId: chat.id, seq: await node.say(ada, chat, 'First') };
  const reply = async (person = bob, text = 'Reply', replyTo = key) =>
    (await node.messages.send(person, { chatId: replyTo.chatId, text, replyTo })).message;
  return { ...node, ada, bob, admin, chat, key, reply };
};

it('T10 a reply has the message that it replies to along, with its sender, without a further statement', async () => {
  const { db, count } = counting(database.current);
  const { messages, group, say, hear } = await chatNode(db);
  const ada = await someone();
  const { chat } = await group(ada);
  const key = { chatId: chat.id, seq: await say(ada, chat, 'First') };
  const rings = await hear(chat);
  const before = count();

  const { message } = await messages.send(ada, { chatId: chat.id, text: 'Second', replyTo: key });

  expect(count() - before).toBe(1);
  expect(message).toMatchObject({
    seq: 2,
    replyToSeq: 1,
    repliedTo: { ...key, text: 'First', changedSeq: 1, senderId: ada.id, sender: { id: ada.id }, deletedAt: null },
  });
  expect(rings).toMatchObject([{ events: [{ messages: [{ seq: 2, repliedTo: { seq: 1 } }] }] }]);
  const [, replayed] = await logOf(database.current, chat);
  expect(replayed!.messages).toEqual([message]);
});

it('T10 shows what it replies to as it is when the reply is sent, even if that is edited at the same moment', async () => {
  const { ada, bob, messages, key } = await aMessage();
  for (let round = 0; round < 20; round += 1) {
    const [edited, { message }] = await Promise.all([
      messages.edit(ada, key, `Edited ${round}`),
      messages.send(bob, { chatId: key.chatId, text: 'Reply', replyTo: key }),
    ]);

    const isLater = message.seq > edited.changedSeq;
    expect([round, message.repliedTo!.text]).toEqual([round, isLater ? `Edited ${round}` : message.repliedTo!.text]);
    if (isLater) expect(message.repliedTo!.changedSeq).toBe(edited.changedSeq);
  }
});

it('T10 a replay shows a message that was deleted since as a tombstone', async () => {
  const { ada, chat, key, messages, reply } = await aMessage();
  await reply();
  await messages.delete(ada, chat.id, [{ rawId: 'a', key }]);

  const log = await logOf(database.current, chat);

  expect(log[1]!.messages[0]).toMatchObject({ replyToSeq: key.seq, repliedTo: { text: null, changedSeq: 3 } });
  expect(log[1]!.messages[0]!.repliedTo!.deletedAt).toBeInstanceOf(Date);
});

it('T10 nobody replies to a message that is deleted, not there, or of another chat', async () => {
  const { ada, bob, chat, group, key, messages, reply, say } = await aMessage();
  const other = await group(ada, bob);
  const elsewhere = { chatId: other.chat.id, seq: await say(ada, other.chat) };
  await messages.delete(ada, chat.id, [{ rawId: 'a', key }]);

  for (const replyTo of [key, { ...key, seq: 99 }, elsewhere, null]) {
    const error = await errorOf(messages.send(bob, { chatId: chat.id, text: 'Reply', replyTo }));
    expect(error).toEqual(new NotFoundError('Message'));
  }
  expect(await errorOf(reply(await someone()))).toEqual(new NotFoundError('Chat'));
  expect(await logOf(database.current, chat)).toHaveLength(2);
});

it('T10 a repeated key is answered by the first message, or refused, by what it replied to', async () => {
  const { bob, chat, key, messages } = await aMessage();
  const draft = { chatId: chat.id, text: 'Reply', clientMessageId: 'key' };

  const first = await messages.send(bob, { ...draft, replyTo: key });
  const again = await messages.send(bob, { ...draft, replyTo: key });

  expect(again).toMatchObject({ deduplicated: true, message: { seq: first.message.seq, replyToSeq: key.seq } });
  expect(await errorOf(messages.send(bob, draft))).toBeInstanceOf(IdempotencyConflictError);
  const withMetadata = { ...draft, replyTo: key, metadata: { a: 1 } };
  expect(await errorOf(messages.send(bob, withMetadata))).toBeInstanceOf(IdempotencyConflictError);
});

it('T11 counts and lists replies without deleted ones, for a page of messages in one statement', async () => {
  const { db, count } = counting(database.current);
  const { replyReads } = await chatNode(db);
  const { ada, bob, chat, key, messages, reply, say } = await aMessage();
  const other = { chatId: chat.id, seq: await say(ada, chat, 'Other') };
  const sent = [await reply(), await reply(ada), await reply(bob, 'Third')];
  await reply(bob, 'To the other', other);
  await messages.delete(ada, chat.id, [{ rawId: 'a', key: sent[1]! }]);
  const stranger = await someone();
  const before = count();

  const counts = await Promise.all(
    [ada, stranger].map((viewer) => Promise.all([key, other].map((one) => replyReads.count(viewer, one)))),
  );
  const lists = await Promise.all(
    [ada, stranger].map((viewer) => Promise.all([key, other].map((one) => replyReads.list(viewer, one, { first: 1 })))),
  );

  expect(count() - before).toBe(2);
  expect(counts).toEqual([
    [2, 1],
    [0, 0],
  ]);
  const textsOf = ({ edges }: (typeof lists)[0][0]) => edges.map(({ node }) => node.text);
  expect(lists.map((pages) => pages.map(textsOf))).toEqual([
    [['Reply'], ['To the other']],
    [[], []],
  ]);
  const [first] = lists[0]!;
  expect(first!.pageInfo.hasNextPage).toBe(true);
  const next = await replyReads.list(ada, key, { first: 5, after: first!.pageInfo.endCursor });
  expect(textsOf(next)).toEqual(['Third']);
});

import { describe, expect, it } from 'vitest';
import {
  ChatClosedError,
  ForbiddenError,
  IdempotencyConflictError,
  InvalidInputError,
  NotFoundError,
  RateLimitedError,
  TextEmptyError,
  TextTooLongError,
} from '../../../src/domain/errors.js';
import type { Viewer } from '../../../src/domain/viewer.js';
import { chatNode, counting, errorOf, headOf, logOf, newPerson, typesOf } from '../../support/chats.js';
import { ownDatabase } from '../../support/own-database.js';

const database = ownDatabase();
const aNode = (...options: Parameters<typeof chatNode> extends [unknown, ...infer Rest] ? Rest : never) =>
  chatNode(database.current, ...options);
const someone = () => newPerson(database.current);

describe('sending', () => {
  it('S2.22 refuses text over 1000 characters and takes no number', async () => {
    const { group, messages } = await aNode();
    const ada = await someone();
    const { chat } = await group(ada);

    const error = await errorOf(messages.send(ada, { chatId: chat.id, text: 'x'.repeat(1001) }));

    expect(error).toEqual(new TextTooLongError(1001, 1000));
    expect(await headOf(database.current, chat)).toBe(0);
  });

  it('C1 S2.15 refuses only white space, and keeps all else exactly as sent', async () => {
    const { group, messages } = await aNode();
    const ada = await someone();
    const { chat } = await group(ada);
    const texts = [' padded \n', 'Привет 👋🏽', '\u202eשלום\u202c', 'e\u0301', `quote' "and" \\ {"$n":"7"}`];

    expect(await errorOf(messages.send(ada, { chatId: chat.id, text: ' \n ' }))).toBeInstanceOf(TextEmptyError);
    for (const text of texts) await messages.send(ada, { chatId: chat.id, text });

    expect((await logOf(database.current, chat)).map((event) => event.messages[0]?.text)).toEqual(texts);
  });

  it('costs one statement, its sender along', async () => {
    const { db, count } = counting(database.current);
    const { group, messages } = await chatNode(db);
    const ada = await someone();
    const { chat } = await group(ada);
    const before = count();

    const { message } = await messages.send(ada, { chatId: chat.id, text: 'one' });

    expect(count() - before).toBe(1);
    expect(message).toMatchObject({ chatId: chat.id, seq: 1, senderId: ada.id, text: 'one', sender: { id: ada.id } });
  });

  it('answers a repeated key with the first message as it is now: edited, deleted, the chat closed, the limit reached', async () => {
    const { chats, group, messages } = await aNode({ settings: { messagesPerMinute: 1 } });
    const ada = await someone();
    const { admin, chat } = await group(ada);
    const send = () => messages.send(ada, { chatId: chat.id, text: 'first', clientMessageId: 'key' });

    const first = await send();
    const repeated = await send();
    await messages.edit(ada, first.message, 'second');
    const afterEdit = await send();
    await messages.delete(ada, chat.id, [{ rawId: 'a', key: first.message }]);
    await chats.close(admin, chat.id);
    const afterDelete = await send();

    expect(first).toMatchObject({ deduplicated: false, message: { clientMessageId: 'key' } });
    expect(repeated).toEqual({ deduplicated: true, message: first.message });
    expect(afterEdit).toMatchObject({ deduplicated: true, message: { seq: 1, text: 'second' } });
    expect(afterDelete).toMatchObject({ deduplicated: true, message: { seq: 1, text: null } });
    expect(typesOf(await logOf(database.current, chat))).toEqual([
      'MESSAGE_SENT',
      'MESSAGE_EDITED',
      'MESSAGES_DELETED',
      'CHAT_UPDATED',
    ]);
  });

  it('refuses a key that was used for another text, by what was first sent', async () => {
    const { group, messages } = await aNode();
    const [ada, bob] = [await someone(), await someone()];
    const { chat } = await group(ada, bob);
    const { message } = await messages.send(ada, { chatId: chat.id, text: 'first', clientMessageId: 'key' });
    await messages.edit(ada, message, 'second');

    const error = await errorOf(messages.send(ada, { chatId: chat.id, text: 'second', clientMessageId: 'key' }));
    const other = await messages.send(bob, { chatId: chat.id, text: 'second', clientMessageId: 'key' });

    expect(error).toBeInstanceOf(IdempotencyConflictError);
    expect(error).toMatchObject({ sent: { seq: 1, text: 'second' } });
    expect(other.deduplicated).toBe(false);
  });

  it('sends once what is sent with one key from two nodes at once', async () => {
    const [one, other] = [await aNode(), await aNode()];
    const ada = await someone();
    const { chat } = await one.group(ada);
    for (let round = 0; round < 10; round += 1) {
      const draft = { chatId: chat.id, text: 'once', clientMessageId: `key ${round}` };

      const answers = await Promise.all([one.messages.send(ada, draft), other.messages.send(ada, draft)]);

      expect(answers[0].message.seq).toBe(answers[1].message.seq);
      expect(answers.map(({ deduplicated }) => deduplicated).sort()).toEqual([false, true]);
    }
    expect(await logOf(database.current, chat)).toHaveLength(10);
  });

  it('S2.23 C5 allows so many a minute; what is refused or repeated costs nothing of them', async () => {
    const { chats, group, messages } = await aNode({ settings: { messagesPerMinute: 3 } });
    const [ada, bob] = [await someone(), await someone()];
    const { admin, chat } = await group(ada, bob);
    const closed = (await group(ada)).chat;
    const foreign = (await group(bob)).chat;
    await chats.close(admin, closed.id);
    const send = (chatId: bigint, key?: string) => messages.send(ada, { chatId, text: 'hi', clientMessageId: key });

    await send(chat.id, 'key');
    for (let count = 0; count < 5; count += 1) {
      await send(chat.id, 'key');
      expect(await errorOf(send(closed.id))).toBeInstanceOf(ChatClosedError);
      expect(await errorOf(send(foreign.id))).toBeInstanceOf(NotFoundError);
      expect(await errorOf(send(2n ** 62n))).toBeInstanceOf(NotFoundError);
    }
    await send(chat.id);
    await send(chat.id);
    const error = await errorOf(send(chat.id));

    expect(error).toBeInstanceOf(RateLimitedError);
    expect((error as RateLimitedError).retryAfterMs).toBeGreaterThan(50_000);
    expect(await errorOf(send(closed.id))).toBeInstanceOf(ChatClosedError);
    expect(await errorOf(send(foreign.id))).toBeInstanceOf(NotFoundError);
    expect(await send(chat.id, 'key')).toMatchObject({ deduplicated: true });
    expect(await headOf(database.current, chat)).toBe(3);
    await messages.send(bob, { chatId: chat.id, text: 'I may' });
  });

  it('refuses, in this order: input, a chat not seen, one where the viewer does not write, a closed one', async () => {
    const { chats, group, messages } = await aNode();
    const [ada, eve] = [await someone(), await someone()];
    const { admin, chat } = await group(ada);
    const { chat: dialog } = await chats.openDirect(ada, eve.id);
    await chats.close(admin, chat.id);
    const send = (viewer: Viewer, chatId: bigint | null, text = 'hi', clientMessageId: string | null = null) =>
      errorOf(messages.send(viewer, { chatId, text, clientMessageId }));

    expect(await send(eve, null, ' ')).toBeInstanceOf(TextEmptyError);
    expect(await send(eve, chat.id, 'a\0b')).toBeInstanceOf(InvalidInputError);
    expect(await send(eve, chat.id, 'hi', '')).toBeInstanceOf(InvalidInputError);
    expect(await send(eve, null)).toBeInstanceOf(NotFoundError);
    expect(await send(eve, chat.id)).toBeInstanceOf(NotFoundError);
    expect(await send(admin, dialog.id)).toBeInstanceOf(NotFoundError);
    expect(await send(admin, chat.id)).toBeInstanceOf(ForbiddenError);
    expect(await send(ada, chat.id)).toBeInstanceOf(ChatClosedError);
  });

  it('a removed member gets not even the answer to a key of their own', async () => {
    const { group, members, messages } = await aNode();
    const ada = await someone();
    const { admin, chat } = await group(ada);
    const draft = { chatId: chat.id, text: 'mine', clientMessageId: 'key' };
    await messages.send(ada, draft);
    await members.remove(admin, chat.id, ada.id);

    expect(await errorOf(messages.send(ada, draft))).toBeInstanceOf(NotFoundError);
  });
});

describe('editing', () => {
  it('S2.8 changes one’s own message, and tells the log with the number of the change', async () => {
    const { group, messages, hear } = await aNode();
    const ada = await someone();
    const { chat } = await group(ada);
    const { message } = await messages.send(ada, { chatId: chat.id, text: 'before' });
    const heard = await hear(chat);

    const edited = await messages.edit(ada, message, 'after');

    expect(edited).toMatchObject({ seq: 1, text: 'after', changedSeq: 2, createdAt: message.createdAt });
    expect(edited.editedAt).toBeInstanceOf(Date);
    const [event] = (await logOf(database.current, chat)).slice(1);
    expect(event).toMatchObject({ type: 'MESSAGE_EDITED', seq: 2, actorId: ada.id });
    expect(event!.messages).toEqual([edited]);
    await expect.poll(() => heard).toMatchObject([{ events: [{ seq: 2, messages: [{ text: 'after' }] }] }]);
  });

  it('to the same text changes nothing and costs nothing', async () => {
    const { group, messages } = await aNode({ settings: { editsPerMinute: 1 } });
    const ada = await someone();
    const { chat } = await group(ada);
    const { message } = await messages.send(ada, { chatId: chat.id, text: 'same' });

    for (let count = 0; count < 3; count += 1) expect(await messages.edit(ada, message, 'same')).toEqual(message);
    await messages.edit(ada, message, 'other');
    await messages.edit(ada, message, 'other');

    expect(await errorOf(messages.edit(ada, message, 'third'))).toBeInstanceOf(RateLimitedError);
    expect(await headOf(database.current, chat)).toBe(2);
  });

  // S3.6 S3.11 S3.31 C12
  it('answers alike for another’s message, one that is not there and one that was deleted', async () => {
    const { group, messages, chats } = await aNode();
    const [ada, bob, eve] = [await someone(), await someone(), await someone()];
    const { admin, chat } = await group(ada, bob);
    const { message } = await messages.send(ada, { chatId: chat.id, text: 'mine' });
    const { message: deleted } = await messages.send(ada, { chatId: chat.id, text: 'gone' });
    await messages.delete(ada, chat.id, [{ rawId: 'a', key: deleted }]);

    for (const viewer of [bob, admin]) {
      expect(await errorOf(messages.edit(viewer, message, 'x'))).toEqual(new NotFoundError('Message'));
    }
    expect(await errorOf(messages.edit(ada, { chatId: chat.id, seq: 99 }, 'x'))).toEqual(new NotFoundError('Message'));
    expect(await errorOf(messages.edit(ada, null, 'x'))).toEqual(new NotFoundError('Message'));
    expect(await errorOf(messages.edit(ada, deleted, 'x'))).toEqual(new NotFoundError('Message'));
    expect(await errorOf(messages.edit(eve, message, 'x'))).toBeInstanceOf(NotFoundError);
    await chats.close(admin, chat.id);
    expect(await errorOf(messages.edit(bob, message, 'x'))).toEqual(new NotFoundError('Message'));
    expect(await errorOf(messages.edit(ada, message, 'x'))).toBeInstanceOf(ChatClosedError);
    expect(await errorOf(messages.edit(ada, message, ' ')), 'only who may edit it learns this').toBeInstanceOf(
      ChatClosedError,
    );
    await chats.reopen(admin, chat.id);
    expect(await errorOf(messages.edit(ada, message, ' '))).toBeInstanceOf(TextEmptyError);
  });

  it('is forbidden to an administrator who wrote it as a member and no longer is one', async () => {
    const { group, members, messages } = await aNode();
    const { admin, chat } = await group();
    await members.add(admin, chat.id, admin.id);
    const { message } = await messages.send(admin, { chatId: chat.id, text: 'mine' });
    await members.leave(admin, chat.id);

    expect(await errorOf(messages.edit(admin, message, 'x'))).toBeInstanceOf(ForbiddenError);
  });

  it('gives two edits at once two numbers, and the message says what the later one made it', async () => {
    const { group, messages } = await aNode();
    const ada = await someone();
    const { chat } = await group(ada);
    const { message } = await messages.send(ada, { chatId: chat.id, text: 'first' });

    const edits = await Promise.all(['one', 'two'].map((text) => messages.edit(ada, message, text)));

    expect(edits.map(({ changedSeq }) => changedSeq).sort()).toEqual([2, 3]);
    const last = edits.find(({ changedSeq }) => changedSeq === 3);
    expect(await messages.byKeys(ada, [message])).toEqual([last]);
  });
});

describe('deleting', () => {
  const aTalk = async () => {
    const node = await aNode();
    const [ada, bob] = [await someone(), await someone()];
    const { admin, chat } = await node.group(ada, bob);
    const seqs = { ada: [0, 0], bob: [0, 0] };
    for (const index of [0, 1]) {
      seqs.ada[index] = await node.say(ada, chat, `ada ${index}`);
      seqs.bob[index] = await node.say(bob, chat, `bob ${index}`);
    }
    const reference = (seq: number, chatId = chat.id) => ({ rawId: `id ${seq}`, key: { chatId, seq } });
    return { ...node, ada, bob, admin, chat, seqs, reference };
  };

  // S2.8 S3.23 C2
  it('makes tombstones of one or many, with one event', async () => {
    const { ada, chat, seqs, messages, reference } = await aTalk();
    const asked = [seqs.ada[1]!, seqs.ada[0]!, seqs.ada[1]!].map((seq) => reference(seq));

    const { deleted, refused } = await messages.delete(ada, chat.id, asked);

    expect(refused).toEqual([]);
    expect(deleted.map(({ seq }) => seq)).toEqual([seqs.ada[1], seqs.ada[0]]);
    for (const message of deleted) {
      expect(message).toMatchObject({ text: null, changedSeq: 5, sender: { id: ada.id } });
      expect(message.deletedAt).toBeInstanceOf(Date);
    }
    const log = await logOf(database.current, chat);
    expect(log).toHaveLength(5);
    expect(log[4]).toMatchObject({
      type: 'MESSAGES_DELETED',
      actorId: ada.id,
      messages: [{ seq: seqs.ada[0] }, { seq: seqs.ada[1] }],
    });
    expect(log[0]?.messages).toEqual([deleted[1]]);
  });

  it('S3.32 deletes those that may go and names the others', async () => {
    const { ada, chat, seqs, messages, reference, group } = await aTalk();
    const elsewhere = (await group(ada)).chat;
    const asked = [
      reference(seqs.bob[0]!),
      reference(99),
      { rawId: 'other chat', key: { chatId: elsewhere.id, seq: seqs.ada[0]! } },
      { rawId: 'nonsense', key: null },
      { rawId: 'nonsense', key: null },
      reference(seqs.ada[0]!),
    ];

    const { deleted, refused } = await messages.delete(ada, chat.id, asked);

    expect(deleted.map(({ seq }) => seq)).toEqual([seqs.ada[0]]);
    expect(refused.map(({ rawId, code }) => [rawId, code])).toEqual([
      [`id ${seqs.bob[0]}`, 'FORBIDDEN'],
      ['id 99', 'NOT_FOUND'],
      ['other chat', 'NOT_FOUND'],
      ['nonsense', 'NOT_FOUND'],
    ]);
  });

  it('S3.32 C12 is "not found" where none may go, and changes nothing', async () => {
    const { ada, chat, seqs, messages, reference } = await aTalk();
    const eve = await someone();

    const error = await errorOf(messages.delete(ada, chat.id, [reference(seqs.bob[0]!), reference(99)]));

    expect(error).toEqual(new NotFoundError('Message'));
    expect(await errorOf(messages.delete(eve, chat.id, [reference(seqs.ada[0]!)]))).toBeInstanceOf(NotFoundError);
    expect(await errorOf(messages.delete(ada, null, [reference(seqs.ada[0]!)]))).toBeInstanceOf(NotFoundError);
    expect(await headOf(database.current, chat)).toBe(4);
  });

  it('counts what was deleted before as deleted, without a new event', async () => {
    const { ada, chat, seqs, messages, reference } = await aTalk();
    const first = await messages.delete(ada, chat.id, [reference(seqs.ada[0]!)]);

    const again = await messages.delete(ada, chat.id, [reference(seqs.ada[0]!)]);
    const both = await messages.delete(ada, chat.id, [reference(seqs.ada[0]!), reference(seqs.ada[1]!)]);

    expect(again).toEqual(first);
    expect(both.deleted.map(({ changedSeq }) => changedSeq)).toEqual([5, 6]);
    expect((await logOf(database.current, chat)).slice(4).map((event) => event.messages.map(({ seq }) => seq))).toEqual(
      [[seqs.ada[0]], [seqs.ada[1]]],
    );
  });

  it('S3.12 lets an administrator delete any message of a group, also in a closed one, where members may not', async () => {
    const { ada, bob, admin, chat, seqs, chats, messages, reference } = await aTalk();
    await chats.close(admin, chat.id);

    expect(await errorOf(messages.delete(ada, chat.id, [reference(seqs.ada[0]!)]))).toBeInstanceOf(ChatClosedError);
    const { deleted } = await messages.delete(admin, chat.id, [reference(seqs.ada[0]!), reference(seqs.bob[0]!)]);

    expect(deleted.map(({ senderId }) => senderId)).toEqual([ada.id, bob.id]);
  });

  it('takes 1 to 100 ids', async () => {
    const { ada, chat, messages, reference } = await aTalk();
    const many = Array.from({ length: 101 }, (_, index) => reference(index + 1));

    for (const references of [[], many]) {
      const error = await errorOf(messages.delete(ada, chat.id, references));
      expect(error).toMatchObject({ fields: [{ path: ['messageIds'] }] });
    }
    expect((await messages.delete(ada, chat.id, many.slice(0, 100))).deleted).toHaveLength(2);
  });

  it('S3.33 tells of each message once where two delete at once', async () => {
    const { ada, admin, chat, seqs, messages, reference } = await aTalk();
    const asked = seqs.ada.map((seq) => reference(seq));

    const outcomes = await Promise.all([messages.delete(ada, chat.id, asked), messages.delete(admin, chat.id, asked)]);

    expect(outcomes.map(({ deleted }) => deleted.map(({ seq }) => seq))).toEqual([seqs.ada, seqs.ada]);
    const events = (await logOf(database.current, chat)).slice(4);
    expect(events.flatMap((event) => event.messages.map(({ seq }) => seq)).sort()).toEqual(seqs.ada);
  });

  it('an edit and a deletion at once leave a tombstone', async () => {
    const { ada, chat, messages, reference } = await aTalk();
    for (let round = 0; round < 5; round += 1) {
      const { message } = await messages.send(ada, { chatId: chat.id, text: 'before' });

      await Promise.allSettled([
        messages.edit(ada, message, 'after'),
        messages.delete(ada, chat.id, [reference(message.seq)]),
      ]);

      expect(await messages.byKeys(ada, [message])).toMatchObject([{ text: null }]);
    }
  });
});

describe('reading messages', () => {
  it('S0.5 finds them by key, only in chats that the viewer sees', async () => {
    const { group, messages, say } = await aNode();
    const [ada, eve] = [await someone(), await someone()];
    const { admin, chat } = await group(ada);
    const seq = await say(ada, chat, 'hi');
    const keys = [
      { chatId: chat.id, seq: 99 },
      { chatId: chat.id, seq },
      { chatId: 2n ** 62n, seq },
    ];

    expect(await messages.byKeys(ada, keys)).toMatchObject([null, { text: 'hi', sender: { id: ada.id } }, null]);
    expect(await messages.byKeys(admin, keys)).toMatchObject([null, { text: 'hi' }, null]);
    expect(await messages.byKeys(eve, keys)).toEqual([null, null, null]);
  });

  it('S0.4 C9 lists all sent and received in chats of two, newest first, in pages', async () => {
    const { chats, group, messages, say } = await aNode();
    const [ada, bob, eve] = [await someone(), await someone(), await someone()];
    const { chat: one } = await chats.openDirect(ada, bob.id);
    const { chat: two } = await chats.openDirect(eve, ada.id);
    const { chat: foreign } = await chats.openDirect(eve, bob.id);
    const { chat: room } = await group(ada, bob);
    const texts = ['1', '2', '3', '4', '5', '6', '7'];
    for (const [index, text] of texts.entries()) {
      await say(ada, index % 3 === 0 ? one : two, text);
      await say(bob, foreign);
      await say(ada, room);
    }

    const pages = [];
    let after: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof messages.list>> = await messages.list(ada, null, { first: 3, after });
      pages.push(page!.edges.map(({ node }) => node.text));
      after = page!.pageInfo.hasNextPage ? page!.pageInfo.endCursor : null;
    } while (after !== null);
    const oldest = await messages.list(ada, null, { last: 2 });

    expect(pages).toEqual([['7', '6', '5'], ['4', '3', '2'], ['1']]);
    expect(oldest!.edges.map(({ node }) => node.text)).toEqual(['2', '1']);
    expect(oldest!.pageInfo.hasPreviousPage).toBe(true);
  });

  it('S1.12 C9 lists those of one chat, newest first; none that the viewer does not see', async () => {
    const { group, messages, say } = await aNode();
    const [ada, eve] = [await someone(), await someone()];
    const { chat } = await group(ada);
    expect((await messages.list(ada, chat.id))?.edges).toEqual([]);
    for (const text of ['1', '2', '3']) await say(ada, chat, text);
    await messages.delete(ada, chat.id, [{ rawId: 'a', key: { chatId: chat.id, seq: 2 } }]);

    const page = await messages.list(ada, chat.id, { first: 2 });

    expect(page!.edges.map(({ node }) => node.text)).toEqual(['3', null]);
    expect(page!.pageInfo.hasNextPage).toBe(true);
    expect(await messages.list(eve, chat.id)).toBeNull();
    expect(await messages.list(eve, 2n ** 62n)).toBeNull();
  });
});

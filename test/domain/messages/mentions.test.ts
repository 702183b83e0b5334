import { expect, it } from 'vitest';
import { ForbiddenError, IdempotencyConflictError, InvalidInputError } from '../../../src/domain/errors.js';
import { chatNode, errorOf, logOf, newPerson } from '../../support/chats.js';
import { ownDatabase } from '../../support/own-database.js';

const database = ownDatabase();
const someone = () => newPerson(database.current);

const aGroup = async () => {
  const node = await chatNode(database.current);
  const [ada, bob, eve] = [await someone(), await someone(), await someone()];
  const { admin, chat } = await node.group(ada, bob, eve);
  const mention = async (ids: readonly bigint[], person = ada) =>
    (await node.messages.send(person, { chatId: chat.id, text: 'Hello', mentionIds: ids })).message;
  const unreadOf = (person: typeof ada) => node.mentionReads.unreadCount(person, chat.id);
  return { ...node, ada, bob, eve, admin, chat, mention, unreadOf };
};

it('T12 counts the unread messages that mention one, until they are read or deleted', async () => {
  const { ada, bob, eve, chat, mention, mentionReads, messages, readPositions, unreadOf, say } = await aGroup();
  const first = await mention([bob.id, eve.id, bob.id]);
  await say(ada, chat);
  const second = await mention([bob.id]);

  expect(first.mentionIds).toEqual([bob.id, eve.id]);
  expect([await unreadOf(bob), await unreadOf(eve), await unreadOf(ada)]).toEqual([2, 1, 0]);
  expect(await mentionReads.unreadTotal(bob)).toBe(2);
  await readPositions.mark(bob, chat.id, first.seq);
  expect(await unreadOf(bob)).toBe(1);
  await messages.delete(ada, chat.id, [
    { rawId: 'a', key: second },
    { rawId: 'b', key: first },
  ]);
  expect([await unreadOf(bob), await unreadOf(eve)]).toEqual([0, 0]);
  expect((await logOf(database.current, chat))[0]!.messages[0]).toMatchObject({ mentionIds: null });
});

it('T12 does not count mentions of oneself, nor those from before one joined', async () => {
  const { ada, bob, chat, admin, members, mention, unreadOf } = await aGroup();
  await mention([ada.id, bob.id]);

  await members.remove(admin, chat.id, bob.id);
  await members.add(admin, chat.id, bob.id);

  expect([await unreadOf(ada), await unreadOf(bob), await unreadOf(await someone())]).toEqual([0, 0, 0]);
});

it('T12 mentions members only, at most fifty, and says which are not', async () => {
  const { ada, bob, chat, messages } = await aGroup();
  const stranger = await someone();
  const send = (mentionIds: (bigint | null)[]) =>
    errorOf(messages.send(ada, { chatId: chat.id, text: 'Hello', mentionIds }));

  for (const unknown of [stranger.id, 9_999_999n, null]) {
    const error = await send([bob.id, unknown]);
    expect(error).toBeInstanceOf(InvalidInputError);
    expect(error).toMatchObject({ fields: [{ path: ['mentionIds', '1'], code: 'NOT_FOUND' }] });
  }
  expect(await send(Array.from({ length: 51 }, () => bob.id))).toMatchObject({
    fields: [{ path: ['mentionIds'], code: 'TOO_MANY', limit: 50 }],
  });
  expect(await logOf(database.current, chat)).toEqual([]);
});

it('T13 an edit mentions somebody else, and who stays mentioned is counted once', async () => {
  const { ada, bob, eve, chat, mention, messages, unreadOf } = await aGroup();
  const message = await mention([bob.id]);

  const edited = await messages.edit(ada, message, 'Hello', [bob.id, eve.id]);
  expect(edited).toMatchObject({ mentionIds: [bob.id, eve.id], changedSeq: 2 });
  expect([await unreadOf(bob), await unreadOf(eve)]).toEqual([1, 1]);
  expect((await messages.edit(ada, message, 'Hello', [eve.id, bob.id])).changedSeq).toBe(2);
  expect((await messages.edit(ada, message, 'Hello!')).mentionIds).toEqual([bob.id, eve.id]);
  expect((await messages.edit(ada, message, 'Hello!', [])).mentionIds).toBe(null);
  expect([await unreadOf(bob), await unreadOf(eve)]).toEqual([0, 0]);

  const stranger = await someone();
  const error = await errorOf(messages.edit(ada, message, 'Bye', [bob.id, stranger.id]));
  expect(error).toMatchObject({ fields: [{ path: ['mentionIds', '1'], code: 'NOT_FOUND' }] });
  expect((await logOf(database.current, chat)).at(-1)!.messages[0]).toMatchObject({ text: 'Hello!', mentionIds: null });
  expect(await unreadOf(bob)).toBe(0);
});

it('T14 who manages the chat mentions everyone, and a message that mentions one twice counts once', async () => {
  const { ada, bob, admin, chat, members, messages, unreadOf } = await aGroup();
  const draft = { chatId: chat.id, text: 'All', mentionsEveryone: true, mentionIds: [bob.id] };
  await members.add(admin, chat.id, admin.id);

  expect(await errorOf(messages.send(ada, draft))).toBeInstanceOf(ForbiddenError);
  const { message } = await messages.send(admin, draft);

  expect(message).toMatchObject({ mentionsEveryone: true, mentionIds: [bob.id] });
  expect([await unreadOf(ada), await unreadOf(bob), await unreadOf(admin)]).toEqual([1, 1, 0]);
  await messages.delete(admin, chat.id, [{ rawId: 'a', key: message }]);
  expect([await unreadOf(ada), await unreadOf(bob)]).toEqual([0, 0]);
});

it('T14 in a dialog nobody mentions everyone', async () => {
  const { ada, bob, chats, messages } = await aGroup();
  const { chat } = await chats.openDirect(ada, bob.id);

  const error = await errorOf(messages.send(ada, { chatId: chat.id, text: 'All', mentionsEveryone: true }));

  expect(error).toBeInstanceOf(ForbiddenError);
});

it('T12 a repeated key is compared by whom it mentioned, in whichever order', async () => {
  const { ada, bob, eve, chat, messages } = await aGroup();
  const draft = { chatId: chat.id, text: 'Hello', clientMessageId: 'key' };
  await messages.send(ada, { ...draft, mentionIds: [bob.id, eve.id] });

  expect(await messages.send(ada, { ...draft, mentionIds: [eve.id, bob.id] })).toMatchObject({ deduplicated: true });
  for (const mentionIds of [[bob.id], [], undefined])
    expect(await errorOf(messages.send(ada, { ...draft, mentionIds }))).toBeInstanceOf(IdempotencyConflictError);
});

it('T12 refuses by the right to write before it says who is no member', async () => {
  const { admin, chat, messages } = await aGroup();

  const error = await errorOf(messages.send(admin, { chatId: chat.id, text: 'Hello', mentionIds: [9_999_999n] }));

  expect(error).toBeInstanceOf(ForbiddenError);
});

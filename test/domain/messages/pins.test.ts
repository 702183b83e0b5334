import { expect, it } from 'vitest';
import { ChatClosedError, ForbiddenError, InvalidInputError, NotFoundError } from '../../../src/domain/errors.js';
import { chatNode, errorOf, headOf, logOf, newPerson, typesOf } from '../../support/chats.js';
import { ownDatabase } from '../../support/own-database.js';

const database = ownDatabase();
const someone = () => newPerson(database.current);

const aGroup = async () => {
  const node = await chatNode(database.current);
  const [ada, bob] = [await someone(), await someone()];
  const { admin, chat } = await node.group(ada, bob);
  const say = async (text = 'Hello') => ({ chatId: chat.id, seq: await node.say(ada, chat, text) });
  const pinnedFor = async (person: typeof ada) =>
    (await node.chats.pinnedMessages(person, chat.id)).edges.map(({ node: { seq } }) => seq);
  return { ...node, ada, bob, admin, chat, say, pinnedFor };
};

it('T15 who manages the chat pins messages and unpins them, newest pin first, each an event of the log', async () => {
  const { ada, admin, chat, pins, say, pinnedFor } = await aGroup();
  const [one, other] = [await say(), await say()];

  const pinned = await pins.pin(admin, other);
  await pins.pin(admin, one);
  await pins.pin(admin, one);
  expect(pinned.pinnedAt).toBeInstanceOf(Date);
  expect(await pinnedFor(ada)).toEqual([one.seq, other.seq]);
  expect(await pinnedFor(await someone())).toEqual([]);

  expect((await pins.unpin(admin, other)).pinnedAt).toBe(null);
  await pins.unpin(admin, other);
  expect(await pinnedFor(ada)).toEqual([one.seq]);
  const log = (await logOf(database.current, chat)).slice(2);
  expect(log.map(({ type, actorId, messages }) => [type, actorId, messages[0]!.seq])).toEqual([
    ['MESSAGE_PINNED', admin.id, other.seq],
    ['MESSAGE_PINNED', admin.id, one.seq],
    ['MESSAGE_UNPINNED', admin.id, other.seq],
  ]);
});

it('T15 is for those who manage it; in a dialog, for both', async () => {
  const { ada, bob, admin, chat, chats, pins, say, say: _say, ...node } = await aGroup();
  const key = await say();

  expect(await errorOf(pins.pin(ada, key))).toBeInstanceOf(ForbiddenError);
  expect(await errorOf(pins.pin(await someone(), key))).toEqual(new NotFoundError('Chat'));
  await chats.close(admin, chat.id);
  expect(await errorOf(pins.pin(admin, key))).toBeInstanceOf(ChatClosedError);
  const { chat: dialog } = await chats.openDirect(ada, bob.id);
  const { message } = await node.messages.send(ada, { chatId: dialog.id, text: 'Hello' });
  await pins.pin(bob, message);
  expect((await pins.unpin(ada, message)).pinnedAt).toBe(null);
});

it('T15 a message that is deleted is pinned no longer, and cannot be', async () => {
  const { ada, admin, chat, messages, pins, say, pinnedFor } = await aGroup();
  const [one, other] = [await say(), await say()];
  await pins.pin(admin, one);
  await pins.pin(admin, other);

  await messages.delete(ada, chat.id, [{ rawId: 'a', key: one }]);

  expect(await pinnedFor(ada)).toEqual([other.seq]);
  for (const gone of [one, { ...one, seq: 99 }, null])
    expect(await errorOf(pins.pin(admin, gone))).toEqual(new NotFoundError('Message'));
  expect(typesOf(await logOf(database.current, chat)).at(-1)).toBe('MESSAGES_DELETED');
});

it('T15 at most fifty are pinned, however many are pinned at once', async () => {
  const { admin, chat, pins, say, pinnedFor } = await aGroup();
  const keys = [];
  for (let n = 0; n < 52; n += 1) keys.push(await say());

  const answers = await Promise.all(keys.map((key) => pins.pin(admin, key).catch((error: unknown) => error)));

  const refused = answers.filter((answer) => answer instanceof InvalidInputError);
  expect(refused.map(({ fields }) => fields[0])).toMatchObject(
    [1, 2].map(() => ({ path: ['messageId'], code: 'TOO_MANY', limit: 50 })),
  );
  expect(await pinnedFor(admin)).toHaveLength(50);
  expect(await headOf(database.current, chat)).toBe(102);
});

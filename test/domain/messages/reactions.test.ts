import { expect, it } from 'vitest';
import {
  ChatClosedError,
  ForbiddenError,
  InvalidInputError,
  NotFoundError,
  NotJoinedError,
  RateLimitedError,
} from '../../../src/domain/errors.js';
import { chatNode, counting, errorOf, headOf, logOf, newPerson, typesOf } from '../../support/chats.js';
import { ownDatabase } from '../../support/own-database.js';

const database = ownDatabase();
const aNode = (...options: Parameters<typeof chatNode> extends [unknown, ...infer Rest] ? Rest : never) =>
  chatNode(database.current, ...options);
const someone = () => newPerson(database.current);

/** A message of Ada's, in a group with Bob. */
const aMessage = async (...options: Parameters<typeof aNode>) => {
  const node = await aNode(...options);
  const [ada, bob] = [await someone(), await someone()];
  const { admin, chat } = await node.group(ada, bob);
  const key = { chatId: chat.id, seq: await node.say(ada, chat) };
  return { ...node, ada, bob, admin, chat, key };
};

const storedOn = async ({ chatId, seq }: { chatId: bigint; seq: number }) => {
  const [row] = await database.current.query<{ reactions: string | null; own: string[] }>(
    `SELECT reactions, ARRAY(SELECT user_id || emoji FROM reaction WHERE chat_id = $1 AND message_seq = $2 ORDER BY seq) AS own
     FROM message WHERE chat_id = $1 AND seq = $2`,
    [chatId, seq],
  );
  return row!;
};

it('T1 counts reactions by emoji in the order of first use, and says in the log who added and removed them', async () => {
  const { reactions, ada, bob, chat, key } = await aMessage();

  await reactions.add(bob, key, '👍');
  await reactions.add(ada, key, '❤️');
  const message = await reactions.add(ada, key, '👍');
  const after = await reactions.remove(bob, key, '👍');

  expect(message).toMatchObject({ ...key, reactions: '[["👍",2],["❤️",1]]', changedSeq: 4 });
  expect(after).toMatchObject({ reactions: '[["👍",1],["❤️",1]]', changedSeq: 5 });
  const log = (await logOf(database.current, chat)).slice(1);
  expect(log.map(({ type, actorId, emoji }) => [type, actorId, emoji])).toEqual([
    ['REACTION_ADDED', bob.id, '👍'],
    ['REACTION_ADDED', ada.id, '❤️'],
    ['REACTION_ADDED', ada.id, '👍'],
    ['REACTION_REMOVED', bob.id, '👍'],
  ]);
  expect(log.map(({ messages }) => messages[0]!.reactions)).toEqual(log.map(() => after.reactions));
});

it('T1 adding twice and removing what is not there change nothing', async () => {
  const { reactions, bob, chat, key } = await aMessage();

  const first = await reactions.add(bob, key, '👍');
  expect(await reactions.add(bob, key, '👍')).toEqual(first);
  expect(await reactions.remove(bob, key, '🎉')).toEqual(first);

  expect(await headOf(database.current, chat)).toBe(2);
});

it.each(['', 'a', '👍👍', '👍 ', '❤', '1', '\u{1f3fb}\u{1f3fb}', '👍'.repeat(1000)])(
  'T1 refuses %j, which is not one emoji',
  async (text) => {
    const { reactions, bob, key } = await aMessage();

    const error = await errorOf(reactions.add(bob, key, text));

    expect(error).toBeInstanceOf(InvalidInputError);
    expect(error).toMatchObject({ fields: [{ path: ['emoji'], code: 'MALFORMED' }] });
  },
);

it('T1 takes what is one emoji though it has many code points', async () => {
  const { reactions, bob, key } = await aMessage();

  for (const emoji of ['👨‍👩‍👧‍👦', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', '👋🏽', '🇺🇦', '1️⃣']) await reactions.add(bob, key, emoji);

  expect((await storedOn(key)).own).toHaveLength(5);
});

it('T2 a user has at most ten on a message, and a message twenty different ones, however many come at once', async () => {
  const { reactions, ada, bob, group, say } = await aMessage();
  const others = [await someone(), await someone(), await someone()];
  const { chat } = await group(ada, bob, ...others);
  const key = { chatId: chat.id, seq: await say(ada, chat) };
  const faces = Array.from({ length: 33 }, (_, n) => String.fromCodePoint(0x1f600 + n));
  const answers = await Promise.all(
    [bob, ...others].flatMap((person, n) =>
      faces.slice(n * 6, n * 6 + 15).map((face) => reactions.add(person, key, face).catch((error: unknown) => error)),
    ),
  );

  const refused = answers.filter((answer) => answer instanceof InvalidInputError);
  expect(refused.length).toBeGreaterThanOrEqual(20);
  for (const { fields } of refused) expect(fields).toMatchObject([{ path: ['emoji'], code: 'TOO_MANY' }]);
  const { reactions: counts, own } = await storedOn(key);
  expect(JSON.parse(counts!)).toHaveLength(20);
  for (const { id } of [bob, ...others]) expect(own.filter((one) => one.startsWith(`${id}`)).length).toBeLessThan(11);
  // Everybody may still join in with one that is there.
  await reactions.remove(bob, key, faces[0]!);
  await reactions.add(ada, key, faces[1]!);
});

it('T2 are one statement for each of their kinds, however many people react at once, on two nodes', async () => {
  const { db, count } = counting(database.current);
  const [one, other] = [await chatNode(db), await aNode()];
  const people = [];
  for (let n = 0; n < 40; n += 1) people.push(await someone());
  const { chat } = await one.group(...people);
  const key = { chatId: chat.id, seq: await one.say(people[0]!, chat) };
  const before = count();

  await Promise.all(people.map((person, n) => (n % 2 === 0 ? one : other).reactions.add(person, key, '👍')));

  // Those of one node are one batch: the lock, three reads, three writes; or two, if the first of them was alone.
  expect(count() - before).toBeLessThanOrEqual(14);
  const { reactions, own } = await storedOn(key);
  expect([reactions, own.length]).toEqual(['[["👍",40]]', 40]);
  const log = (await logOf(database.current, chat)).slice(1);
  expect(log.map(({ seq }) => seq)).toEqual(people.map((_person, n) => n + 2));
  expect(new Set(log.map(({ actorId }) => actorId)).size).toBe(40);
});

it('T1 the last of what one person asks for at once counts', async () => {
  const { reactions, bob, chat, key } = await aMessage();
  for (let round = 0; round < 5; round += 1) {
    await Promise.all([
      reactions.add(bob, key, '👍'),
      reactions.remove(bob, key, '👍'),
      reactions.add(bob, key, '👍'),
      reactions.remove(bob, key, '👍'),
      ...(round % 2 === 0 ? [reactions.add(bob, key, '👍')] : []),
    ]);

    const isThere = round % 2 === 0;
    expect(await storedOn(key)).toEqual({
      reactions: isThere ? '[["👍",1]]' : null,
      own: isThere ? [`${bob.id}👍`] : [],
    });
  }
  const types = typesOf(await logOf(database.current, chat)).slice(1);
  // Added and removed in turns, whatever of it was in one batch.
  expect(types).toEqual(types.map((_type, n) => (n % 2 === 0 ? 'REACTION_ADDED' : 'REACTION_REMOVED')));
});

it('T1 are gone with the message, and nobody reacts to one that is deleted or not there', async () => {
  const { messages, reactions, ada, bob, chat, key } = await aMessage();
  await reactions.add(bob, key, '👍');

  await messages.delete(ada, chat.id, [{ rawId: 'a', key }]);

  expect(await storedOn(key)).toEqual({ reactions: null, own: [] });
  for (const gone of [key, { ...key, seq: 99 }, null])
    expect(await errorOf(reactions.add(bob, gone, '👍'))).toEqual(new NotFoundError('Message'));
  expect(await errorOf(reactions.add(bob, { chatId: 9_999_999n, seq: 1 }, '👍'))).toEqual(new NotFoundError('Chat'));
});

it('T1 are for those who write there: one who may not is refused as a sender is', async () => {
  const { chats, matches, brands, reactions, say, join, admin, bob, chat, key } = await aMessage();
  const stranger = await someone();

  expect(await errorOf(reactions.add(stranger, key, '👍'))).toEqual(new NotFoundError('Chat'));
  expect(await errorOf(reactions.add(admin, key, '👍'))).toBeInstanceOf(ForbiddenError);
  await chats.close(admin, chat.id);
  expect(await errorOf(reactions.add(bob, key, '👍'))).toBeInstanceOf(ChatClosedError);

  const [one, other] = [await someone(), await someone()];
  const brandOf = (name: string, owner: { id: bigint }) =>
    brands.create(admin, { name, ownerId: owner.id, plan: 'FREE' });
  const [brand, otherBrand] = [await brandOf('One', one), await brandOf('Other', other)];
  const { chat: match } = await matches.create(admin, [brand.id, otherBrand.id]);
  const place = await join(one, match);
  const inMatch = { chatId: match.id, seq: await say(one, match) };
  expect(await errorOf(reactions.add(other, inMatch, '👍'))).toBeInstanceOf(NotJoinedError);
  await reactions.add(one, inMatch, '👍');
  place.release();
});

it('T2 are limited by the minute; what changes nothing does not count', async () => {
  const { reactions, bob, key } = await aMessage({ settings: { reactionsPerMinute: 2 } });

  await reactions.add(bob, key, '👍');
  await reactions.add(bob, key, '👍');
  await errorOf(reactions.add(bob, { ...key, seq: 99 }, '👍'));
  await reactions.remove(bob, key, '👍');

  expect(await errorOf(reactions.add(bob, key, '👍'))).toBeInstanceOf(RateLimitedError);
  expect(await reactions.remove(bob, key, '👍')).toMatchObject({ reactions: null });
});

it('T1 leave what is unread, and when something last happened, as they were', async () => {
  const { chats, reactions, readPositions, ada, bob, chat, key } = await aMessage();
  await readPositions.mark(bob, chat.id, null);
  const before = await chats.visible(ada, chat.id);

  await reactions.add(bob, key, '👍');
  await reactions.add(ada, key, '👍');

  expect([await chats.unreadCount(ada, chat.id), await chats.unreadCount(bob, chat.id)]).toEqual([0, 0]);
  expect((await chats.visible(ada, chat.id))!.activityAt).toEqual(before!.activityAt);
});

it('T1 tell each viewer which are theirs, and who was first, in one statement each for a page', async () => {
  const { db, count } = counting(database.current);
  const { reactionReads, reactions, group, say } = await chatNode(db);
  const [ada, bob, stranger] = [await someone(), await someone(), await someone()];
  const { chat } = await group(ada, bob);
  const keys: { chatId: bigint; seq: number }[] = [];
  for (let n = 0; n < 5; n += 1) {
    const key = { chatId: chat.id, seq: await say(ada, chat) };
    keys.push(key);
    for (const person of n % 2 === 0 ? [bob, ada] : [bob]) await reactions.add(person, key, '👍');
  }
  const before = count();

  const own = await Promise.all(
    [ada, bob, stranger].map((viewer) => Promise.all(keys.map((key) => reactionReads.ofViewer(viewer, key)))),
  );
  const users = await Promise.all(
    [ada, stranger].map((viewer) => Promise.all(keys.map((key) => reactionReads.usersOf(viewer, key, '👍', 10)))),
  );
  const first = await reactionReads.usersOf(ada, keys[0]!, '👍', 1);

  expect(count() - before).toBe(3);
  expect(own.map((sets) => sets.map((set) => set.size))).toEqual([
    [1, 0, 1, 0, 1],
    [1, 1, 1, 1, 1],
    [0, 0, 0, 0, 0],
  ]);
  const both = [bob.id, ada.id];
  expect(users).toEqual([
    [both, [bob.id], both, [bob.id], both],
    [[], [], [], [], []],
  ]);
  expect(first).toEqual([bob.id]);
});

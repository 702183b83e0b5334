import { expect, it } from 'vitest';
import { ForbiddenError, InvalidInputError, NotFoundError, RateLimitedError } from '../../../src/domain/errors.js';
import type { Viewer } from '../../../src/domain/viewer.js';
import { chatNode, counting, deactivate, errorOf, logOf, newPerson, typesOf } from '../../support/chats.js';
import { logProblems } from '../../support/log-problems.js';
import { ownDatabase } from '../../support/own-database.js';

const database = ownDatabase();
const someone = () => newPerson(database.current);

const twoPeople = async () => {
  const node = await chatNode(database.current);
  const [ada, bob] = [await someone(), await someone()];
  const isBlockedIn = async (chat: { id: bigint }) =>
    (await database.current.query<{ is: boolean }>('SELECT is_blocked AS is FROM chat WHERE id = $1', [chat.id]))[0]!
      .is;
  return { ...node, ada, bob, isBlockedIn };
};

const aDialog = async () => {
  const node = await twoPeople();
  const { chat } = await node.chats.openDirect(node.ada, node.bob.id);
  const of = async (sender: Viewer, text = 'Hello') => ({ chatId: chat.id, seq: await node.say(sender, chat, text) });
  return { ...node, chat, own: await of(node.ada), theirs: await of(node.bob), of };
};

const NOT_POSSIBLE = new ForbiddenError('Messages between you two are not possible');

it('T46 who has blocked somebody gets no messages from them, and writes them none; both are told the same', async () => {
  const { ada, bob, blocks, chat, chats, messages, pins, reactions, own, theirs, typing, ...node } = await aDialog();
  const heard = await node.hear(chat);

  expect((await blocks.block(ada, bob.id)).id).toBe(bob.id);

  for (const [me, mine] of [
    [ada, own],
    [bob, theirs],
  ] as const) {
    const refused = await Promise.all(
      [
        messages.send(me, { chatId: chat.id, text: 'Hello?' }),
        messages.send(me, { chatId: chat.id, text: 'Hello?', replyTo: mine }),
        messages.edit(me, mine, 'Hello?'),
        reactions.add(me, mine, '👍'),
        pins.pin(me, mine),
        typing.set(me, chat.id, true),
        chats.openDirect(me, me === ada ? bob.id : ada.id),
      ].map(errorOf),
    );
    expect(refused).toEqual(refused.map(() => NOT_POSSIBLE));
    expect(await chats.permissions(me, chat.id)).toMatchObject({
      canSend: false,
      canReact: false,
      canPin: false,
      canMarkRead: true,
    });
    expect((await chats.messages(me, chat.id, {})).edges).toHaveLength(2);
  }
  expect(heard).toEqual([]);
  expect(await logProblems(database.current)).toEqual([]);
});

it('T46 what is one’s own is still deleted, and all is still read', async () => {
  const { ada, bob, blocks, chat, messages, own, theirs, readPositions } = await aDialog();
  await blocks.block(bob, ada.id);

  expect((await messages.delete(ada, chat.id, [{ rawId: 'a', key: own }])).deleted).toHaveLength(1);
  expect(await errorOf(messages.delete(ada, chat.id, [{ rawId: 'a', key: theirs }]))).toBeInstanceOf(NotFoundError);
  expect((await readPositions.mark(ada, chat.id, null)).headSeq).toBe(3);
});

it('T46 it lasts until both have taken theirs back, and other chats stay as they are', async () => {
  const { ada, bob, blocks, chat, isBlockedIn, ...node } = await aDialog();
  const { chat: group } = await node.group(ada, bob);
  await blocks.block(ada, bob.id);
  await blocks.block(bob, ada.id);

  await blocks.unblock(ada, bob.id);
  expect(await isBlockedIn(chat)).toBe(true);
  await node.say(ada, group);
  await blocks.unblock(bob, ada.id);
  expect(await isBlockedIn(chat)).toBe(false);
  await node.say(ada, chat);
  await node.chats.openDirect(ada, bob.id);
  expect(typesOf(await logOf(database.current, chat))).toEqual(['MESSAGE_SENT', 'MESSAGE_SENT', 'MESSAGE_SENT']);
});

it('T46 a dialog that was never opened cannot be, by either, and costs no part of the limit', async () => {
  const node = await chatNode(database.current, { settings: { directChatsPerMinute: 1 } });
  const [ada, bob] = [await someone(), await someone()];
  await node.blocks.block(ada, bob.id);

  expect(await errorOf(node.chats.openDirect(ada, bob.id))).toEqual(NOT_POSSIBLE);
  expect(await errorOf(node.chats.openDirect(bob, ada.id))).toEqual(NOT_POSSIBLE);
  await node.blocks.unblock(ada, bob.id);
  expect(await node.chats.openDirect(ada, bob.id)).toMatchObject({ created: true, chat: { isBlocked: false } });
});

it('T46 neither oneself nor who is not there can be blocked; who is blocked already can, as can the deactivated', async () => {
  const { ada, bob, blocks } = await twoPeople();

  expect(await errorOf(blocks.block(ada, ada.id))).toBeInstanceOf(InvalidInputError);
  for (const nobody of [999_999n, null]) {
    expect(await errorOf(blocks.block(ada, nobody))).toEqual(new NotFoundError('User'));
    expect(await errorOf(blocks.unblock(ada, nobody))).toEqual(new NotFoundError('User'));
  }
  await deactivate(database.current, bob);
  await blocks.block(ada, bob.id);
  await blocks.block(ada, bob.id);
  expect(await blocks.isBlocked(ada, bob.id)).toBe(true);
  expect(await blocks.isBlocked(bob, ada.id)).toBe(false);
  await blocks.unblock(ada, bob.id);
  await blocks.unblock(ada, bob.id);
  expect(await blocks.isBlocked(ada, bob.id)).toBe(false);
});

it('T46 where people see only whom they share a chat with, strangers are not blocked, but blocked ones can be let go', async () => {
  const node = await chatNode(database.current, { settings: { userDirectory: 'shared' } });
  const [ada, bob] = [await someone(), await someone()];
  const { admin, chat } = await node.group(ada, bob);
  await node.blocks.block(ada, bob.id);
  await node.members.remove(admin, chat.id, bob.id);

  expect((await node.blocks.list(ada, {})).edges.map(({ node: { id } }) => id)).toEqual([bob.id]);
  await node.blocks.unblock(ada, bob.id);
  expect(await errorOf(node.blocks.block(ada, bob.id))).toEqual(new NotFoundError('User'));
  expect(await errorOf(node.blocks.unblock(ada, bob.id))).toEqual(new NotFoundError('User'));
});

it('T47 whom one has blocked is listed by account, page by page, and asked for in one statement', async () => {
  const { db, count } = counting(database.current);
  const { ada, bob, blocks } = { ...(await chatNode(db)), ada: await someone(), bob: await someone() };
  const others = await Promise.all([1, 2, 3].map(someone));
  const ids = others.map(({ id }) => id).sort((one, other) => Number(one - other));
  await Promise.all(others.map(({ id }) => blocks.block(ada, id)));

  const page = await blocks.list(ada, { first: 2 });
  const rest = await blocks.list(ada, { after: page.pageInfo.endCursor });
  expect([...page.edges, ...rest.edges].map(({ node }) => node.id)).toEqual(ids);
  expect((await blocks.list(bob, {})).edges).toEqual([]);

  const before = count();
  const answers = await Promise.all([
    ...ids.map((id) => blocks.isBlocked(ada, id)),
    ...ids.map((id) => blocks.isBlocked(bob, id)),
    blocks.isBlocked(ada, bob.id),
  ]);
  expect(answers).toEqual([true, true, true, false, false, false, false]);
  expect(count() - before).toBe(1);
});

it('T47 at most ten thousand are blocked, by however many at once, and at most sixty a minute', async () => {
  const { ada, bob, blocks } = await twoPeople();
  const others = await Promise.all([1, 2, 3].map(someone));
  await database.current.query(
    `WITH made AS (INSERT INTO "user" (username, username_key, email, email_key)
       SELECT name, name, name, name FROM generate_series(1, 9998) n CROSS JOIN LATERAL (SELECT 'many' || n) named(name) RETURNING id)
     INSERT INTO block (user_id, blocked_id) SELECT $1, id FROM made`,
    [ada.id],
  );

  const answers = await Promise.all(others.map(({ id }) => blocks.block(ada, id).catch((error: unknown) => error)));
  expect(answers.filter((answer) => answer instanceof InvalidInputError)).toMatchObject([
    { fields: [{ path: ['userId'], code: 'TOO_MANY', limit: 10_000 }] },
  ]);

  let done = 0;
  const flood = async () => {
    for (; ; done += 1) await (done % 2 === 0 ? blocks.block(bob, ada.id) : blocks.unblock(bob, ada.id));
  };
  expect(await errorOf(flood())).toBeInstanceOf(RateLimitedError);
  expect(done).toBe(60);
});

it('T46 opening and blocking at once end in a dialog that is blocked, or in none', async () => {
  for (let round = 0; round < 20; round += 1) {
    const [one, other] = [await twoPeople(), await chatNode(database.current)];
    const { ada, bob } = one;
    await Promise.all([
      one.chats.openDirect(ada, bob.id).catch((error: unknown) => expect(error).toEqual(NOT_POSSIBLE)),
      other.blocks.block(bob, ada.id),
      other.blocks.block(ada, bob.id),
      other.chats.openDirect(bob, ada.id).catch((error: unknown) => expect(error).toEqual(NOT_POSSIBLE)),
    ]);
    expect(await errorOf(one.chats.openDirect(ada, bob.id))).toEqual(NOT_POSSIBLE);
  }
  expect(await logProblems(database.current)).toEqual([]);
});

it('T46 whoever blocks and unblocks at once, the dialog says at the end what is so', async () => {
  const { ada, bob, blocks, chat, isBlockedIn } = await aDialog();
  const other = await chatNode(database.current);

  for (let round = 0; round < 15; round += 1) {
    await Promise.all([
      blocks.block(ada, bob.id),
      other.blocks.block(bob, ada.id),
      other.blocks.unblock(ada, bob.id),
      blocks.unblock(bob, ada.id),
    ]);
    const either = (await blocks.isBlocked(ada, bob.id)) || (await blocks.isBlocked(bob, ada.id));
    expect(await isBlockedIn(chat)).toBe(either);
  }
});

it('T46 no message gets through once the block is answered, however many are being sent', async () => {
  const { ada, bob, blocks, chat, messages, of } = await aDialog();
  await of(bob);
  let isOver = false;
  let last = 0;
  const write = async () => {
    for (let n = 0; n < 200; n += 1) {
      const wasOver = isOver;
      const sent = await messages.send(bob, { chatId: chat.id, text: `${n}` }).catch((error: unknown) => error);
      if (sent instanceof Error) return expect(sent).toEqual(NOT_POSSIBLE);
      expect(wasOver).toBe(false);
      last = (sent as { message: { seq: number } }).message.seq;
    }
    throw new Error('The block did not stop them');
  };
  const block = async () => {
    while (last < 8) await new Promise(setImmediate);
    await blocks.block(ada, bob.id);
    isOver = true;
  };
  await Promise.all([write(), write(), write(), block()]);
});

import { describe, expect, it } from 'vitest';
import type { Database } from '../../../src/db/database.js';
import { BadUserInputError } from '../../../src/domain/bad-user-input.js';
import { createChatLog } from '../../../src/domain/chats/chat-log.js';
import type { PageArgs } from '../../../src/domain/page.js';
import type { Viewer } from '../../../src/domain/viewer.js';
import { chatNode, counting, errorOf, logOf, newPerson, typesOf } from '../../support/chats.js';
import { range, withStep } from '../../support/log.js';
import { age, pruneAll } from '../../support/old-events.js';
import { ownDatabase } from '../../support/own-database.js';

const database = ownDatabase();

interface Where {
  db?: Database;
  retentionDays?: number;
}

const readLog = async (
  viewer: Viewer,
  { id }: { id: bigint },
  page?: PageArgs,
  { db = database.current, retentionDays = 0 }: Where = {},
) => await createChatLog({ db, retentionDays }).read(viewer, id, page);

const seqsOf = ({ edges }: { edges: { node: { seq: number } }[] }) => edges.map(({ node }) => node.seq);

/** Ada and Bob in a group in which so many messages were sent. */
const aChat = async (messages: number) => {
  const node = await chatNode(database.current);
  const [ada, bob] = [await newPerson(database.current), await newPerson(database.current)];
  const { admin, chat } = await node.group(ada, bob);
  for (let count = 1; count <= messages; count += 1) await node.say(ada, chat, `text ${count}`);
  return { ...node, ada, bob, admin, chat };
};

describe('the log of a chat', () => {
  it('is what a replay tells of it now: everything but its making, messages as they are, deleted ones as tombstones', async () => {
    const { ada, bob, admin, chat, chats, members, messages } = await aChat(3);
    await messages.edit(ada, { chatId: chat.id, seq: 1 }, 'edited');
    await messages.delete(ada, chat.id, [{ rawId: '', key: { chatId: chat.id, seq: 2 } }]);
    await chats.update(admin, { chatId: chat.id, name: 'Renamed' });
    await members.leave(bob, chat.id);
    await members.add(admin, chat.id, bob.id);

    const events = (await readLog(bob, chat)).edges.map(({ node }) => node);

    expect(events).toEqual(await logOf(database.current, chat));
    expect(typesOf(events)).toEqual([
      'MESSAGE_SENT',
      'MESSAGE_SENT',
      'MESSAGE_SENT',
      'MESSAGE_EDITED',
      'MESSAGES_DELETED',
      'CHAT_UPDATED',
      'MEMBER_REMOVED',
      'MEMBER_ADDED',
    ]);
    expect(events.flatMap((event) => event.messages.map(({ text }) => text))).toEqual([
      'edited',
      null,
      'text 3',
      'edited',
      null,
    ]);
  });

  it('pages by number in both directions, the newest 50 where nothing is said', async () => {
    const { ada, chat } = await aChat(60);

    const newest = await readLog(ada, chat);
    const first = await readLog(ada, chat, { first: 3 });
    const next = await readLog(ada, chat, { first: 2, after: first.pageInfo.endCursor });
    const before = await readLog(ada, chat, { last: 2, before: newest.pageInfo.startCursor });

    expect(seqsOf(newest)).toEqual(range(11, 60));
    expect(newest.pageInfo).toMatchObject({ hasPreviousPage: true, hasNextPage: false });
    expect([seqsOf(first), seqsOf(next), seqsOf(before)]).toEqual([
      [1, 2, 3],
      [4, 5],
      [9, 10],
    ]);
    expect(first.pageInfo).toMatchObject({ hasPreviousPage: false, hasNextPage: true });
    for (const page of [{ first: 101 }, { first: 1, last: 1 }, { after: 'nonsense' }])
      expect(await errorOf(readLog(ada, chat, page))).toBeInstanceOf(BadUserInputError);
  });

  it('takes four statements for any number of chats, and one where nothing has happened', async () => {
    const { ada, bob, chat, group, say } = await aChat(2);
    const { chat: other } = await group(ada, bob);
    const { chat: quiet } = await group(ada, bob);
    await say(bob, other);
    const { db, count } = counting(database.current);
    const log = createChatLog({ db, retentionDays: 0 });

    const pages = await Promise.all([chat, other, quiet].map(({ id }) => log.read(ada, id)));
    expect(count()).toBe(4);
    await log.read(ada, quiet.id);

    expect(count()).toBe(5);
    expect(pages.map(seqsOf)).toEqual([[1, 2], [1], []]);
  });

  it('reaches no further back than replays do, whether what is older is gone by then or not', async () => {
    const { ada, chat } = await aChat(20);
    const retentionDays = 3;
    await age(database.current, chat.id, 12, 4 * 24);
    // The clock went back: what comes after a young event is told all the same.
    await database.current.query(
      `UPDATE event SET created_at = created_at - interval '4 days' WHERE chat_id = $1 AND seq = 15`,
      [chat.id],
    );
    const whole = await readLog(ada, chat, { first: 100 });
    const read = () => readLog(ada, chat, { first: 100 }, { retentionDays });

    expect(seqsOf(whole)).toEqual(range(1, 20));
    expect(seqsOf(await read())).toEqual(range(13, 20));
    await pruneAll(database.current, retentionDays);
    expect(seqsOf(await read())).toEqual(range(13, 20));
    const fromBefore = await readLog(ada, chat, { first: 2, after: whole.edges[4]!.cursor }, { retentionDays });
    expect(seqsOf(fromBefore)).toEqual([13, 14]);
    await age(database.current, chat.id, 20, 4 * 24);
    expect(seqsOf(await read())).toEqual([]);
  });

  it('is nothing for strangers, nor for administrators where people talk in private', async () => {
    const { ada, bob, admin, chat, chats, say } = await aChat(1);
    const dialog = (await chats.openDirect(ada, bob.id)).chat;
    await say(ada, dialog);

    expect(seqsOf(await readLog(await newPerson(database.current), chat))).toEqual([]);
    expect(seqsOf(await readLog(admin, dialog))).toEqual([]);
    expect(seqsOf(await readLog(admin, chat))).toEqual([1]);
    expect(seqsOf(await readLog({ ...admin, id: 2n ** 62n, role: 'USER' }, { id: 2n ** 62n }))).toEqual([]);
  });

  it.each([1, 2])('is nothing for one who is removed while it is read, before its statement %i', async (at) => {
    const { ada, bob, admin, chat, members, messages } = await aChat(1);
    const removed = withStep(database.current, {
      at,
      isBefore: true,
      act: async () => {
        await members.remove(admin, chat.id, bob.id);
        await messages.edit(ada, { chatId: chat.id, seq: 1 }, 'not for Bob');
      },
    });

    expect(seqsOf(await readLog(bob, chat, {}, { db: removed.db }))).toEqual([]);
  });
});

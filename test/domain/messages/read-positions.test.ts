import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ForbiddenError, InvalidInputError, NotFoundError } from '../../../src/domain/errors.js';
import { createReadBroadcast, type ReadPosition } from '../../../src/domain/messages/read-broadcast.js';
import type { Viewer } from '../../../src/domain/viewer.js';
import type { Ring } from '../../../src/log/doorbell.js';
import { chatNode, counting, errorOf, headOf, newPerson, type ChatNode } from '../../support/chats.js';
import { ownDatabase } from '../../support/own-database.js';

const database = ownDatabase();
const aNode = () => chatNode(database.current);
const someone = () => newPerson(database.current);

interface Counters {
  lastReadSeq: number;
  readCount: number;
  sentCount: number;
  readSentCount: number;
}

/** The counters, and the same counted from the messages; `joinedSeq`: what was sent before is not this membership's. */
const countersOf = async (chat: { id: bigint }, person: Viewer, joinedSeq = 0) => {
  const [kept] = await database.current.query<Counters>(
    `SELECT last_read_seq AS "lastReadSeq", read_count AS "readCount", sent_count AS "sentCount", read_sent_count AS "readSentCount"
     FROM member WHERE chat_id = $1 AND user_id = $2`,
    [chat.id, person.id],
  );
  const [counted] = await database.current.query<Counters>(
    `SELECT $3::int AS "lastReadSeq", count(*) FILTER (WHERE seq <= $3)::int AS "readCount",
       count(*) FILTER (WHERE sender_id = $2 AND seq > $4)::int AS "sentCount",
       count(*) FILTER (WHERE sender_id = $2 AND seq > $4 AND seq <= $3)::int AS "readSentCount"
     FROM message WHERE chat_id = $1`,
    [chat.id, person.id, kept!.lastReadSeq, joinedSeq],
  );
  return { kept: kept!, counted: counted! };
};

const plainUnread = async (chat: { id: bigint }, person: Viewer): Promise<number> => {
  const [row] = await database.current.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM member JOIN message ON message.chat_id = member.chat_id AND message.seq > member.last_read_seq
     WHERE member.chat_id = $1 AND member.user_id = $2 AND message.sender_id <> $2 AND message.deleted_at IS NULL`,
    [chat.id, person.id],
  );
  return row!.count;
};

const unreadOf = async (node: ChatNode, chat: { id: bigint }, person: Viewer) =>
  node.chats.unreadCount(person, chat.id);

describe('marking as read', () => {
  it('is one transaction for all that is marked at once, each with its own outcome', async () => {
    const { db, count } = counting(database.current);
    const node = await chatNode(db);
    const [ada, bob, chen, dora] = [await someone(), await someone(), await someone(), await someone()];
    const { chat } = await node.group(ada, bob, chen);
    const other = (await node.group(ada, chen)).chat;
    for (let sent = 0; sent < 3; sent += 1) await node.say(ada, chat);
    await node.say(ada, other);
    const head = await headOf(database.current, chat);
    const before = count();

    const [first, furthest, behind, elsewhere, stranger] = await Promise.allSettled([
      node.readPositions.mark(bob, chat.id, head - 2),
      node.readPositions.mark(bob, chat.id, head - 1),
      node.readPositions.mark(chen, chat.id, head),
      node.readPositions.mark(chen, other.id, null),
      node.readPositions.mark(dora, chat.id, null),
    ]);

    // Locking and marking for all; whether the stranger sees the chat.
    expect(count() - before).toBe(3);
    expect([first, furthest, behind].map((one) => one.status === 'fulfilled' && one.value.id)).toEqual([
      chat.id,
      chat.id,
      chat.id,
    ]);
    expect(elsewhere).toMatchObject({ status: 'fulfilled', value: { id: other.id } });
    expect(stranger).toMatchObject({ status: 'rejected', reason: expect.any(NotFoundError) as Error });
    expect([
      await unreadOf(node, chat, bob),
      await unreadOf(node, chat, chen),
      await unreadOf(node, other, chen),
    ]).toEqual([1, 0, 0]);
  });

  it('S2.5 C8 marks everything where no number is given, or one beyond the head', async () => {
    const node = await aNode();
    const [ada, bob] = [await someone(), await someone()];
    const { chat } = await node.group(ada, bob);
    for (const upToSeq of [null, 1_000_000]) {
      await node.say(ada, chat);
      await node.say(ada, chat);
      expect(await unreadOf(node, chat, bob)).toBe(2);

      const marked = await node.readPositions.mark(bob, chat.id, upToSeq);

      expect(marked).toMatchObject({ id: chat.id, headSeq: await headOf(database.current, chat) });
      expect((await countersOf(chat, bob)).kept.lastReadSeq).toBe(marked.headSeq);
      expect(await unreadOf(node, chat, bob)).toBe(0);
    }
  });

  it('C8 only moves forward', async () => {
    const node = await aNode();
    const [ada, bob] = [await someone(), await someone()];
    const { chat } = await node.group(ada, bob);
    for (let count = 0; count < 5; count += 1) await node.say(ada, chat);

    for (const upToSeq of [3, 1, 3, 0]) {
      await node.readPositions.mark(bob, chat.id, upToSeq);
      expect((await countersOf(chat, bob)).kept.lastReadSeq).toBe(3);
    }
    expect(await unreadOf(node, chat, bob)).toBe(2);
  });

  it('is not done by sending: what came just before one’s own message stays unread', async () => {
    const node = await aNode();
    const [ada, bob] = [await someone(), await someone()];
    const { chat } = await node.group(ada, bob);

    await node.say(ada, chat);
    await node.say(bob, chat);

    expect(await unreadOf(node, chat, bob)).toBe(1);
    expect(await unreadOf(node, chat, ada)).toBe(1);
  });

  it('refuses a negative number, a chat not seen, and one who sees it without being a member', async () => {
    const node = await aNode();
    const [ada, eve] = [await someone(), await someone()];
    const { admin, chat } = await node.group(ada);

    expect(await errorOf(node.readPositions.mark(eve, chat.id, -1))).toBeInstanceOf(InvalidInputError);
    expect(await errorOf(node.readPositions.mark(eve, chat.id, null))).toBeInstanceOf(NotFoundError);
    expect(await errorOf(node.readPositions.mark(ada, null, null))).toBeInstanceOf(NotFoundError);
    expect(await errorOf(node.readPositions.mark(admin, chat.id, null))).toBeInstanceOf(ForbiddenError);
    expect(await node.chats.unreadTotal(admin)).toBe(0);
  });
});

describe('the unread count', () => {
  it('is what a plain count gives, whatever was sent, deleted, read, left and joined again', async () => {
    const node = await aNode();
    const [ada, bob, cyd] = [await someone(), await someone(), await someone()];
    const people = [ada, bob, cyd];
    const person = fc.nat({ max: 2 });
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ kind: fc.constant('send' as const), who: person }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), which: fc.nat({ max: 40 }) }) },
      {
        weight: 3,
        arbitrary: fc.record({ kind: fc.constant('mark' as const), who: person, upTo: fc.option(fc.nat({ max: 40 })) }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('rejoin' as const), who: person }) },
    );

    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        const { admin, chat } = await node.group(ada, bob, cyd);
        const joinedSeqs = [0, 0, 0];
        for (const action of steps) {
          if (action.kind === 'send') await node.say(people[action.who]!, chat);
          if (action.kind === 'mark') await node.readPositions.mark(people[action.who]!, chat.id, action.upTo);
          if (action.kind === 'delete') {
            const reference = { rawId: '', key: { chatId: chat.id, seq: action.which } };
            await node.messages.delete(admin, chat.id, [reference]).catch((error: unknown) => {
              if (!(error instanceof NotFoundError)) throw error;
            });
          }
          if (action.kind === 'rejoin') {
            const { id } = people[action.who]!;
            await node.members.remove(admin, chat.id, id);
            joinedSeqs[action.who] = (await node.members.add(admin, chat.id, id)).chat.headSeq;
          }
        }
        for (const [index, reader] of people.entries()) {
          expect(await unreadOf(node, chat, reader)).toBe(await plainUnread(chat, reader));
          const { kept, counted } = await countersOf(chat, reader, joinedSeqs[index]);
          expect(kept).toEqual(counted);
        }
      }),
      { numRuns: 25 },
    );
  });

  it('stays exact while members send, delete and mark at once, on two nodes', async () => {
    const nodes = [await aNode(), await aNode()];
    const people = [await someone(), await someone(), await someone()];
    const { chat } = await nodes[0]!.group(...people);

    const live = async (person: Viewer, node: ChatNode) => {
      let position = 0;
      for (let round = 0; round < 25; round += 1) {
        const seq = await node.say(person, chat);
        const upTo = round % 3 === 0 ? null : Math.max(1, seq - (round % 7));
        if (round % 5 === 0)
          await node.messages.delete(person, chat.id, [{ rawId: '', key: { chatId: chat.id, seq } }]);
        await node.readPositions.mark(person, chat.id, upTo);
        const { kept } = await countersOf(chat, person);
        expect(kept.lastReadSeq).toBeGreaterThanOrEqual(position);
        position = kept.lastReadSeq;
      }
    };
    await Promise.all(people.flatMap((person) => nodes.map((node) => live(person, node))));

    for (const person of people) {
      const { kept, counted } = await countersOf(chat, person);
      expect(kept).toEqual(counted);
      expect(await unreadOf(nodes[0]!, chat, person)).toBe(await plainUnread(chat, person));
    }
  });

  it('is summed over all chats, at ten messages and at 50,000', async () => {
    const node = await aNode();
    const [ada, bob] = [await someone(), await someone()];
    const small = (await node.group(ada, bob)).chat;
    const large = (await node.group(ada, bob)).chat;
    for (let count = 0; count < 10; count += 1) await node.say(ada, small);
    const total = 50_000;
    await database.current.query(
      `WITH moved AS (UPDATE chat SET head_seq = $2, message_count = $2 WHERE id = $1),
         counted AS (UPDATE member SET sent_count = $2 WHERE chat_id = $1 AND user_id = $3)
       INSERT INTO message (chat_id, seq, ordinal, sender_id, text, text_hash, changed_seq, deleted_at)
       SELECT $1, n, n, $3, '', '', n, CASE WHEN n % 1000 = 0 THEN now() END FROM generate_series(1, $2::int) n`,
      [large.id, total, ada.id],
    );
    await database.current.query('ANALYZE message');

    expect(await node.chats.unreadTotal(bob)).toBe(10 + total - total / 1000);
    expect(await node.chats.unreadTotal(ada)).toBe(0);
  });
});

describe('telling how far one has read', () => {
  const readsIn = (rings: Ring[]) =>
    rings.flatMap((ring) => ('ephemerals' in ring ? ring.ephemerals.filter((one) => one.kind === 'read') : []));

  it('S2.10 tells the chat and the reader’s own devices, and nobody where nothing moved', async () => {
    const node = await aNode();
    const [ada, bob] = [await someone(), await someone()];
    const { chat } = await node.group(ada, bob);
    await node.say(ada, chat);
    const [heard, own] = [await node.hear(chat), await node.hearAs(bob)];

    await node.readPositions.mark(bob, chat.id, null);
    await node.readPositions.mark(bob, chat.id, null);
    await node.say(ada, chat); // a fence

    await expect.poll(() => heard.length).toBe(2);
    expect(readsIn(heard)).toMatchObject([{ user: { id: bob.id }, lastReadSeq: 1, isOwnOnly: false }]);
    expect(own).toEqual([String(chat.id)]);
  });

  it('tells it to the reader alone in a chat of more than 100 members', async () => {
    const node = await aNode();
    const people = await Promise.all(Array.from({ length: 101 }, () => someone()));
    const { admin, chat } = await node.group(...people);
    const heard = await node.hear(chat);

    await node.say(people[0]!, chat);
    await node.readPositions.mark(people[1]!, chat.id, null);
    await node.members.remove(admin, chat.id, people[0]!.id);
    await node.readPositions.mark(people[2]!, chat.id, null);

    await expect.poll(() => readsIn(heard).map(({ isOwnOnly }) => isOwnOnly)).toEqual([true, false]);
  });

  const position = (lastReadSeq: number, id = 1n): ReadPosition => ({
    chatId: 1n,
    user: { id, username: 'ada', firstName: '', lastName: '', role: 'USER', createdAt: new Date(), avatar: null },
    lastReadSeq,
    isOwnOnly: false,
  });

  it('tells the positions of a chat that come together in one bell', async () => {
    const node = await aNode();
    const heard = await node.hear({ id: 1n });
    const broadcast = createReadBroadcast({ bus: node.bus });

    for (const reader of [1n, 2n, 3n]) broadcast.tell(position(7, reader));

    await expect.poll(() => readsIn(heard).map(({ user }) => user.id)).toEqual([1n, 2n, 3n]);
    expect(heard).toHaveLength(1);
  });

  it('holds further positions back for a while, tells the last one, and never one behind it', async () => {
    const node = await aNode();
    const heard = await node.hear({ id: 1n });
    const broadcast = createReadBroadcast({ bus: node.bus, intervalMs: 300, gatherMs: 10 });
    const told = () => readsIn(heard).map(({ lastReadSeq }) => lastReadSeq);

    for (const seq of [2, 1, 5, 9, 7]) broadcast.tell(position(seq));

    // The first at once, but for a moment in which others are gathered.
    await expect.poll(told).toEqual([2]);
    await expect.poll(told).toEqual([2, 9]);
    broadcast.tell(position(12));
    broadcast.close();
    await expect.poll(told).toEqual([2, 9, 12]);
  });

  it('tells early whom it can hold back no longer, and at its close whatever waits', async () => {
    const node = await aNode();
    const heard = await node.hear({ id: 1n });
    const broadcast = createReadBroadcast({ bus: node.bus, intervalMs: 1_000_000, readersMost: 2 });
    const told = () => readsIn(heard).map(({ user, lastReadSeq }) => [user.id, lastReadSeq]);

    for (const reader of [1n, 2n]) for (const seq of [1, 2]) broadcast.tell(position(seq, reader));
    broadcast.tell(position(1, 3n));
    await expect.poll(told).toEqual([
      [1n, 1],
      [2n, 1],
      [3n, 1],
      [1n, 2],
    ]);

    broadcast.close();
    await expect.poll(told).toEqual([
      [1n, 1],
      [2n, 1],
      [3n, 1],
      [1n, 2],
      [2n, 2],
    ]);
  });
});

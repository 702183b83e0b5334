import { expect, it, onTestFinished, vi } from 'vitest';
import type { Bus, Topic } from '../../src/bus/bus.js';
import { createMemoryBus } from '../../src/bus/memory.js';
import type { Database } from '../../src/db/database.js';
import { chatTopic, type Ephemeral } from '../../src/log/doorbell.js';
import type { LogEvent } from '../../src/log/event.js';
import { readHeads } from '../../src/log/read.js';
import { createRounds } from '../../src/log/rounds.js';
import { createTail, type Follower } from '../../src/log/tail.js';
import { aChat, aUser, logNode, silentBus, withFailure } from '../support/log.js';
import { ownDatabase } from '../support/own-database.js';
import { upTo } from '../support/sent.js';

const database = ownDatabase();

const aFollower = () => {
  const seqs: number[] = [];
  const texts: (string | null)[] = [];
  let resets = 0;
  const follower: Follower = {
    viewerId: 0n,
    onEvents: (_chatId, events: LogEvent[]) => {
      seqs.push(...events.map(({ seq }) => seq));
      texts.push(...events.flatMap(({ messages }) => messages.map(({ text }) => text)));
    },
    onEphemeral: () => undefined,
    onReset: () => (resets += 1),
  };
  return { follower, seqs, texts, resets: () => resets };
};

/** A memory bus between which and its listeners something goes wrong. */
const brokenBus = (pass: (deliver: () => void) => void): Bus => {
  const bus = createMemoryBus((error) => {
    throw error;
  });
  return {
    ...bus,
    publish: <Event>(topic: Topic<Event>, event: Event) => pass(() => bus.publish(topic, event)),
  };
};

const sendMany = async (
  { log }: Awaited<ReturnType<typeof logNode>>,
  chatId: bigint,
  senderId: bigint,
  count: number,
) => {
  // One after another, so that each is a ring of its own.
  for (let index = 0; index < count; index += 1) {
    await log.send({
      chatId,
      senderId,
      text: `text ${index}`,
      clientMessageId: null,
      words: '',
      isWithinLimit: true,
      isPresent: false,
    });
  }
};

it('hands out what is sent in order and once, and reads nothing back while the bell rings', async () => {
  const ada = await aUser(database.current);
  const chatId = await aChat(database.current, [ada]);
  const node = await logNode(database.current);
  const { follower, seqs, texts } = aFollower();

  await node.tail.follow([chatId], follower);
  await sendMany(node, chatId, ada.id, 200);
  await expect.poll(() => seqs.length).toBe(200);

  expect(seqs).toEqual(upTo(200));
  expect(texts).toEqual(upTo(200).map((seq) => `text ${seq - 1}`));
  expect(node.tail.gapReads()).toBe(0);
});

it('measures the seconds from an event’s own time to its being handed out, once however many follow', async () => {
  const ada = await aUser(database.current);
  const chatId = await aChat(database.current, [ada]);
  const node = await logNode(database.current);
  const [one, other] = [aFollower(), aFollower()];
  for (const { follower } of [one, other]) await node.tail.follow([chatId], follower);
  await sendMany(node, chatId, ada.id, 1);
  await expect.poll(() => other.seqs).toEqual([1]);
  const before = node.tail.lag.sum;

  const [place] = await readHeads(database.current, [chatId]);
  const late: LogEvent = {
    chatId,
    seq: 2,
    mark: 1,
    type: 'CHAT_UPDATED',
    createdAt: new Date(Date.now() - 1_000_000),
    actorId: ada.id,
    userId: null,
    emoji: null,
    messages: [],
    users: [],
  };
  node.bus.publish(chatTopic(chatId), { events: [late], markBefore: place!.mark });
  await expect.poll(() => other.seqs).toEqual([1, 2]);

  expect(node.tail.lag.counts.reduce((sum, count) => sum + count)).toBe(2);
  expect(node.tail.lag.sum - before).toBeGreaterThanOrEqual(1000);
  expect(node.tail.lag.sum - before).toBeLessThan(1100);
});

it('carries everything without any bell, by looking', async () => {
  const ada = await aUser(database.current);
  const chatId = await aChat(database.current, [ada]);
  const node = await logNode(database.current, { bus: silentBus, intervalMs: 100 });
  const { follower, seqs } = aFollower();

  await node.tail.follow([chatId], follower);
  await sendMany(node, chatId, ada.id, 50);
  await expect.poll(() => seqs.length).toBe(50);

  expect(seqs).toEqual(upTo(50));
  expect(node.tail.gapReads()).toBeGreaterThan(0);
});

it('a bell that is lost, doubled, late or out of order changes nothing but the time', async () => {
  const ada = await aUser(database.current);
  const chatId = await aChat(database.current, [ada]);
  let count = 0;
  const bus = brokenBus((deliver) => {
    count += 1;
    if (count % 5 === 0) return;
    if (count % 3 === 0) deliver();
    setTimeout(deliver, (count * 7) % 40);
  });
  const node = await logNode(database.current, { bus, intervalMs: 100 });
  const { follower, seqs } = aFollower();

  await node.tail.follow([chatId], follower);
  await sendMany(node, chatId, ada.id, 150);
  await expect.poll(() => seqs.length).toBe(150);

  expect(seqs).toEqual(upTo(150));
});

it('resets its followers where the log is another one than before', async () => {
  const ada = await aUser(database.current);
  const chatId = await aChat(database.current, [ada]);
  const node = await logNode(database.current, { bus: silentBus, intervalMs: 100 });
  const { follower, seqs, resets } = aFollower();
  await node.tail.follow([chatId], follower);
  await sendMany(node, chatId, ada.id, 3);
  await expect.poll(() => seqs.length).toBe(3);

  // As after a restore: other events under the same numbers, and one more.
  await database.current.query('UPDATE event SET mark = mark # 1 WHERE chat_id = $1', [chatId]);
  await database.current.query('UPDATE chat SET head_mark = head_mark # 1 WHERE id = $1', [chatId]);
  await sendMany(node, chatId, ada.id, 1);
  await expect.poll(resets).toBe(1);

  expect(seqs).toEqual(upTo(3));
});

it('hands out nothing that follows an event of another log, however soon it comes', async () => {
  const ada = await aUser(database.current);
  const chatId = await aChat(database.current, [ada]);
  const node = await logNode(database.current, { intervalMs: 1_000_000 }); // the bell alone
  const { follower, seqs, resets } = aFollower();
  await node.tail.follow([chatId], follower);
  await sendMany(node, chatId, ada.id, 3);
  await expect.poll(() => seqs).toEqual(upTo(3));

  // As after a restore to 1, and two new ones: 4 follows another 3 than the one that was handed out.
  await database.current.query('UPDATE event SET mark = mark # 1 WHERE chat_id = $1 AND seq > 1', [chatId]);
  await database.current.query('UPDATE chat SET head_mark = head_mark # 1 WHERE id = $1', [chatId]);
  await sendMany(node, chatId, ada.id, 1);
  await expect.poll(resets).toBe(1);
  await sendMany(node, chatId, ada.id, 1);
  await expect.poll(() => seqs.at(-1)).toBe(5);

  expect(seqs).toEqual([1, 2, 3, 5]);
});

it('resets the followers of a chat that is gone, as after a restore to before it', async () => {
  const ada = await aUser(database.current);
  const chatId = await aChat(database.current, [ada]);
  const node = await logNode(database.current, { intervalMs: 1_000_000 });
  const { follower, resets } = aFollower();
  await node.tail.follow([chatId], follower);
  await node.rounds.look();

  for (const table of ['event', 'member'])
    await database.current.query(`DELETE FROM ${table} WHERE chat_id = $1`, [chatId]);
  await database.current.query('DELETE FROM chat WHERE id = $1', [chatId]);
  await node.rounds.look();

  await expect.poll(resets).toBe(1);
});

it('lets go of a chat with its last follower', async () => {
  const ada = await aUser(database.current);
  const chats = await Promise.all([aChat(database.current, [ada]), aChat(database.current, [ada])]);
  const node = await logNode(database.current);
  const [one, other] = [aFollower(), aFollower()];

  await node.tail.follow(chats, one.follower);
  await node.tail.follow([chats[0]], other.follower);
  node.tail.unfollow(chats, one.follower);
  const left = node.tail.followedChats();
  node.tail.unfollow(chats, other.follower);

  expect(left).toBe(1);
  expect(node.tail.followedChats()).toBe(0);
});

it('drops a read position that another node’s bell has overtaken', async () => {
  const ada = await aUser(database.current);
  const chatId = await aChat(database.current, [ada]);
  const node = await logNode(database.current);
  const positions: number[] = [];
  const { follower } = aFollower();
  const onEphemeral: Follower['onEphemeral'] = (event) => {
    if (event.kind === 'read') positions.push(event.lastReadSeq);
  };

  await node.tail.follow([chatId], { ...follower, onEphemeral });
  for (const lastReadSeq of [3, 5, 4, 5, 6]) {
    node.bus.publish(chatTopic(chatId), {
      ephemerals: [{ kind: 'read', chatId, user: ada, lastReadSeq, isOwnOnly: false }],
    });
  }

  await expect.poll(() => positions.at(-1)).toBe(6);
  expect(positions).toEqual([3, 5, 6]);
});

it('tells of a position that concerns its reader alone nobody but them, whenever they began to follow', async () => {
  const [ada, bob] = [await aUser(database.current), await aUser(database.current)];
  const chatId = await aChat(database.current, [ada, bob]);
  const node = await logNode(database.current);
  const told: string[] = [];
  const follow = async (name: string, viewerId: bigint) => {
    const onEphemeral: Follower['onEphemeral'] = (event) =>
      void told.push(`${name} ${event.kind === 'read' ? event.lastReadSeq : ''}`);
    const follower = { ...aFollower().follower, viewerId, onEphemeral };
    await node.tail.follow([chatId], follower);
    return follower;
  };
  const tell = (lastReadSeq: number, isOwnOnly: boolean) =>
    node.bus.publish(chatTopic(chatId), { ephemerals: [{ kind: 'read', chatId, user: ada, lastReadSeq, isOwnOnly }] });

  await follow('bob', bob.id);
  const first = await follow('ada', ada.id);
  tell(1, true);
  await expect.poll(() => told).toEqual(['ada 1']);
  await follow('ada again', ada.id);
  node.tail.unfollow([chatId], first);
  tell(2, true);
  tell(3, false);

  await expect.poll(() => told).toEqual(['ada 1', 'ada again 2', 'bob 3', 'ada again 3']);
});

it('tells one who leaves a chat and comes back no older read position than before', async () => {
  const [ada, bob] = [await aUser(database.current), await aUser(database.current)];
  const chatId = await aChat(database.current, [ada, bob]);
  const node = await logNode(database.current);
  const told: number[] = [];
  const { follower } = aFollower();
  const reader = {
    ...follower,
    onEphemeral: (event: Ephemeral) => void (event.kind === 'read' && told.push(event.lastReadSeq)),
  };
  const tell = (lastReadSeq: number) =>
    node.bus.publish(chatTopic(chatId), {
      ephemerals: [{ kind: 'read', chatId, user: bob, lastReadSeq, isOwnOnly: false }],
    });
  await node.tail.follow([chatId], reader);
  tell(64);
  await expect.poll(() => told).toEqual([64]);

  node.tail.unfollow([chatId], reader);
  await node.tail.follow([chatId], reader);
  tell(63);
  tell(65);

  await expect.poll(() => told).toEqual([64, 65]);
});

it('tells of nothing and tries nothing again once it is closed, though its last look at the database fails', async () => {
  const ada = await aUser(database.current);
  const chatId = await aChat(database.current, [ada]);
  const errors: unknown[] = [];
  const away = withFailure(database.current);
  const rounds = await createRounds(away.db, { intervalMs: 1_000_000, onError: () => undefined });
  onTestFinished(() => rounds.stop());
  let fail: (error: Error) => void = () => {};
  const held: { look?: Promise<never> } = {};
  const db: Database = {
    ...database.current,
    query: (sql, params) => held.look ?? database.current.query(sql, params),
  };
  const tail = createTail({ db, bus: silentBus, rounds }, (error) => errors.push(error));
  await tail.follow([chatId], aFollower().follower);
  away.fail(1);
  await rounds.look();

  // The database was away: what is followed is compared with it, and that look does not come back before it is closed.
  held.look = new Promise<never>((_resolve, reject) => (fail = reject));
  await rounds.look();
  tail.close();
  const timer = vi.spyOn(globalThis, 'setTimeout');
  onTestFinished(() => timer.mockRestore());
  fail(new Error('The pool is closed'));
  await expect(held.look).rejects.toThrow('closed');

  expect(errors).toEqual([]);
  expect(timer).not.toHaveBeenCalled();
});

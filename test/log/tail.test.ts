import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Bus, Topic } from '../../src/bus/bus.js';
import { createMemoryBus } from '../../src/bus/memory.js';
import type { Database } from '../../src/db/database.js';
import { openDatabase } from '../../src/db/open.js';
import { chatTopic, pack } from '../../src/log/doorbell.js';
import type { LogEvent } from '../../src/log/event.js';
import type { Follower } from '../../src/log/tail.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { aChat, aUser, logNode, silentBus } from '../support/log.js';

let own: TestDatabase;
let db: Database;

beforeAll(async () => {
  own = await testDatabase();
  db = await openDatabase(own.config);
});
afterAll(async () => {
  await db.close();
  await own.drop();
});

const aFollower = () => {
  const seqs: number[] = [];
  const texts: (string | null)[] = [];
  let resets = 0;
  const follower: Follower = {
    onEvents: (_chatId, events: LogEvent[]) => {
      seqs.push(...events.map(({ seq }) => seq));
      texts.push(...events.flatMap(({ messages }) => messages.map(({ text }) => text)));
    },
    onEphemeral: () => undefined,
    onReset: () => (resets += 1),
  };
  return { follower, seqs, texts, resets: () => resets };
};

const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

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
      isWithinLimit: true,
      isJoined: false,
    });
  }
};

it('hands out what is sent in order and once, and reads nothing back while the bell rings', async () => {
  const ada = await aUser(db);
  const chatId = await aChat(db, [ada]);
  const node = await logNode(db);
  const { follower, seqs, texts } = aFollower();

  await node.tail.follow([chatId], follower);
  await sendMany(node, chatId, ada.id, 200);
  await expect.poll(() => seqs.length).toBe(200);

  expect(seqs).toEqual(upTo(200));
  expect(texts).toEqual(upTo(200).map((seq) => `text ${seq - 1}`));
  expect(node.tail.gapReads()).toBe(0);
});

it('carries everything without any bell, by looking', async () => {
  const ada = await aUser(db);
  const chatId = await aChat(db, [ada]);
  const node = await logNode(db, { bus: silentBus, intervalMs: 100 });
  const { follower, seqs } = aFollower();

  await node.tail.follow([chatId], follower);
  await sendMany(node, chatId, ada.id, 50);
  await expect.poll(() => seqs.length).toBe(50);

  expect(seqs).toEqual(upTo(50));
});

it('a bell that is lost, doubled, late or out of order changes nothing but the time', async () => {
  const ada = await aUser(db);
  const chatId = await aChat(db, [ada]);
  let count = 0;
  const bus = brokenBus((deliver) => {
    count += 1;
    if (count % 5 === 0) return;
    if (count % 3 === 0) deliver();
    setTimeout(deliver, (count * 7) % 40);
  });
  const node = await logNode(db, { bus, intervalMs: 100 });
  const { follower, seqs } = aFollower();

  await node.tail.follow([chatId], follower);
  await sendMany(node, chatId, ada.id, 150);
  await expect.poll(() => seqs.length).toBe(150);

  expect(seqs).toEqual(upTo(150));
});

it('resets its followers where the log is another one than before', async () => {
  const ada = await aUser(db);
  const chatId = await aChat(db, [ada]);
  const node = await logNode(db, { bus: silentBus, intervalMs: 100 });
  const { follower, seqs, resets } = aFollower();
  await node.tail.follow([chatId], follower);
  await sendMany(node, chatId, ada.id, 3);
  await expect.poll(() => seqs.length).toBe(3);

  // As after a restore: other events under the same numbers, and one more.
  await db.query('UPDATE event SET mark = mark # 1 WHERE chat_id = $1', [chatId]);
  await db.query('UPDATE chat SET head_mark = head_mark # 1 WHERE id = $1', [chatId]);
  await sendMany(node, chatId, ada.id, 1);
  await expect.poll(resets).toBe(1);

  expect(seqs).toEqual(upTo(3));
});

it('hands out nothing that follows an event of another log, however soon it comes', async () => {
  const ada = await aUser(db);
  const chatId = await aChat(db, [ada]);
  const node = await logNode(db, { intervalMs: 1_000_000 }); // the bell alone
  const { follower, seqs, resets } = aFollower();
  await node.tail.follow([chatId], follower);
  await sendMany(node, chatId, ada.id, 3);
  await expect.poll(() => seqs).toEqual(upTo(3));

  // As after a restore to 1, and two new ones: 4 follows another 3 than the one that was handed out.
  await db.query('UPDATE event SET mark = mark # 1 WHERE chat_id = $1 AND seq > 1', [chatId]);
  await db.query('UPDATE chat SET head_mark = head_mark # 1 WHERE id = $1', [chatId]);
  await sendMany(node, chatId, ada.id, 1);
  await expect.poll(resets).toBe(1);
  await sendMany(node, chatId, ada.id, 1);
  await expect.poll(() => seqs.at(-1)).toBe(5);

  expect(seqs).toEqual([1, 2, 3, 5]);
});

it('resets the followers of a chat that is gone, as after a restore to before it', async () => {
  const ada = await aUser(db);
  const chatId = await aChat(db, [ada]);
  const node = await logNode(db, { intervalMs: 1_000_000 });
  const { follower, resets } = aFollower();
  await node.tail.follow([chatId], follower);
  await node.rounds.look();

  for (const table of ['event', 'member']) await db.query(`DELETE FROM ${table} WHERE chat_id = $1`, [chatId]);
  await db.query('DELETE FROM chat WHERE id = $1', [chatId]);
  await node.rounds.look();

  await expect.poll(resets).toBe(1);
});

it('lets go of a chat with its last follower', async () => {
  const ada = await aUser(db);
  const chats = await Promise.all([aChat(db, [ada]), aChat(db, [ada])]);
  const node = await logNode(db);
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
  const ada = await aUser(db);
  const chatId = await aChat(db, [ada]);
  const node = await logNode(db);
  const positions: number[] = [];
  const { follower } = aFollower();
  const onEphemeral: Follower['onEphemeral'] = (event) => {
    if (event.kind === 'read') positions.push(event.lastReadSeq);
  };

  await node.tail.follow([chatId], { ...follower, onEphemeral });
  for (const lastReadSeq of [3, 5, 4, 5, 6]) {
    node.bus.publish(
      chatTopic(chatId),
      pack({ ephemeral: { kind: 'read', chatId, user: ada, lastReadSeq, isOwnOnly: false } }),
    );
  }

  await expect.poll(() => positions.at(-1)).toBe(6);
  expect(positions).toEqual([3, 5, 6]);
});

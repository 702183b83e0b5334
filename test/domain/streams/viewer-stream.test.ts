import { describe, expect, it, onTestFinished } from 'vitest';
import { createMemoryBus } from '../../../src/bus/memory.js';
import type { Database } from '../../../src/db/database.js';
import { createEnding } from '../../../src/domain/streams/ending.js';
import { pull } from '../../../src/domain/streams/live-stream.js';
import type { StreamItem } from '../../../src/domain/streams/stream-item.js';
import { createMemberships } from '../../../src/domain/streams/viewer-chats.js';
import { createViewerStream } from '../../../src/domain/streams/viewer-stream.js';
import type { ChatPosition } from '../../../src/log/cursor.js';
import type { UserFacts } from '../../../src/log/event.js';
import { createTail } from '../../../src/log/tail.js';
import { aChat, aUser, logNode, silentBus, withFailure, withStep } from '../../support/log.js';
import { age } from '../../support/old-events.js';
import { ownDatabase } from '../../support/own-database.js';
import {
  add,
  positionIn,
  readAll as readItems,
  remove,
  send,
  take as takeItems,
  viewerOf,
  type Items,
} from '../../support/streams.js';

const database = ownDatabase();

const viewerNode = async (options: Parameters<typeof logNode>[1] = {}, onDb = database.current) => {
  const node = await logNode(onDb, options);
  const memberships = createMemberships({ db: onDb, bus: node.bus, rounds: node.rounds }, (error) => {
    throw error;
  });
  onTestFinished(() => memberships.close());
  return { ...node, memberships };
};

type Node = Awaited<ReturnType<typeof viewerNode>>;

const follow = (
  { tail, memberships }: Node,
  user: UserFacts,
  after: ChatPosition[] | null = null,
  { onDb = database.current, retentionDays = 0 } = {},
) => {
  const stream = createViewerStream({
    db: onDb,
    tail,
    memberships,
    viewer: viewerOf(user),
    after,
    ending: createEnding(),
    slowReaderMs: 60_000,
    retentionDays,
  });
  const items = pull(stream);
  onTestFinished(() => void items.return!());
  return items;
};

/** Takes items as fast as they come. */
const readAll = (stream: Items) => {
  const { items, done } = readItems(stream);
  return { done, told: () => items.map(tell) };
};

/** One item in short: `event 7:3`, `added 7`. */
const tell = (item: StreamItem): string => {
  switch (item.kind) {
    case 'event':
      return `event ${item.event.chatId}:${item.event.seq}`;
    case 'ready':
      return `ready ${item.chat.id}:${item.headSeq}`;
    case 'chatAdded':
      return `added ${item.chat.id}`;
    case 'chatRemoved':
    case 'resync':
      return `${item.kind} ${item.chatId}`;
    default:
      return item.kind;
  }
};

const take = async (stream: Items, count: number): Promise<string[]> => (await takeItems(stream, count)).map(tell);

/** Takes until all of these were told, or the stream is over. */
const takeUntil = async (stream: Items, wanted: readonly string[]): Promise<string[]> => {
  const told: string[] = [];
  while (!wanted.every((one) => told.includes(one))) {
    const [next] = await take(stream, 1);
    if (next === undefined) break;
    told.push(next);
  }
  return told;
};

const positionOf = (chatId: bigint, seq: number) => positionIn(database.current, chatId, seq);

describe.each(['with a bell', 'without one'])('%s', (how) => {
  it.each([
    ['a cursor', 'before', true, true],
    ['a cursor', 'after', true, false],
    ['no cursor', 'before', false, true],
    ['no cursor', 'after', false, false],
  ])(
    'begun with %s, tells once and in order what is sent and who is added just %s each of its steps',
    async (_with, _when, hasCursor, isBefore) => {
      const bus = how === 'with a bell' ? createMemoryBus(() => undefined) : silentBus;
      const writer = await viewerNode({ bus });
      let steps = Infinity;
      // And two after it, when it is ready.
      for (let at = 1; at <= steps + 2; at += 1) {
        const [ada, bob] = [await aUser(database.current), await aUser(database.current)];
        const [known, joined] = [await aChat(database.current, [ada, bob]), await aChat(database.current, [bob])];
        for (let sent = 0; sent < 2; sent += 1) await send(writer, known, bob.id);
        let wasReady: boolean | undefined;
        const stepped = withStep(database.current, {
          at,
          isBefore,
          act: async () => {
            wasReady = reading.told().includes('viewerReady');
            await send(writer, known, bob.id);
            await add(writer, joined, bob, ada);
            await send(writer, joined, bob.id);
          },
        });
        const after = hasCursor ? [await positionOf(known, 1)] : null;
        let reading = { told: (): string[] => [] };
        const reader = await viewerNode({ bus, intervalMs: 50 }, stepped.db);
        reading = readAll(follow(reader, ada, after, { onDb: stepped.db }));
        await expect.poll(reading.told).toContain('viewerReady');
        steps = Math.min(steps, stepped.steps());
        await expect.poll(() => wasReady, { message: `step ${at} of ${steps}` }).toBeDefined();

        const items = [`event ${known}:2`, `event ${known}:3`, `added ${joined}`, `event ${joined}:2`];
        // What clients read for themselves: all without cursors, the new chat with them, as of when they are told that they are ready.
        const beforeReady = hasCursor ? items.slice(3) : items;
        const readByClient = wasReady === true ? items.slice(0, hasCursor ? 0 : 1) : beforeReady;
        const of = (chatId: bigint, all: string[]) =>
          all.filter((one) => new RegExp(`^(added|event) ${chatId}\\b`).test(one));
        // Nothing is written after it that would tell that it is missing.
        for (const chatId of [known, joined]) {
          await expect
            .poll(() => of(chatId, reading.told()), { message: `at step ${at} of ${steps}` })
            .toSatisfy((told: string[]) => {
              const due = of(chatId, items).filter((item) => told.includes(item) || !readByClient.includes(item));
              return told.join() === due.join();
            });
        }
      }
      expect(steps).toBeGreaterThan(3);
    },
  );
});

it('without cursors is ready at once, then tells what happens in any chat', async () => {
  const ada = await aUser(database.current);
  const [one, other] = [await aChat(database.current, [ada]), await aChat(database.current, [ada])];
  const node = await viewerNode();
  await send(node, one, ada.id);

  const stream = follow(node, ada);
  const ready = await take(stream, 1);
  await send(node, other, ada.id);
  await send(node, one, ada.id);

  expect(ready).toEqual(['viewerReady']);
  expect((await take(stream, 2)).sort()).toEqual([`event ${one}:2`, `event ${other}:1`].sort());
});

it('given cursors: chats left, chats unknown, each log after its cursor, then ready', async () => {
  const [ada, bob] = [await aUser(database.current), await aUser(database.current)];
  const chats = [
    await aChat(database.current, [ada, bob]),
    await aChat(database.current, [ada, bob]),
    await aChat(database.current, [ada, bob]),
  ];
  const [behind, current, left] = chats as [bigint, bigint, bigint];
  const node = await viewerNode();
  for (const chatId of chats) for (let count = 0; count < 3; count += 1) await send(node, chatId, ada.id);
  await remove(node, left, ada, bob);
  const unknown = await aChat(database.current, [bob]);
  const after = [await positionOf(behind, 1), await positionOf(current, 3), await positionOf(left, 1)];

  const told = await take(follow(node, bob, after), 6);

  expect(told).toEqual([
    `chatRemoved ${left}`,
    `added ${unknown}`,
    `event ${behind}:2`,
    `event ${behind}:3`,
    `ready ${behind}:3`,
    'viewerReady',
  ]);
});

it('a cursor of another log is a resync for its chat only', async () => {
  const ada = await aUser(database.current);
  const [spoilt, good] = [await aChat(database.current, [ada]), await aChat(database.current, [ada])];
  const node = await viewerNode();
  for (const chatId of [spoilt, good]) for (let count = 0; count < 2; count += 1) await send(node, chatId, ada.id);
  const position = await positionOf(spoilt, 1);

  const told = await take(follow(node, ada, [{ ...position, mark: position.mark ^ 1 }, await positionOf(good, 1)]), 5);

  const of = (chatId: bigint) => told.filter((one) => new RegExp(` ${chatId}\\b`).test(one));
  expect(of(spoilt)).toEqual([`resync ${spoilt}`, `ready ${spoilt}:2`]);
  expect(of(good)).toEqual([`event ${good}:2`, `ready ${good}:2`]);
  expect(told.at(-1)).toBe('viewerReady');
});

it.each([
  ['by the bell', {}],
  ['by looking alone', { bus: silentBus, intervalMs: 50 }],
])(
  'a chat joined a moment ago delivers from its first event on, one left ends with its removal, %s',
  async (_by, options) => {
    const [ada, bob] = [await aUser(database.current), await aUser(database.current)];
    const chatId = await aChat(database.current, [ada]);
    const node = await viewerNode(options);
    await send(node, chatId, ada.id);
    const reading = readAll(follow(node, bob));
    await expect.poll(reading.told).toEqual(['viewerReady']);

    await add(node, chatId, ada, bob);
    await send(node, chatId, ada.id);
    await send(node, chatId, ada.id);
    // The bell of the user's own topic is the rules'; here it is the look that finds it.
    await expect.poll(reading.told).toHaveLength(4);
    await remove(node, chatId, ada, bob);
    await send(node, chatId, ada.id);
    await expect.poll(reading.told).toHaveLength(6);
    await add(node, chatId, ada, bob);
    await send(node, chatId, ada.id);
    await expect.poll(reading.told).toHaveLength(8);

    expect(reading.told()).toEqual([
      'viewerReady',
      `added ${chatId}`,
      `event ${chatId}:3`,
      `event ${chatId}:4`,
      `event ${chatId}:5`,
      `chatRemoved ${chatId}`,
      `added ${chatId}`,
      `event ${chatId}:8`,
    ]);
  },
);

it('tells what happens in a chat just joined, whichever statement the database failed to answer meanwhile', async () => {
  const failures = withFailure(database.current);
  const node = await viewerNode({ intervalMs: 50 });
  const failing = { db: failures.db, bus: node.bus, rounds: node.rounds };
  const tail = createTail(failing, () => undefined);
  const memberships = createMemberships(failing, () => undefined);
  onTestFinished(() => [tail, memberships].forEach((one) => one.close()));
  for (let at = 1, hasFailed = true; hasFailed; at += 1) {
    const [ada, bob] = [await aUser(database.current), await aUser(database.current)];
    const chatId = await aChat(database.current, [bob]);
    const { told } = readAll(follow({ ...node, tail, memberships }, ada, null, { onDb: failures.db }));
    await expect.poll(told).toEqual(['viewerReady']);

    failures.fail(at);
    const seq = await add(node, chatId, bob, ada);
    await expect.poll(told).toEqual(['viewerReady', `added ${chatId}`]);
    await send(node, chatId, bob.id);

    await expect.poll(told).toEqual(['viewerReady', `added ${chatId}`, `event ${chatId}:${seq! + 1}`]);
    hasFailed = failures.hasFailed();
  }
});

it('a reader that takes nothing is given the logs when it comes back, in order and once, and ready once more', async () => {
  const ada = await aUser(database.current);
  const chats = await Promise.all([aChat(database.current, [ada]), aChat(database.current, [ada])]);
  const node = await viewerNode();
  const stream = follow(node, ada);
  await take(stream, 1);

  await Promise.all(Array.from({ length: 3000 }, (_, index) => send(node, chats[index % 2]!, ada.id)));
  const told = await take(stream, 3002);

  for (const chatId of chats) {
    const seqs = told.flatMap((one) => (one.startsWith(`event ${chatId}:`) ? [Number(one.split(':')[1])] : []));
    expect(seqs).toEqual(Array.from({ length: 1500 }, (_, index) => index + 1));
    expect(told.filter((one) => one === `ready ${chatId}:1500`)).toHaveLength(1);
  }
});

it('a reader that takes nothing is told of the one message of a chat, though another has filled the queue', async () => {
  const ada = await aUser(database.current);
  const [busy, quiet] = [await aChat(database.current, [ada]), await aChat(database.current, [ada])];
  const node = await viewerNode();
  const stream = follow(node, ada);
  await take(stream, 1);

  await Promise.all(Array.from({ length: 1000 }, () => send(node, busy, ada.id)));
  await send(node, quiet, ada.id);
  const told = await takeUntil(stream, [`ready ${busy}:1000`, `ready ${quiet}:1`]);

  expect(told.filter((one) => one.startsWith(`event ${busy}:`))).toHaveLength(1000);
  expect(told.filter((one) => one.startsWith(`event ${quiet}:`))).toEqual([`event ${quiet}:1`]);
});

it('a reader that takes nothing is told of its removal from a chat, however much of another waits', async () => {
  const [ada, bob] = [await aUser(database.current), await aUser(database.current)];
  const [left, busy] = [await aChat(database.current, [ada, bob]), await aChat(database.current, [ada, bob])];
  const node = await viewerNode();
  const stream = follow(node, ada);
  await take(stream, 1);

  await send(node, left, bob.id);
  await remove(node, left, bob, ada);
  await Promise.all(Array.from({ length: 1500 }, () => send(node, busy, bob.id)));
  const told = await takeUntil(stream, [`ready ${busy}:1500`, `chatRemoved ${left}`]);

  expect(told.filter((one) => one === `chatRemoved ${left}`)).toHaveLength(1);
  expect(told.filter((one) => one.startsWith(`event ${busy}:`))).toHaveLength(1500);
});

it('opens 2,000 chats with something to replay in a bounded number of statements', async () => {
  const ada = await aUser(database.current);
  const [{ first }] = (await database.current.query<{ first: bigint }>(
    `WITH made AS (INSERT INTO chat (kind, head_seq, head_mark) SELECT 'GROUP', 1, 7 FROM generate_series(1, 2000) RETURNING id),
       joined AS (INSERT INTO member (chat_id, user_id, last_read_seq, read_count) SELECT id, $1, 0, 0 FROM made),
       written AS (INSERT INTO event (chat_id, seq, mark, type, actor_id)
         SELECT id, seq, 7, (CASE seq WHEN 0 THEN 'CHAT_CREATED' ELSE 'CHAT_UPDATED' END)::event_type, $1 FROM made, generate_series(0, 1) seq)
     SELECT min(id) AS first FROM made`,
    [ada.id],
  )) as [{ first: bigint }];
  const node = await viewerNode();
  const after = Array.from({ length: 2000 }, (_, index) => ({ chatId: first + BigInt(index), seq: 0, mark: 7 }));
  let statements = 0;
  const counting: Database = {
    ...database.current,
    query: (sql, params) => ((statements += 1), database.current.query(sql, params)),
  };

  const told = await take(follow(node, ada, after, { onDb: counting }), 4001);

  expect(told.filter((one) => one.startsWith('event'))).toHaveLength(2000);
  expect(told.at(-1)).toBe('viewerReady');
  // Two for the chats, and four for each 250 of those with something to replay.
  expect(statements).toBeLessThanOrEqual(2 + 4 * 8);
}, 60_000);

it('tells cursors that are further behind than logs are kept to read those chats again, and replays the others', async () => {
  const node = await viewerNode();
  const ada = await aUser(database.current);
  const [old, young] = [await aChat(database.current, [ada]), await aChat(database.current, [ada])];
  for (const chatId of [old, old, young, young]) await send(node, chatId, ada.id);
  await age(database.current, old, 2, 25);
  await age(database.current, young, 1, 25);

  const after = [await positionOf(old, 1), await positionOf(young, 1)];
  const told = await take(follow(node, ada, after, { retentionDays: 1 }), 5);

  // Of one chat in this order; of two chats either may come first.
  const ofChat = (chatId: bigint) => told.filter((one) => one.includes(`${chatId}`));
  expect(ofChat(old)).toEqual([`resync ${old}`, `ready ${old}:2`]);
  expect(ofChat(young)).toEqual([`event ${young}:2`, `ready ${young}:2`]);
  expect(told.at(-1)).toBe('viewerReady');
});

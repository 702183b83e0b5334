import { describe, expect, it, onTestFinished } from 'vitest';
import { createSeenChats } from '../../../src/domain/rules/seen-chats.js';
import { createChatStream } from '../../../src/domain/streams/chat-stream.js';
import { createMemoryPlaces } from '../../../src/bus/memory-places.js';
import { createPlaces } from '../../../src/domain/streams/places.js';
import { createEnding } from '../../../src/domain/streams/ending.js';
import { pull } from '../../../src/domain/streams/live-stream.js';
import type { StreamItem } from '../../../src/domain/streams/stream-item.js';
import { chatTopic } from '../../../src/log/doorbell.js';
import { readPage } from '../../../src/log/read.js';
import type { UserFacts } from '../../../src/log/event.js';
import { createMemoryBus } from '../../../src/bus/memory.js';
import { aChat, aUser, logNode, silentBus, withStep } from '../../support/log.js';
import { age, pruneAll } from '../../support/old-events.js';
import { ownDatabase } from '../../support/own-database.js';
import { upTo } from '../../support/sent.js';
import { positionIn, readAll as readItems, remove, send, take, viewerOf, type Items } from '../../support/streams.js';

const database = ownDatabase();

type Node = Awaited<ReturnType<typeof logNode>>;

const follow = (
  node: Node,
  user: UserFacts,
  chatId: bigint,
  {
    after = null as { seq: number; mark: number } | null,
    ending = createEnding(),
    slowReaderMs = 60_000,
    retentionDays = 0,
    onDb = database.current,
  } = {},
) => {
  const watch = () => () => undefined; // no role changes here
  const stream = createChatStream({
    tail: node.tail,
    seenChats: createSeenChats(onDb),
    readPage: (position) => readPage(onDb, position.chatId, position.seq, 200),
    viewer: viewerOf(user),
    chatId,
    after,
    places: createPlaces({ registry: createMemoryPlaces(), bus: node.bus, limit: 0, onError: () => undefined }),
    carrierId: 'a socket',
    announcesPresence: true,
    watch,
    ending,
    slowReaderMs,
    retentionDays,
  });
  const items = pull(stream);
  onTestFinished(() => void items.return!());
  return items;
};

/** Takes items as fast as they come. */
const readAll = (stream: Items) => {
  const reading = readItems(stream);
  return { ...reading, seqs: () => seqsOf(reading.items) };
};

const seqsOf = (items: readonly StreamItem[]) =>
  items.flatMap((item) => (item.kind === 'event' ? [item.event.seq] : []));

const kindsOf = (items: readonly StreamItem[]) => items.map((item) => item.kind);

const edit = ({ log }: Node, chatId: bigint, actor: UserFacts, seq: number, text: string) =>
  log.change(chatId, async (tx) => {
    await tx.query(
      'UPDATE message SET text = $3, edited_at = now(), changed_seq = $4 WHERE chat_id = $1 AND seq = $2',
      [chatId, seq, text, tx.nextSeq()],
    );
    return tx.append({ type: 'MESSAGE_EDITED', actor, messages: [] });
  });

const positionOf = (chatId: bigint, seq: number) => positionIn(database.current, chatId, seq);

it('without a cursor begins with ready at the head, then tells what happens', async () => {
  const ada = await aUser(database.current);
  const chatId = await aChat(database.current, [ada]);
  const node = await logNode(database.current);
  await send(node, chatId, ada.id);

  const stream = follow(node, ada, chatId);
  const [ready] = await take(stream, 1);
  await send(node, chatId, ada.id);
  const [event] = await take(stream, 1);

  expect(ready).toMatchObject({ kind: 'ready', headSeq: 1 });
  expect(event).toMatchObject({ kind: 'event', event: { seq: 2 } });
});

it('replays the log after a cursor, then is ready, then live, whatever is written meanwhile', async () => {
  const ada = await aUser(database.current);
  const chatId = await aChat(database.current, [ada]);
  const node = await logNode(database.current);
  await Promise.all(upTo(700).map(() => send(node, chatId, ada.id)));

  const reading = readAll(follow(node, ada, chatId, { after: await positionOf(chatId, 100) }));
  for (let index = 0; index < 200; index += 1) await send(node, chatId, ada.id);
  await expect.poll(() => reading.seqs().length).toBe(800);

  expect(reading.seqs()).toEqual(upTo(900).slice(100));
  expect(reading.items.filter((item) => item.kind === 'ready')).toHaveLength(1);
});

describe.each(['with a bell', 'without one'])('%s', (how) => {
  it.each([
    ['a cursor', 'before', true, true],
    ['a cursor', 'after', true, false],
    ['no cursor', 'before', false, true],
    ['no cursor', 'after', false, false],
  ])(
    'begun with %s, tells once and in order what is written just %s each of its steps',
    async (_with, _when, hasCursor, isBefore) => {
      const bus = how === 'with a bell' ? createMemoryBus(() => undefined) : silentBus;
      const ada = await aUser(database.current);
      const writer = await logNode(database.current, { bus });
      let steps = Infinity;
      for (let at = 1; at <= steps; at += 1) {
        const chatId = await aChat(database.current, [ada]);
        for (const text of ['one', 'two']) await send(writer, chatId, ada.id, text);
        const stepped = withStep(database.current, {
          at,
          isBefore,
          act: () => send(writer, chatId, ada.id, `at ${at}`),
        });
        const reader = await logNode(stepped.db, { bus, intervalMs: 50 });
        const after = hasCursor ? await positionOf(chatId, 1) : null;

        const reading = readAll(follow(reader, ada, chatId, { after, onDb: stepped.db }));
        await expect.poll(() => kindsOf(reading.items)).toContain('ready');
        steps = Math.min(steps, stepped.steps());
        // Nothing is written after it that would tell that it is missing.
        const [head] = await database.current.query<{ seq: number }>('SELECT head_seq AS seq FROM chat WHERE id = $1', [
          chatId,
        ]);
        const ready = reading.items.find((item) => item.kind === 'ready')!;
        const from = hasCursor ? 1 : ready.headSeq;
        await expect
          .poll(() => reading.seqs(), { message: `at step ${at} of ${steps}` })
          .toEqual(upTo(head!.seq).slice(from));
      }
      expect(steps).toBeGreaterThan(3);
    },
  );
});

it('does the same without a bell', async () => {
  const ada = await aUser(database.current);
  const chatId = await aChat(database.current, [ada]);
  const node = await logNode(database.current, { bus: silentBus, intervalMs: 50 });

  const reading = readAll(follow(node, ada, chatId, { after: await positionOf(chatId, 0) }));
  for (let index = 0; index < 50; index += 1) await send(node, chatId, ada.id);
  await expect.poll(() => reading.seqs().length).toBe(50);

  expect(reading.seqs()).toEqual(upTo(50));
});

it.each([
  ['another mark', (seq: number, mark: number) => ({ seq, mark: mark ^ 1 })],
  ['a number beyond the head', (seq: number, mark: number) => ({ seq: seq + 100, mark })],
])('a cursor with %s is a resync, then goes on live', async (_what, spoil) => {
  const ada = await aUser(database.current);
  const chatId = await aChat(database.current, [ada]);
  const node = await logNode(database.current);
  await send(node, chatId, ada.id);
  const position = await positionOf(chatId, 1);

  const stream = follow(node, ada, chatId, { after: spoil(position.seq, position.mark) });
  const first = await take(stream, 2);
  await send(node, chatId, ada.id);
  const [next] = await take(stream, 1);

  expect(first).toMatchObject([{ kind: 'resync' }, { kind: 'ready', headSeq: 1 }]);
  expect(next).toMatchObject({ kind: 'event', event: { seq: 2 } });
});

it('a stranger, and who asks for a chat that does not exist, hear the same', async () => {
  const [ada, eve] = [await aUser(database.current), await aUser(database.current)];
  const chatId = await aChat(database.current, [ada]);
  const node = await logNode(database.current);

  const [stranger, nowhere] = [await take(follow(node, eve, chatId), 2), await take(follow(node, eve, 9_999_999n), 2)];

  expect(stranger).toMatchObject([{ kind: 'ended', code: 'CHAT_GONE' }]);
  expect(nowhere).toEqual(stranger);
  expect(node.tail.followedChats()).toBe(0);
});

it('S0.25 who is removed gets the removal, then the end, and nothing that follows', async () => {
  const [ada, bob] = [await aUser(database.current), await aUser(database.current)];
  const chatId = await aChat(database.current, [ada, bob]);
  const node = await logNode(database.current);
  const reading = readAll(follow(node, bob, chatId, { after: await positionOf(chatId, 0) }));
  const fence = readAll(follow(node, ada, chatId, { after: await positionOf(chatId, 0) }));
  await expect.poll(() => reading.items).toHaveLength(1);

  await send(node, chatId, ada.id);
  await remove(node, chatId, ada, bob);
  await send(node, chatId, ada.id, 'not for bob');
  await expect.poll(() => fence.seqs()).toEqual([1, 2, 3]);
  await reading.done;

  expect(reading.seqs()).toEqual([1, 2]);
  expect(reading.items.at(-1)).toMatchObject({ kind: 'ended', code: 'REMOVED' });
});

it('a text that was changed after the removal stays out, though it was sent before', async () => {
  const [ada, bob] = [await aUser(database.current), await aUser(database.current)];
  const chatId = await aChat(database.current, [ada, bob]);
  // Bob's node hears nothing until all has happened.
  const [writer, reader] = [
    await logNode(database.current),
    await logNode(database.current, { bus: silentBus, intervalMs: 1_000_000 }),
  ];
  const stream = follow(reader, bob, chatId);
  await take(stream, 1);

  const seq = await send(writer, chatId, ada.id, 'before');
  await remove(writer, chatId, ada, bob);
  await edit(writer, chatId, ada, seq, 'for those who stayed');
  await reader.rounds.look();
  const items = await take(stream, 5);

  expect(items).toMatchObject([{ kind: 'ended', code: 'REMOVED' }]);
});

it('a reader that takes nothing is given the log when it comes back, and ready once more', async () => {
  const ada = await aUser(database.current);
  const chatId = await aChat(database.current, [ada]);
  const node = await logNode(database.current);
  const stream = follow(node, ada, chatId);
  await take(stream, 1);

  await Promise.all(upTo(3000).map(() => send(node, chatId, ada.id)));
  const items = await take(stream, 3001);

  expect(seqsOf(items)).toEqual(upTo(3000));
  expect(kindsOf(items).at(-1)).toBe('ready');
});

it('a reader that takes nothing is ready once more where read positions did not fit: it is to read them again', async () => {
  const [ada, bob] = [await aUser(database.current), await aUser(database.current)];
  const chatId = await aChat(database.current, [ada, bob]);
  const node = await logNode(database.current);
  const stream = follow(node, ada, chatId);
  await take(stream, 1);

  for (const lastReadSeq of upTo(1100)) {
    const ephemeral = { kind: 'read' as const, chatId, user: bob, lastReadSeq, isOwnOnly: false };
    node.bus.publish(chatTopic(chatId), { ephemerals: [ephemeral] });
  }
  await new Promise((resolve) => setImmediate(resolve)); // all of them are told by then
  const items = await take(stream, 1001);

  expect(kindsOf(items)).toEqual([...upTo(1000).map(() => 'read'), 'ready']);
});

it('T20 tells that the viewer’s own settings changed, nobody else’s, and is ready once more where that did not fit', async () => {
  const [ada, bob] = [await aUser(database.current), await aUser(database.current)];
  const chatId = await aChat(database.current, [ada, bob]);
  const node = await logNode(database.current);
  const [toAda, toBob] = [follow(node, ada, chatId), follow(node, bob, chatId)];
  for (const stream of [toAda, toBob]) await take(stream, 1);
  const change = (userId: bigint) =>
    node.bus.publish(chatTopic(chatId), { ephemerals: [{ kind: 'settings', chatId, userId }] });

  for (let n = 0; n < 1100; n += 1) change(ada.id);
  change(bob.id);
  await new Promise((resolve) => setImmediate(resolve)); // all of them are told by then

  expect(kindsOf(await take(toAda, 1001))).toEqual([...upTo(1000).map(() => 'settings'), 'ready']);
  change(bob.id);
  expect(kindsOf(await take(toBob, 2))).toEqual(['settings', 'settings']);
});

it('a reader that is more than 10,000 events behind when it comes back is told to read the chat again, then goes on', async () => {
  const ada = await aUser(database.current);
  const chatId = await aChat(database.current, [ada]);
  const node = await logNode(database.current);
  const stream = follow(node, ada, chatId);
  await take(stream, 1);

  for (let sent = 0; sent < 11_500; sent += 500) {
    await Promise.all(upTo(500).map(() => send(node, chatId, ada.id)));
  }
  const items: StreamItem[] = [];
  while (items.at(-1)?.kind !== 'ready') items.push(...(await take(stream, 1)));
  const last = await send(node, chatId, ada.id);
  const [event] = await take(stream, 1);

  expect(kindsOf(items)).toEqual(['resync', 'ready']);
  expect(items.at(-1)).toMatchObject({ headSeq: 11_500 });
  expect(event).toMatchObject({ kind: 'event', event: { seq: last } });
});

it('texts too long for the queue together are replayed all the same', async () => {
  const ada = await aUser(database.current);
  const chatId = await aChat(database.current, [ada]);
  const node = await logNode(database.current);
  const text = 'x'.repeat(20_000);
  await Promise.all(upTo(150).map(() => send(node, chatId, ada.id, text)));

  const items = await take(follow(node, ada, chatId, { after: await positionOf(chatId, 0) }), 151);

  expect(seqsOf(items)).toEqual(upTo(150));
  expect(kindsOf(items).at(-1)).toBe('ready');
});

it('a reader that takes nothing for too long is ended', async () => {
  const ada = await aUser(database.current);
  const chatId = await aChat(database.current, [ada]);
  const node = await logNode(database.current);
  const stream = follow(node, ada, chatId, { slowReaderMs: 50 });
  await take(stream, 1);

  await expect
    .poll(async () => {
      await send(node, chatId, ada.id);
      return node.tail.followedChats();
    })
    .toBe(0);
  const items = await take(stream, 5);

  expect(items).toMatchObject([{ kind: 'ended', code: 'TOO_SLOW' }]);
});

it('when the server ends it, says so at once and does not complete', async () => {
  const ada = await aUser(database.current);
  const chatId = await aChat(database.current, [ada]);
  const node = await logNode(database.current);
  const ending = createEnding();
  const stream = follow(node, ada, chatId, { ending });
  await take(stream, 1);
  const next = stream.next();

  ending.end('SHUTTING_DOWN', 'The server is going away');
  const last = await next;
  let isOver = false;
  const after = stream.next().then((result) => {
    isOver = true;
    return result;
  });
  await new Promise((resolve) => setImmediate(resolve));
  const wasOver = isOver;
  await stream.return!();

  expect(last).toMatchObject({ done: false, value: { kind: 'ended', code: 'SHUTTING_DOWN' } });
  expect(wasOver).toBe(false);
  expect(await after).toMatchObject({ done: true });
});

it('lets go of the chat as soon as it is no longer wanted', async () => {
  const ada = await aUser(database.current);
  const chatId = await aChat(database.current, [ada]);
  const node = await logNode(database.current);
  const stream = follow(node, ada, chatId);
  await take(stream, 1);
  const waiting = stream.next();

  await stream.return!();

  expect(await waiting).toMatchObject({ done: true });
  expect(node.tail.followedChats()).toBe(0);
});

/** A chat of 1,000 messages, the first 900 of them that many hours old. */
const anOldChat = async (node: Node, hours: number) => {
  const ada = await aUser(database.current);
  const chatId = await aChat(database.current, [ada]);
  await Promise.all(upTo(1000).map(() => send(node, chatId, ada.id)));
  await age(database.current, chatId, 900, hours);
  return { ada, chatId };
};

it('tells a cursor that is further behind than logs are kept to read the chat again, pruned or not', async () => {
  const node = await logNode(database.current);
  const { ada, chatId } = await anOldChat(node, 24);
  const [tooOld, last] = [await positionOf(chatId, 899), await positionOf(chatId, 900)];

  const inTime = await take(follow(node, ada, chatId, { after: tooOld, retentionDays: 2 }), 102);
  const before = await take(follow(node, ada, chatId, { after: tooOld, retentionDays: 1 }), 2);
  await age(database.current, chatId, 900, 1);
  await pruneAll(database.current, 1);
  const after = await take(follow(node, ada, chatId, { after: tooOld, retentionDays: 1 }), 2);
  const resumed = await take(follow(node, ada, chatId, { after: last, retentionDays: 1 }), 101);

  expect(seqsOf(inTime)).toEqual(upTo(1000).slice(899));
  for (const told of [before, after]) expect(kindsOf(told)).toEqual(['resync', 'ready']);
  expect(seqsOf(resumed)).toEqual(upTo(1000).slice(900));
  expect(resumed.at(-1)).toMatchObject({ kind: 'ready', headSeq: 1000 });
});

it('ends a replay that had begun, whatever grows too old meanwhile and is pruned', async () => {
  const node = await logNode(database.current);
  const { ada, chatId } = await anOldChat(node, 23);
  const stream = follow(node, ada, chatId, { after: await positionOf(chatId, 100), retentionDays: 1 });
  const first = await take(stream, 10);

  await age(database.current, chatId, 950, 1);
  const pruned = await pruneAll(database.current, 1);
  const rest = await take(stream, 891);

  expect(pruned).toEqual([]);
  expect(kindsOf([...first, ...rest])).toEqual([...upTo(900).map(() => 'event'), 'ready']);
  expect(seqsOf([...first, ...rest])).toEqual(upTo(1000).slice(100));
});

it('ends a replay that takes longer than an hour with a word rather than a hole, where the log was pruned under it', async () => {
  const node = await logNode(database.current);
  const { ada, chatId } = await anOldChat(node, 23);
  const stream = follow(node, ada, chatId, { after: await positionOf(chatId, 100), retentionDays: 1 });
  const first = await take(stream, 10);

  await age(database.current, chatId, 900, 3);
  await pruneAll(database.current, 1);
  const rest: StreamItem[] = [];
  while (rest.at(-1)?.kind !== 'ready') rest.push(...(await take(stream, 1)));

  const seqs = seqsOf([...first, ...rest]);
  expect(seqs).toEqual(upTo(1000).slice(100, 100 + seqs.length));
  expect(seqs.length).toBeLessThan(900);
  expect(kindsOf(rest).slice(-2)).toEqual(['resync', 'ready']);
});

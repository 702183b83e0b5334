/**
 * Readers that take nothing: each costs its own queue, memory stays bounded, and those who read are as fast as without them,
 * compared in alternating windows of one run.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { follow, type Follower } from '../client/follower.js';
import { placeAt } from '../client/place.js';
import { percentile } from '../percentile.js';
import type { Run } from '../run.js';
import { onStage, type Stage } from '../stage.js';
import { createTell, sendAs } from '../workload.js';
import { everyoneStands } from '../world.js';

const READERS = 200;
const EVENTS = 20_000;
const ROUNDS = 2;
/** For each reader a queue of 2 MiB, though what is queued is the same for all, and its socket. */
const MAX_MEMORY_MB_PER_READER = 2.5;

export const stalled: Run = {
  name: 'stalled',
  describe: `${READERS} readers that take nothing of ${EVENTS.toLocaleString('en')} events with long texts`,
  run: ({ seed, scale, onProgress }) => {
    // They stay, however long they take nothing.
    const settings = { SLOW_READER_SECONDS: '3600' };
    return onStage({ seed, entry: ENTRY, settings, chats: 1, people: 4 }, async (stage) => {
      const { world, installation, complain } = stage;
      const { node } = installation.nodes[0]!;
      const readersDue = Math.max(10, Math.round(READERS * scale));
      const eventsDue = EVENTS * scale;
      const windowSize = Math.round(eventsDue / (ROUNDS * 4));
      const before = await node.holdings();
      const alone: number[] = [];
      const beside: number[] = [];
      let grown = 0;
      for (let round = 0; round < ROUNDS; round += 1) {
        alone.push(...(await sendMany(stage, windowSize)));
        const readers = await standStill(stage, readersDue);
        // Until nothing more goes into any of their sockets.
        for (let isFull = false; !isFull;) {
          await sendMany(stage, 250);
          isFull = (await node.holdings()).waitingSockets >= readersDue;
          onProgress(world.recorder.acknowledged(), Math.max(eventsDue, world.recorder.acknowledged() + 1));
        }
        beside.push(...(await sendMany(stage, windowSize)));
        const now = await node.holdings();
        grown = Math.max(grown, (now.heapUsed + now.external - before.heapUsed - before.external) / 2 ** 20);
        for (const reader of readers) {
          if (round < ROUNDS - 1) reader.stop();
          else reader.resume();
        }
        await delay(500);
      }
      const left = eventsDue - world.recorder.acknowledged();
      if (left > 0) await sendMany(stage, left);
      if (grown > readersDue * MAX_MEMORY_MB_PER_READER) complain(`memory grew by ${Math.round(grown)} MB`);
      return {
        figures: {
          readers: readersDue,
          events: world.recorder.acknowledged(),
          'memory grew by MB': Math.round(grown),
          'delay p50 ×': ratio(beside, alone, 0.5),
          'delay p99 ×': ratio(beside, alone, 0.99),
        },
      };
    });
  },
};

const ENTRY = 'test/faults/watched.mjs';

const standStill = async ({ world, installation }: Stage, count: number): Promise<Follower[]> => {
  const { node } = installation.nodes[0]!;
  // Without the proxy, which would keep a lot of it.
  const place = placeAt(node.name, node.port);
  const readers = Array.from({ length: count }, () =>
    follow({ name: 'stalled', person: world.root, chatId: world.chats[0]!.chatId, place: () => place }),
  );
  world.followers.push(...readers);
  await everyoneStands(world);
  for (const reader of readers) reader.pause();
  return readers;
};

/** @returns from each send to each of those who read, in milliseconds */
const sendMany = async ({ world }: Stage, count: number): Promise<number[]> => {
  const tell = createTell(world);
  const [chat] = world.chats;
  const sentAt = new Map<string, number>();
  let left = count;
  const senders = world.people.filter(({ id }) => chat!.members.includes(id));
  await Promise.all(
    [...senders, ...senders].map(async (person) => {
      while (left > 0) {
        left -= 1;
        const text = randomUUID().padEnd(1000, 'x');
        sentAt.set(text, performance.now());
        await sendAs(world, chat!, person, tell, { text });
      }
    }),
  );
  return world.followers
    .filter(({ record }) => record.name !== 'stalled')
    .flatMap(({ record }) =>
      record.items.slice(-count).flatMap((item) => {
        if (item.kind !== 'event' || item.event.type !== 'sent') return [];
        const begun = sentAt.get(item.event.message.text ?? '');
        return begun === undefined ? [] : [item.at - begun];
      }),
    );
};

const ratio = (some: number[], others: number[], part: number) =>
  (percentile(some, part) / percentile(others, part)).toFixed(2);

/** Half an hour of coming and going, after which a node holds what it held before. */
import { setTimeout as delay } from 'node:timers/promises';
import { follow } from '../client/follower.js';
import { keepNotifications } from '../client/notification-list.js';
import type { Installation } from '../installation.js';
import { psql } from '../parties/postgres.js';
import type { Run } from '../run.js';
import { onStage } from '../stage.js';
import { changeMember, startWorkload } from '../workload.js';
import { anyOf, everyoneStands, type World } from '../world.js';

const MINUTES = 30;
const COMERS = 40;
/** Pools and buffers fill first. */
const WARM_UP_MS = 20_000;
/** Until what was let go of is gone: a limit's window is a minute long. */
const REST_MS = 75_000;
const MAX_HEAP = 1.1;

export const soak: Run = {
  name: 'soak',
  describe: `${MINUTES} minutes of connects and disconnects, after which everything held is as before`,
  run: ({ seed, scale, onProgress }) =>
    onStage({ seed, entry: ENTRY }, async ({ installation, world, complain }) => {
      const rest = Math.max(25_000, REST_MS * Math.min(1, scale * 10));
      await comeAndGo(world, Math.min(WARM_UP_MS, WARM_UP_MS * scale * 10), () => undefined);
      await delay(rest);
      const before = await holdings(installation);
      const ms = MINUTES * 60_000 * scale;
      const comings = await comeAndGo(world, ms, (passed) => onProgress(passed, ms));
      await delay(rest);
      const after = await holdings(installation);
      const figures: Record<string, string | number> = { comings, operations: world.recorder.acknowledged() };
      for (const [n, now] of after.entries()) {
        const { heapUsed, ...counted } = now;
        const then = before[n]!;
        const grown = heapUsed / then.heapUsed;
        figures[`${now.name} heap ×`] = grown.toFixed(2);
        if (grown > MAX_HEAP) complain(`the heap of ${now.name} grew to ${grown.toFixed(2)} of what it was`);
        for (const [name, count] of Object.entries(counted)) {
          const first = then[name as keyof typeof then];
          if (count !== first) complain(`${now.name} holds ${count} ${name}, and held ${first}`);
        }
      }
      return { figures };
    }),
};

const ENTRY = 'test/faults/watched.mjs';

/** @returns how often somebody came */
const comeAndGo = async (world: World, ms: number, onPassed: (passed: number) => void): Promise<number> => {
  const { random, people, chats, root, recorder } = world;
  const begunAt = performance.now();
  const workload = startWorkload(world, { workers: 3, pauseMs: 60 });
  let comings = 0;
  const come = async () => {
    while (performance.now() - begunAt < ms) {
      comings += 1;
      const person = random.pick([root, ...people]);
      const chat = random.pick([null, ...chats]);
      const one = random.chance(0.2)
        ? keepNotifications(person, anyOf(world))
        : follow({
            name: 'passing by',
            person,
            chatId: chat?.chatId ?? null,
            place: anyOf(world),
            isComingBack: false,
          });
      await delay(random.int(1500));
      one.stop();
      onPassed(Math.min(ms, performance.now() - begunAt));
    }
  };
  await Promise.all(Array.from({ length: COMERS }, come));
  await workload.stop();
  recorder.latencies.length = 0;
  await everyoneIsBack(world);
  await everyoneStands(world);
  return comings;
};

/** In the chats that they were in when it began: who was removed cannot follow, and what is followed is part of what is held. */
const everyoneIsBack = async (world: World) => {
  for (const chat of world.chats) {
    for (const person of world.people) {
      const wasIn = chat.members.includes(person.id);
      if (chat.presentMembers.has(person.id) !== wasIn)
        await changeMember(world, chat, person, wasIn ? 'add' : 'remove');
    }
  }
};

const holdings = ({ nodes, postgres, redis }: Installation) =>
  Promise.all(
    nodes.map(async ({ node }) => {
      const { heapUsed, resources, listeners } = await node.holdings();
      const connections = psql(postgres, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'parley'");
      return {
        name: node.name,
        heapUsed,
        sockets: resources.TCPSocketWrap ?? 0,
        timers: resources.Timeout ?? 0,
        listeners,
        'pool connections, of all nodes': Number(connections),
        'topics, of all nodes': await redis.topics(),
      };
    }),
  );

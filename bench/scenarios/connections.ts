/** 10,000 sockets with a subscription each, then one message for each: memory a connection, and the CPU time of connecting. */
import { setTimeout as delay } from 'node:timers/promises';
import { startAsked, type AskedChild, type Child } from '../harness/child.js';
import { createHttpClient } from '../harness/clients.mjs';
import { CHAT_EVENTS, peerPlan, PEERS, SEND, type FollowerPlan, type Peer } from '../harness/fan-out-contenders.js';
import { watchMemory, type MemoryWatch } from '../harness/memory.js';
import { SECRET, startParley, TEXT, type Chat, type Person } from '../harness/parley.js';
import { showProgress } from '../harness/progress.js';
import { atMost, seriesOf, type Series } from '../harness/result.js';
import { inRounds } from '../harness/rounds.js';
import type { Bench, Scenario } from '../harness/scenario.js';
import { median } from '../harness/stats.js';

interface Contender {
  name: string;
  /** Of a process that has served nobody yet. */
  start(): Promise<Running>;
}

interface Running {
  child: Child;
  memory: MemoryWatch;
  /** Followers, by chats. */
  plans: Pick<FollowerPlan, 'plan' | 'tokens'>[];
  /** Sends one message into that chat. */
  publish(chat: number): Promise<number>;
  stop(): Promise<void>;
}

interface Window {
  /** Bytes a connection. */
  idleRss: number;
  idleLive: number;
  usedRss: number;
  usedLive: number;
  /** µs of the server's CPU to connect and subscribe one. */
  connecting: number;
  /** µs of it a second, by all of them together, while nothing happens. */
  idling: number;
}

const IN_A_CHAT = 100;
const SETTLE_MS = 3000;
const IDLE_MS = 5000;

export const connections: Scenario = async (bench) => {
  const count = bench.isQuick ? 200 : 10_000;
  const peers = PEERS.filter(({ name }) => ['Yoga', 'Apollo', 'Socket.IO', 'ws'].includes(name));
  const contenders = [
    { name: 'Parley', start: () => startOwn(bench, count) },
    ...peers.map((peer) => ({ name: peer.name, start: () => startPeer(peer, count) })),
  ].filter(({ name }) => bench.only.length === 0 || bench.only.includes(name));
  const progress = showProgress('connections', contenders.length * bench.rounds);
  // Each starts anew for each window, so that there is nothing to warm up.
  const windows = await inRounds(contenders, bench.rounds, progress, (contender) => measure(contender, count), {
    warmsUp: false,
  });
  progress.end();

  const figures = (name: string, unit: string, of: (window: Window) => number): Series =>
    seriesOf(windows, { name, unit }, of);
  const middle = (name: string, of: (window: Window) => number) => median((windows.get(name) ?? []).map(of));
  const ratio = (of: (window: Window) => number) => middle('Parley', of) / middle('Yoga', of);
  return {
    title: `${count.toLocaleString('en')} connections`,
    series: [
      figures('resident, idle', 'bytes a connection', ({ idleRss }) => idleRss),
      figures('live, idle', 'bytes a connection', ({ idleLive }) => idleLive),
      figures('resident, after a message', 'bytes a connection', ({ usedRss }) => usedRss),
      figures('live, after a message', 'bytes a connection', ({ usedLive }) => usedLive),
      figures('connect and subscribe', 'µs of CPU a connection', ({ connecting }) => connecting),
      figures('all of them idle', 'µs of CPU a second', ({ idling }) => idling),
    ],
    goals: [
      atMost('Resident kB a connection after a message', middle('Parley', ({ usedRss }) => usedRss) / 1000, 15),
      atMost(
        'Resident bytes after a message, to Yoga',
        ratio(({ usedRss }) => usedRss),
        0.5,
      ),
      atMost(
        'CPU of connecting, to Yoga',
        ratio(({ connecting }) => connecting),
        1.5,
      ),
    ].filter((goal) => Number.isFinite(goal.ratio)),
    notes: [
      `Each in chats of ${IN_A_CHAT}, by a process that has just started; memory after collecting garbage, less that of the process with ${WARM} connections gone.`,
      'Checked: everyone got the newest message, and none twice.',
    ],
  };
};

/** What the first connections bring along is not theirs: code, caches. */
const WARM = 50;

const measure = async ({ start }: Contender, count: number): Promise<Window> => {
  const { child: generator } = await startAsked(new URL('../harness/followers.mjs', import.meta.url), {});
  const running = await start();
  const { child, memory, plans, publish } = running;
  try {
    const warm = { ...plans[0]!, tokens: plans[0]!.tokens.slice(0, WARM) };
    await generator.ask({ what: 'follow', name: 'warm', ...warm });
    await reachAll(generator, 'warm', () => publish(0));
    await generator.ask({ what: 'leave', name: 'warm' });
    await delay(SETTLE_MS);
    const before = await memory.read(child);

    const cpuBefore = child.cpu();
    for (const [chat, plan] of plans.entries()) await generator.ask({ what: 'follow', name: `${chat}`, ...plan });
    await delay(SETTLE_MS);
    const connecting = (child.cpu() - cpuBefore) / count;
    const idle = await memory.read(child);
    await delay(SETTLE_MS);
    const cpuIdle = child.cpu();
    await delay(IDLE_MS);
    const idling = (child.cpu() - cpuIdle) / (IDLE_MS / 1000);

    for (const chat of plans.keys()) await reachAll(generator, `${chat}`, () => publish(chat));
    await delay(SETTLE_MS);
    const used = await memory.read(child);
    return {
      idleRss: (idle.rss - before.rss) / count,
      idleLive: (idle.live - before.live) / count,
      usedRss: (used.rss - before.rss) / count,
      usedLive: (used.live - before.live) / count,
      connecting,
      idling,
    };
  } finally {
    await Promise.all([running.stop(), generator.stop()]);
  }
};

/** Nothing tells when a subscription of a peer stands: those that stood too late get the next message. */
const reachAll = async (generator: AskedChild, name: string, publish: () => Promise<number>) => {
  for (let tries = 1; ; tries += 1) {
    const seq = await publish();
    if (await generator.ask({ what: 'reach', name, seq, withinMs: 3000 })) break;
    if (tries === 5) throw new Error('Not everyone got a message');
  }
  const { faults } = await generator.ask<{ faults: string[] }>({ what: 'report', name });
  if (faults.length > 0) throw new Error(faults.slice(0, 3).join('; '));
};

let starts = 0;

const startOwn = async ({ serverUrl }: Bench, count: number): Promise<Running> => {
  const memory = watchMemory();
  const { environment } = memory;
  const parley = await startParley(serverUrl, { name: `connections_${(starts += 1)}`, environment });
  const people = await parley.addPeople(count);
  const chats: { chat: Chat; members: Person[] }[] = [];
  for (let from = 0; from < count; from += IN_A_CHAT) {
    const members = people.slice(from, from + IN_A_CHAT);
    chats.push({ chat: await parley.addChat(members), members });
  }
  await parley.analyze();
  return {
    child: parley.child,
    memory,
    plans: chats.map(({ chat, members }) => ({
      plan: { protocol: 'graphql', url: parley.socketUrl, query: CHAT_EVENTS, variables: { chatId: chat.id } },
      tokens: members.map(({ token }) => token),
    })),
    publish: async (n) => {
      const { chat, members } = chats[n]!;
      const client = createHttpClient(parley.url, members[0]!.token);
      const answer = await client.ask(JSON.stringify({ query: SEND, variables: { chatId: chat.id, text: TEXT } }));
      client.close();
      return Number(/"seq":(\d+)/.exec(answer)?.[1]);
    },
    stop: () => parley.stop(),
  };
};

const startPeer = async (peer: Peer, count: number): Promise<Running> => {
  const memory = watchMemory();
  const { child, ready } = await startAsked<{ port: number }>(
    new URL(`../peers/${peer.program}.mjs`, import.meta.url),
    { secret: SECRET, text: TEXT },
    { environment: memory.environment },
  );
  const chatIds = Array.from({ length: count / IN_A_CHAT }, (_none, n) =>
    Buffer.from(`Chat:${n + 1}`).toString('base64'),
  );
  return {
    child,
    memory,
    plans: chatIds.map((chatId) => peerPlan(peer, ready.port, chatId, IN_A_CHAT)),
    publish: (n) => child.ask({ what: 'publish', chatId: chatIds[n], count: 1 }),
    stop: () => child.stop(),
  };
};

/**
 * 50 of 1,000 followers stop reading, while another chat that they follow brings them more than the kernel takes: what the server's
 * memory grows by, and whether the others get their messages as before.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { startAsked, type AskedChild } from '../harness/child.js';
import {
  PEERS,
  startParleyContender,
  startPeer,
  type ContenderOptions,
  type FanOutContender,
} from '../harness/fan-out-contenders.js';
import { watchMemory } from '../harness/memory.js';
import { showProgress } from '../harness/progress.js';
import { atMost, seriesOf, type Series } from '../harness/result.js';
import { inRounds } from '../harness/rounds.js';
import type { Scenario } from '../harness/scenario.js';
import { median, percentile } from '../harness/stats.js';

interface Contender {
  name: string;
  /** A process that has served nobody yet. */
  start(options: ContenderOptions): Promise<FanOutContender>;
}

interface Size {
  followers: number;
  stalling: number;
  /** Long ones, in the chat that only those who stall follow. */
  longMessages: number;
  /** In the chat that all follow, before and after. */
  messages: number;
}

interface Window {
  /** Bytes that the process grew by while they were stalled, garbage collected. */
  growth: number;
  /** ms until the last of those who read has a message. */
  healthyP99: number;
  stalledP99: number;
}

// So long that together they are more than the kernel's buffers hold: some megabytes for each socket.
const LONG_TEXT = 'A long message. '.repeat(1000);
const SETTLE_MS = 2000;
const WITHIN_MS = 60_000;

export const stalled: Scenario = async (bench) => {
  const size: Size = bench.isQuick
    ? { followers: 40, stalling: 4, longMessages: 100, messages: 50 }
    : { followers: 1000, stalling: 50, longMessages: 600, messages: 300 };
  const { followers, stalling, longMessages, messages } = size;
  const contenders: Contender[] = [
    {
      name: 'Parley',
      start: (options: ContenderOptions) =>
        startParleyContender(bench.serverUrl, 'chatEvents', {
          ...options,
          environment: { ...options.environment, MESSAGE_MAX_LENGTH: '20000' },
        }),
    },
    ...PEERS.filter(({ name }) => ['Yoga', 'Apollo'].includes(name)).map((peer) => ({
      name: peer.name,
      start: (options: ContenderOptions) => startPeer(peer, options),
    })),
  ].filter(({ name }) => bench.only.length === 0 || bench.only.includes(name));
  const progress = showProgress('stalled', contenders.length * bench.rounds);
  const windows = await inRounds(contenders, bench.rounds, progress, (contender) => measure(contender, size), {
    warmsUp: false,
  });
  progress.end();

  const figures = (name: string, unit: string, of: (window: Window) => number): Series =>
    seriesOf(windows, { name, unit }, of);
  const own = windows.get('Parley') ?? [];
  return {
    title: 'Followers that read nothing',
    series: [
      figures(`${stalling} of ${followers} stalled`, 'MB that memory grows by', ({ growth }) => growth / 1e6),
      figures('all read', 'ms until the last has a message (p99)', ({ healthyP99 }) => healthyP99),
      figures(`${stalling} stalled`, 'ms until the last has a message (p99)', ({ stalledP99 }) => stalledP99),
    ],
    goals: [
      atMost('MB that memory grows by', median(own.map(({ growth }) => growth / 1e6)), 50),
      atMost(
        'p99 of those who read, to when all do',
        median(own.map(({ stalledP99, healthyP99 }) => stalledP99 / healthyP99)),
        1.2,
      ),
    ].filter((goal) => Number.isFinite(goal.ratio)),
    notes: [
      `Those who stall follow another chat too, over the same socket: as soon as they read nothing, ${longMessages} messages of ${LONG_TEXT.length / 1000} kB are sent into it, ` +
        `${(longMessages * LONG_TEXT.length * stalling) / 1e6} MB for all of them. ${messages} messages of usual length before and as many after, one after the other, in the chat that all follow. Resident memory after collecting garbage.`,
      'Checked: those who read got every message once, each with the number after the one before.',
    ],
  };
};

const measure = async (
  { start }: Contender,
  { followers, stalling, longMessages, messages }: Size,
): Promise<Window> => {
  const memory = watchMemory();
  const { child: generator } = await startAsked(new URL('../harness/followers.mjs', import.meta.url), {});
  const contender = await start({ otherText: LONG_TEXT, canFollowBoth: true, environment: memory.environment });
  try {
    const { plan, tokens, otherChatId } = await contender.prepare(followers);
    const busy = { ...plan, otherChatId };
    await generator.ask({ what: 'follow', name: 'stalled', plan: busy, tokens: tokens.slice(0, stalling) });
    await generator.ask({ what: 'follow', name: 'healthy', plan, tokens: tokens.slice(stalling) });
    for (let tries = 0; !(await doAllFollow(generator, contender)); tries += 1)
      if (tries === 5) throw new Error('Not everyone follows');

    const before = await publishAll(generator, contender, messages);
    await generator.ask({ what: 'stall', name: 'stalled' });
    const heldBefore = await memory.read(contender.child);
    for (let sent = 0; sent < longMessages; sent += 1) await contender.publish(false, 1);
    await delay(SETTLE_MS);
    const after = await publishAll(generator, contender, messages);
    await delay(SETTLE_MS);
    const heldAfter = await memory.read(contender.child);
    return {
      growth: heldAfter.rss - heldBefore.rss,
      healthyP99: percentile(before, 99),
      stalledP99: percentile(after, 99),
    };
  } finally {
    await Promise.all([contender.stop(), generator.stop()]);
  }
};

/** By one message in each chat: those who stall later get both. */
const doAllFollow = async (generator: AskedChild, contender: FanOutContender): Promise<boolean> => {
  await contender.publish(false, 1);
  const isHealthy = await isReached(generator, await contender.publish(true, 1), 3000);
  const { received } = await generator.ask<Report>({ what: 'report', name: 'stalled' });
  await generator.ask({ what: 'report', name: 'healthy' });
  return isHealthy && received.every((count) => count === 2);
};

interface Report {
  received: number[];
  faults: string[];
}

const isReached = (generator: AskedChild, seq: number, withinMs: number) =>
  generator.ask<boolean>({ what: 'reach', name: 'healthy', seq, withinMs });

/** @returns how long each took until the last of those who read had it, in ms */
const publishAll = async (generator: AskedChild, contender: FanOutContender, messages: number): Promise<number[]> => {
  const delays: number[] = [];
  for (let sent = 0; sent < messages; sent += 1) {
    const begun = performance.now();
    if (!(await isReached(generator, await contender.publish(true, 1), WITHIN_MS)))
      throw new Error('Not everyone who reads got a message');
    delays.push(performance.now() - begun);
  }
  const { received, faults } = await generator.ask<Report>({ what: 'report', name: 'healthy' });
  if (faults.length > 0) throw new Error(faults.slice(0, 3).join('; '));
  if (received.some((count) => count !== messages)) throw new Error(`Somebody did not get ${messages} messages`);
  return delays;
};

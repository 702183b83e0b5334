/** One message to 10, 100 and 1,000 followers, alone and in bursts of 8: what a delivery costs the server. */
import { startAsked, type AskedChild } from '../harness/child.js';
import { PEERS, startParleyContender, startPeer, type FanOutContender } from '../harness/fan-out-contenders.js';
import { TEXT } from '../harness/parley.js';
import { showProgress } from '../harness/progress.js';
import { atLeast, atMost, type Goal, seriesOf, type Series } from '../harness/result.js';
import { inRounds } from '../harness/rounds.js';
import type { Bench, Scenario } from '../harness/scenario.js';
import { median, percentile, short } from '../harness/stats.js';

const BURST = 8;
const SIZES = [10, 100, 1000];
const QUICK_SIZES = [40];
/** In one window, so that it takes a second or so. */
const DELIVERIES = 40_000;
const QUICK_DELIVERIES = 800;
const MESSAGES_AT_MOST = 200;
const WITHIN_MS = 30_000;

interface Window {
  /** µs of the server's CPU a delivery, less what the same sends cost without a follower. */
  net: number;
  /** The same with the send. */
  gross: number;
  /** From publishing until the last follower has it, ms for each message or burst. */
  delays: number[];
  /** Cores that the generator kept busy. */
  generatorLoad: number;
}

export const fanOut: Scenario = async (bench) => {
  const contenders = await startContenders(bench);
  const { child: generator } = await startAsked(new URL('../harness/followers.mjs', import.meta.url), {});
  const sizes = bench.isQuick ? QUICK_SIZES : SIZES;
  const progress = showProgress('fan-out', contenders.length * sizes.length * 2 * (bench.rounds + 1));
  const series: Series[] = [];
  const notes: string[] = [];
  const cost = new Map<string, number>();
  try {
    for (const followers of sizes) {
      for (const contender of contenders) await connect(generator, contender, followers);
      for (const atOnce of [1, BURST]) {
        const deliveries = bench.isQuick ? QUICK_DELIVERIES : DELIVERIES;
        const count = Math.ceil(Math.min(MESSAGES_AT_MOST, deliveries / followers) / atOnce);
        const windows = await inRounds(contenders, bench.rounds, progress, (contender) =>
          measure(generator, contender, { followers, atOnce, count }),
        );
        const name = `N = ${followers.toLocaleString('en')}, ${atOnce === 1 ? 'single' : `bursts of ${atOnce}`}`;
        const figures = (unit: string, of: (window: Window) => number): Series => seriesOf(windows, { name, unit }, of);
        const net = figures('µs of CPU a delivery, without the send', (window) => window.net);
        series.push(net);
        series.push(figures('µs of CPU a delivery, with the send', (window) => window.gross));
        series.push(figures('ms until the last follower has it', (window) => median(window.delays)));
        for (const [contender, spread] of Object.entries(net.values))
          cost.set(`${contender} ${followers} ${atOnce}`, spread.median);
        const all = [...windows.values()].flat();
        notes.push(
          `${name}: ${count} ${atOnce === 1 ? 'messages' : 'bursts'} a window; the generator kept ` +
            `${short(median(all.map(({ generatorLoad }) => generatorLoad)))} cores busy; p99 of Parley until the last has it ` +
            `${short(
              percentile(
                windows.get(contenders[0]!.name)!.flatMap(({ delays }) => delays),
                99,
              ),
            )} ms`,
        );
      }
      for (const { name } of contenders) await generator.ask({ what: 'leave', name });
    }
  } finally {
    progress.end();
    await Promise.all([...contenders, generator].map((one) => one.stop()));
  }
  notes.push('Every follower got every message once, each with the number after the one before.');
  return { title: 'Fan-out', series, goals: goalsOf(cost), notes };
};

const startContenders = async ({ serverUrl, only }: Bench): Promise<FanOutContender[]> => {
  const starts: [string, () => Promise<FanOutContender>][] = [
    ...(['chatEvents', 'events', 'SSE'] as const).map((transport): [string, () => Promise<FanOutContender>] => [
      `Parley, ${transport}`,
      () => startParleyContender(serverUrl, transport),
    ]),
    ...PEERS.map((peer): [string, () => Promise<FanOutContender>] => [peer.name, () => startPeer(peer)]),
  ];
  const wanted = starts.filter(([name]) => only.length === 0 || only.some((part) => name.includes(part)));
  return Promise.all(wanted.map(([, start]) => start()));
};

/** Connects all followers, and publishes until each has something. */
const connect = async (generator: AskedChild, contender: FanOutContender, followers: number) => {
  const { name } = contender;
  await generator.ask({ what: 'follow', name, ...(await contender.prepare(followers)) });
  for (let tries = 0; ; tries += 1) {
    const seq = await contender.publish(true, 1);
    if (await generator.ask({ what: 'reach', name, seq, withinMs: 3000 })) break;
    if (tries === 5) throw new Error(`${name}: not everyone follows`);
  }
  const { faults, text } = await reportOf(generator, name);
  if (faults.length > 0) throw new Error(`${name}: ${faults.slice(0, 3).join('; ')}`);
  checkText(name, text);
};

interface Report {
  received: number[];
  last: number[];
  faults: string[];
  text: string;
}

const reportOf = (generator: AskedChild, name: string) => generator.ask<Report>({ what: 'report', name });

/** All contenders deliver the same fields. */
const checkText = (name: string, text: string) => {
  const wanted = [
    '"seq":',
    '"cursor":',
    '"chatId":',
    '"message":',
    '"id":',
    `"text":"${TEXT}"`,
    '"createdAt":',
    '"username":',
  ];
  const missing = wanted.filter((part) => !text.includes(part));
  if (missing.length > 0) throw new Error(`${name} delivers ${text}: ${missing.join(', ')} is missing`);
};

const measure = async (
  generator: AskedChild,
  contender: FanOutContender,
  { followers, atOnce, count }: { followers: number; atOnce: number; count: number },
): Promise<Window> => {
  const { name, child } = contender;
  await reportOf(generator, name);

  const idle = child.cpu();
  for (let sent = 0; sent < count; sent += 1) await contender.publish(false, atOnce);
  const sending = child.cpu() - idle;

  const delays: number[] = [];
  const before = child.cpu();
  const generatorBefore = generator.cpu();
  const begun = performance.now();
  for (let sent = 0; sent < count; sent += 1) {
    const publishedAt = performance.now();
    const seq = await contender.publish(true, atOnce);
    if (!(await generator.ask({ what: 'reach', name, seq, withinMs: WITHIN_MS })))
      throw new Error(`${name}: not everyone got ${seq} within ${WITHIN_MS / 1000} s`);
    delays.push(performance.now() - publishedAt);
  }
  const delivering = child.cpu() - before;
  const generatorLoad = (generator.cpu() - generatorBefore) / 1000 / (performance.now() - begun);

  const { received, faults } = await reportOf(generator, name);
  if (faults.length > 0) throw new Error(`${name}: ${faults.slice(0, 3).join('; ')}`);
  const wrong = received.filter((messages) => messages !== count * atOnce);
  if (wrong.length > 0) throw new Error(`${name}: ${wrong.length} followers got ${wrong[0]} of ${count * atOnce}`);
  const deliveries = followers * count * atOnce;
  return { net: (delivering - sending) / deliveries, gross: delivering / deliveries, delays, generatorLoad };
};

const goalsOf = (cost: ReadonlyMap<string, number>): Goal[] => {
  const ratio = (peer: string, followers: number, atOnce: number) =>
    cost.get(`${peer} ${followers} ${atOnce}`)! / cost.get(`Parley, chatEvents ${followers} ${atOnce}`)!;
  const goals = [
    atLeast('N = 1,000, single: times cheaper than Yoga', ratio('Yoga', 1000, 1), 6),
    atLeast('N = 1,000, single: times cheaper than Apollo', ratio('Apollo', 1000, 1), 4.5),
    atLeast('N = 1,000, single: times cheaper than Mercurius', ratio('Mercurius', 1000, 1), 4.5),
    atMost('N = 1,000, single: times the cost of ws alone', 1 / ratio('ws', 1000, 1), 1.25),
    atLeast(`N = 1,000, bursts of ${BURST}: times cheaper than Yoga`, ratio('Yoga', 1000, BURST), 20),
    atLeast('N = 10, single: times cheaper than Yoga', ratio('Yoga', 10, 1), 2),
    atLeast(`N = 10, bursts of ${BURST}: times cheaper than Yoga`, ratio('Yoga', 10, BURST), 2),
  ];
  return goals.filter((goal) => Number.isFinite(goal.ratio));
};

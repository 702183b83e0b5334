/**
 * A message sent on one node and followed on another, through Redis: what that adds to the way over one node, what a delivery costs,
 * and what followers lose while Redis is killed and started again.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { startRedis, type Service } from '../../scripts/services.mjs';
import { startAsked, type AskedChild } from '../harness/child.js';
import { PEERS, startParleyContender, startPeer, type FanOutContender } from '../harness/fan-out-contenders.js';
import { cpuOf } from '../harness/process-cpu.js';
import { showProgress } from '../harness/progress.js';
import { atMost, seriesOf, type Series } from '../harness/result.js';
import { inRounds } from '../harness/rounds.js';
import { now, onSchedule } from '../harness/schedule.mjs';
import type { Bench, Scenario } from '../harness/scenario.js';
import { median, percentile, short } from '../harness/stats.js';

interface Contender {
  /** As `Parley`. */
  server: string;
  /** As `Parley, two nodes`. */
  name: string;
  running: FanOutContender;
  /** Between two nodes: its own, so that nobody else loses it. */
  redis?: Redis;
}

interface Redis {
  url: string;
  /** µs of CPU since the first start. */
  cpu(): number;
  kill(): void;
  /** At the same address. */
  startAgain(): Promise<void>;
  stop(): Promise<void>;
}

interface Window {
  /** From sending until a follower has it, ms. */
  p50: number;
  p99: number;
  /** µs of CPU of all nodes and Redis a delivery, less what the same sends cost without a follower. */
  net: number;
  generatorLoad: number;
}

interface Outage {
  /** Messages of all followers. */
  lost: number;
  doubled: number;
  /** After a newer one. */
  late: number;
  /** From sending until the last delivery of what came at all, ms, of the slowest message. */
  slowest: number;
}

interface Report {
  received: number[];
  last: number[];
  lost: number;
  doubled: number;
  late: number;
  faults: string[];
  arrivals: { seq: number; at: number }[];
}

const ONE = 'one node';
const TWO = 'two nodes';
const SERVERS = ['Parley', 'Yoga', 'Socket.IO'];
const WITHIN_MS = 10_000;
const OUTAGE_RATE = 100;

export const nodes: Scenario = async (bench) => {
  const [followers, messages, outageSeconds] = bench.isQuick ? [10, 30, 3] : [100, 300, 6];
  const servers = SERVERS.filter((server) => bench.only.length === 0 || bench.only.includes(server));
  const contenders: Contender[] = [];
  const { child: generator } = await startAsked(new URL('../harness/followers.mjs', import.meta.url), {});
  const progress = showProgress('nodes', servers.length * (2 * (bench.rounds + 1) + bench.rounds));
  try {
    for (const server of servers)
      for (const count of [ONE, TWO]) contenders.push(await startContender(bench, server, count));
    for (const contender of contenders) await connect(generator, contender, followers);
    const windows = await inRounds(contenders, bench.rounds, progress, (contender) =>
      measure(generator, contender, { followers, messages }),
    );
    const outages = await inRounds(
      contenders.filter(({ redis }) => redis !== undefined),
      bench.rounds,
      progress,
      (contender) => breakRedis(generator, contender, outageSeconds),
      { warmsUp: false },
    );

    /** The windows of each server with so many nodes. */
    const of = (count: string) => new Map(servers.map((server) => [server, windows.get(`${server}, ${count}`)!]));
    /** What two nodes add to one, round by round. */
    const added = new Map(
      servers.map((server) => [
        server,
        of(TWO)
          .get(server)!
          .map((window, round) => {
            const one = of(ONE).get(server)![round]!;
            return { p50: window.p50 - one.p50, p99: window.p99 - one.p99 };
          }),
      ]),
    );
    const broken = new Map(servers.map((server) => [server, outages.get(`${server}, ${TWO}`)!]));
    const latencies = (unit: string, percent: 'p50' | 'p99'): Series[] => [
      seriesOf(added, { name: 'added by the second node', unit }, (window) => window[percent]),
      ...[ONE, TWO].map((count) => seriesOf(of(count), { name: count, unit }, (window) => window[percent])),
    ];
    const outage = { name: `Redis killed for ${outageSeconds / 3} s` };
    const own = added.get('Parley') ?? [];
    return {
      title: 'Two nodes',
      series: [
        ...latencies('ms from sending to a follower (p50)', 'p50'),
        ...latencies('ms from sending to a follower (p99)', 'p99'),
        ...[ONE, TWO].map((count) =>
          seriesOf(of(count), { name: count, unit: 'µs of CPU a delivery, without the send' }, ({ net }) => net),
        ),
        seriesOf(broken, { ...outage, unit: 'deliveries lost' }, ({ lost }) => lost),
        seriesOf(broken, { ...outage, unit: 'deliveries doubled' }, ({ doubled }) => doubled),
        seriesOf(broken, { ...outage, unit: 'deliveries out of order' }, ({ late }) => late),
        seriesOf(broken, { ...outage, unit: 'ms until the latest delivery' }, ({ slowest }) => slowest),
      ],
      goals: [
        atMost('ms that the second node adds (p50)', median(own.map(({ p50 }) => p50)), 0.5),
        atMost('ms that the second node adds (p99)', median(own.map(({ p99 }) => p99)), 5),
      ].filter((goal) => Number.isFinite(goal.ratio)),
      notes: [
        `${followers} followers of one chat on the node that nothing is sent to; ${messages} messages a window, one after the other; CPU of both nodes and of Redis. The generator kept ` +
          `${short(median([...windows.values()].flat().map(({ generatorLoad }) => generatorLoad)))} cores busy.`,
        `Redis: each pair has its own; ${OUTAGE_RATE} messages a second for ${outageSeconds} s, and it is killed by SIGKILL for the middle third. Of ${outageSeconds * OUTAGE_RATE * followers} deliveries.`,
        'Checked: every follower got every message once, each with the number after the one before; while Redis is away that is so for Parley, and counted for the others.',
      ],
    };
  } finally {
    progress.end();
    await Promise.all([...contenders.map(({ running }) => running), generator].map((one) => one.stop()));
    for (const { redis } of contenders) await redis?.stop();
  }
};

const startContender = async ({ serverUrl }: Bench, server: string, count: string): Promise<Contender> => {
  const redis = count === TWO ? await startOwnRedis() : undefined;
  const options = { redisUrl: redis?.url };
  const running =
    server === 'Parley'
      ? await startParleyContender(serverUrl, 'chatEvents', options)
      : await startPeer(
          PEERS.find(({ name }) => name === server)!,
          options,
        );
  return { server, name: `${server}, ${count}`, running, redis };
};

const startOwnRedis = async (): Promise<Redis> => {
  const first = await startRedis();
  let current: Service = first;
  let ended = 0;
  return {
    url: first.url,
    cpu: () => ended + cpuOf(current.pid),
    kill: () => {
      const name = readFileSync(`/proc/${current.pid}/comm`, 'utf8').trim();
      if (name !== 'redis-server') throw new Error(`Process ${current.pid} is ${name} instead of Redis`);
      ended += cpuOf(current.pid);
      process.kill(current.pid, 'SIGKILL');
    },
    startAgain: async () => {
      await current.stop();
      current = await startRedis({ port: first.port });
    },
    stop: () => current.stop(),
  };
};

const reachOf = (generator: AskedChild, name: string, seq: number, withinMs: number) =>
  generator.ask<boolean>({ what: 'reach', name, seq, withinMs });

const reportOf = (generator: AskedChild, name: string) => generator.ask<Report>({ what: 'report', name });

/** Connects all followers, and publishes until each has something. */
const connect = async (generator: AskedChild, { name, running }: Contender, followers: number) => {
  await generator.ask({ what: 'follow', name, isTimed: true, ...(await running.prepare(followers)) });
  for (let tries = 0; ; tries += 1) {
    if (await reachOf(generator, name, await running.publish(true, 1), 3000)) break;
    if (tries === 5) throw new Error(`${name}: not everyone follows`);
  }
};

const measure = async (
  generator: AskedChild,
  { name, running, redis }: Contender,
  { followers, messages }: { followers: number; messages: number },
): Promise<Window> => {
  const cpu = () => running.nodes.reduce((sum, node) => sum + node.cpu(), redis?.cpu() ?? 0);
  await reportOf(generator, name);

  const idle = cpu();
  for (let sent = 0; sent < messages; sent += 1) await running.publish(false, 1);
  const sending = cpu() - idle;

  const sentAt = new Map<number, number>();
  const before = cpu();
  const generatorBefore = generator.cpu();
  const begunAt = now();
  for (let sent = 0; sent < messages; sent += 1) {
    const at = now();
    const seq = await running.publish(true, 1);
    sentAt.set(seq, at);
    if (!(await reachOf(generator, name, seq, WITHIN_MS))) throw new Error(`${name}: not everyone got ${seq}`);
  }
  const delivering = cpu() - before;
  const generatorLoad = (generator.cpu() - generatorBefore) / 1000 / (now() - begunAt);

  const { received, faults, arrivals } = await reportOf(generator, name);
  if (faults.length > 0) throw new Error(`${name}: ${faults.slice(0, 3).join('; ')}`);
  if (received.some((count) => count !== messages))
    throw new Error(`${name}: somebody did not get ${messages} messages`);
  const latencies = arrivals.map(({ seq, at }) => at - sentAt.get(seq)!);
  return {
    p50: percentile(latencies, 50),
    p99: percentile(latencies, 99),
    net: (delivering - sending) / (followers * messages),
    generatorLoad,
  };
};

const breakRedis = async (
  generator: AskedChild,
  { server, name, running, redis }: Contender,
  seconds: number,
): Promise<Outage> => {
  const { last: lastBefore } = await reportOf(generator, name);
  const sentAt = new Map<number, number>();
  const publish = async () => {
    const at = now();
    sentAt.set(await running.publish(true, 1), at);
  };
  const publishing: Promise<void>[] = [];
  const sending = onSchedule({ rate: OUTAGE_RATE, count: seconds * OUTAGE_RATE }, () => {
    publishing.push(publish());
  });
  await delay((seconds / 3) * 1000);
  redis!.kill();
  await delay((seconds / 3) * 1000);
  await redis!.startAgain();
  await sending;
  await Promise.all(publishing);

  let seq = Math.max(...sentAt.keys());
  if (server === 'Parley') {
    if (!(await reachOf(generator, name, seq, WITHIN_MS)))
      throw new Error(`${name}, without Redis: a message is missing`);
  } else {
    // The newest ones may be lost: what everyone gets after them tells.
    for (let tries = 0; !(await reachOf(generator, name, seq, 1000)); tries += 1) {
      if (tries === 10) throw new Error(`${name}: not everyone is back`);
      const at = now();
      seq = await running.publish(true, 1);
      sentAt.set(seq, at);
    }
  }
  const { received, lost, doubled, late, faults, arrivals } = await reportOf(generator, name);
  if (server === 'Parley') {
    if (faults.length > 0) throw new Error(`${name}, without Redis: ${faults.slice(0, 3).join('; ')}`);
    const wrong = received.find((count, follower) => count !== seq - lastBefore[follower]!);
    if (wrong !== undefined) throw new Error(`${name}, without Redis: somebody got ${wrong} messages`);
  }
  const slowest = Math.max(...arrivals.map(({ seq: one, at }) => at - sentAt.get(one)!));
  return { lost, doubled, late, slowest };
};

/**
 * From sending until ten followers have it, in 100 chats, with messages sent on a schedule: the greatest rate that a server sustains,
 * and how long a message takes at a quarter of that.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { startAsked, type AskedChild, type Child } from '../harness/child.js';
import { CHAT_EVENTS, SEND } from '../harness/fan-out-contenders.js';
import { startParley, TEXT, tokenFor, type Person } from '../harness/parley.js';
import { startPrisma } from '../harness/prisma.js';
import { showProgress } from '../harness/progress.js';
import { atLeast, atMost, seriesOf, type Series } from '../harness/result.js';
import { inRounds } from '../harness/rounds.js';
import type { Bench, Scenario } from '../harness/scenario.js';
import { median, short } from '../harness/stats.js';

interface Contender {
  name: string;
  child: Child;
  /** What it is tried with first, sends a second. */
  firstRate: number;
  stop(): Promise<void>;
}

interface Run {
  sent: number;
  /** From when a message was due until a follower has it, ms. */
  p50: number;
  p99: number;
  drain: number;
  isStopped: boolean;
  disordered: number;
}

interface Window {
  /** Sends a second. */
  sustained: number;
  /** At a quarter of that. */
  p50: number;
  p99: number;
  /** µs a message, delivered ten times. */
  node: number;
  database: number;
  /** Cores, at the rate that it sustains. */
  generatorLoad: number;
  /** Deliveries that came out of order, at all rates. */
  disordered: number;
}

interface Size {
  chats: number;
  /** Of one try. */
  seconds: number;
  /** Each halves what is not known of the greatest rate. */
  refinements: number;
}

const FOLLOWERS = 10;
/** p99 of the deliveries; and all of them by then after the last message was due. */
const BOUND_MS = 100;
const SETTLE_MS = 200;
const HIGHEST_RATE = 100_000;

export const endToEnd: Scenario = async (bench) => {
  const size: Size = bench.isQuick
    ? { chats: 10, seconds: 0.5, refinements: 0 }
    : { chats: 100, seconds: 3, refinements: 3 };
  const starts = [
    { name: 'Parley', start: (generator: AskedChild) => startOwn(bench, generator, size) },
    { name: 'Prisma + Yoga', start: (generator: AskedChild) => startPeer(bench, generator, size) },
  ].filter(({ name }) => bench.only.length === 0 || bench.only.includes(name));
  const contenders: Contender[] = [];
  const { child: generator } = await startAsked(new URL('../harness/open-loop.mjs', import.meta.url), {});
  const progress = showProgress('end-to-end', starts.length * bench.rounds);
  try {
    for (const { start } of starts) contenders.push(await start(generator));
    // The first rates that are tried warm up.
    const windows = await inRounds(
      contenders,
      bench.rounds,
      progress,
      (contender) => measure(bench, generator, contender, size),
      { warmsUp: false },
    );
    const figures = (name: string, unit: string, isLessBetter: boolean, of: (window: Window) => number): Series =>
      seriesOf(windows, { name, unit, isLessBetter }, of);
    const own = windows.get('Parley') ?? [];
    const peer = windows.get('Prisma + Yoga') ?? [];
    const loads = [...windows].map(
      ([name, these]) => `${name} ${short(median(these.map(({ generatorLoad }) => generatorLoad)))}`,
    );
    return {
      title: 'End to end',
      series: [
        figures(`p99 ≤ ${BOUND_MS} ms`, 'sustained sends a second', false, ({ sustained }) => sustained),
        figures('p50', 'ms until delivered, at a quarter of it', true, ({ p50 }) => p50),
        figures('p99', 'ms until delivered, at a quarter of it', true, ({ p99 }) => p99),
        figures('node', 'µs of CPU a message, at a quarter of it', true, ({ node }) => node),
        figures('PostgreSQL', 'µs of CPU a message, at a quarter of it', true, ({ database }) => database),
      ],
      goals: [
        atLeast(
          'Sustained rate, to Prisma and Yoga',
          median(own.map(({ sustained }, round) => sustained / (peer[round]?.sustained ?? NaN))),
          15,
        ),
        atMost('ms until delivered at a quarter of its rate (p99)', median(own.map(({ p99 }) => p99)), 15),
      ].filter((goal) => Number.isFinite(goal.ratio)),
      notes: [
        `${size.chats} chats with a sender and ${FOLLOWERS} followers each, over a socket each. An open loop: messages are due at even intervals, in one chat after the other, whether or not earlier ones are answered; latency counts from when a message was due, and a generator that is late counts too.`,
        `Sustained: p99 of ${size.seconds} s is at most ${BOUND_MS} ms, and so is the time until everything is delivered after the last message was due. The rate doubles until that fails twice, then ${size.refinements} tries halve the interval.`,
        `At the rate that each sustains, the generator kept cores busy: ${loads.join(', ')}.`,
        `Checked, also of rates that are too much: every follower got every message of its chat once; those of Parley in order. Of the other’s deliveries ${short(median(peer.map((window) => window.disordered)))} a round came out of order.`,
      ],
    };
  } finally {
    progress.end();
    await Promise.all([...contenders, generator].map((one) => one.stop()));
  }
};

const measure = async (
  { databaseCpu }: Bench,
  generator: AskedChild,
  contender: Contender,
  { seconds, refinements }: Size,
): Promise<Window> => {
  const { name, child } = contender;
  const loads = new Map<number, number>();
  let disordered = 0;
  const run = async (rate: number) => {
    await delay(SETTLE_MS);
    const before = generator.cpu();
    const begun = performance.now();
    const done = await generator.ask<Run>({ what: 'run', name, rate, seconds });
    disordered += done.disordered;
    loads.set(rate, (generator.cpu() - before) / 1000 / (performance.now() - begun));
    return done;
  };
  const isSustainedAtOnce = async (rate: number) => {
    const { p99, drain, isStopped } = await run(rate);
    return !isStopped && p99 <= BOUND_MS && drain <= BOUND_MS;
  };
  /** Something else on the machine may have spoilt the first try. */
  const isSustained = async (rate: number) => (await isSustainedAtOnce(rate)) || isSustainedAtOnce(rate);

  let [most, least] = [contender.firstRate, 0];
  while (await isSustained(most)) {
    [most, least] = [most * 2, most];
    if (most > HIGHEST_RATE) throw new Error(`${name}: no rate is too much`);
  }
  while (least === 0) {
    most /= 2;
    if (most < 1) throw new Error(`${name} sustains no rate`);
    if (await isSustained(most)) [most, least] = [most * 2, most];
  }
  for (let tries = 0; tries < refinements; tries += 1) {
    const middle = Math.round(Math.sqrt(most * least));
    if (await isSustained(middle)) least = middle;
    else most = middle;
  }
  // The next round needs not begin as far below.
  contender.firstRate = Math.max(1, least / 2);

  const before = { node: child.cpu(), database: databaseCpu() };
  const { sent, p50, p99 } = await run(least / 4);
  return {
    sustained: least,
    p50,
    p99,
    node: (child.cpu() - before.node) / sent,
    database: (databaseCpu() - before.database) / sent,
    generatorLoad: loads.get(least)!,
    disordered,
  };
};

const startOwn = async ({ serverUrl }: Bench, generator: AskedChild, { chats }: Size): Promise<Contender> => {
  const parley = await startParley(serverUrl, { name: 'end_to_end' });
  const people = await parley.addPeople(chats * (1 + FOLLOWERS));
  const plans = [];
  for (let n = 0; n < chats; n += 1) {
    const members = people.slice(n * (1 + FOLLOWERS), (n + 1) * (1 + FOLLOWERS));
    const [sender, ...followers] = members as [Person, ...Person[]];
    const { id: chatId } = await parley.addChat(members);
    plans.push({ chatId, sender: sender.token, followers: followers.map(({ token }) => token) });
  }
  await parley.analyze();
  await generator.ask({
    what: 'open',
    name: 'Parley',
    url: parley.socketUrl,
    chats: plans,
    sendQuery: SEND,
    followQuery: CHAT_EVENTS,
    text: TEXT,
    isOrdered: true,
  });
  return { name: 'Parley', child: parley.child, firstRate: 200, stop: () => parley.stop() };
};

const SEND_BY_PRISMA = `mutation ($chatId: ID!, $text: String!) { sendMessage(chatId: $chatId, text: $text) { seq } }`;
const FOLLOW_BY_PRISMA = `subscription ($chatId: ID!) {
  chatEvents(chatId: $chatId) { __typename seq cursor chatId message { id seq text createdAt sender { id username } } } }`;
const PEOPLE = `INSERT INTO "User" (username) SELECT 'person' || n FROM generate_series(1, $1::int) AS n`;
const CHATS = `INSERT INTO "Chat" ("headSeq") SELECT 0 FROM generate_series(1, $1::int)`;
const MEMBERS = `
INSERT INTO "Member" ("chatId", "userId") SELECT 1 + (n - 1) / $2::int, n FROM generate_series(1, $1::int * $2) AS n`;

const startPeer = async ({ serverUrl }: Bench, generator: AskedChild, { chats }: Size): Promise<Contender> => {
  const inEach = 1 + FOLLOWERS;
  const { child, port, stop } = await startPrisma(serverUrl, {
    name: 'end_to_end_prisma',
    fill: async (pool) => {
      await pool.query(PEOPLE, [chats * inEach]);
      await pool.query(CHATS, [chats]);
      await pool.query(MEMBERS, [chats, inEach]);
    },
  });
  const tokenOf = (user: number) => tokenFor(String(user), 'none');
  await generator.ask({
    what: 'open',
    name: 'Prisma + Yoga',
    url: `ws://127.0.0.1:${port}/graphql`,
    chats: Array.from({ length: chats }, (_none, n) => ({
      chatId: String(n + 1),
      sender: tokenOf(n * inEach + 1),
      followers: Array.from({ length: FOLLOWERS }, (_nobody, follower) => tokenOf(n * inEach + 2 + follower)),
    })),
    sendQuery: SEND_BY_PRISMA,
    followQuery: FOLLOW_BY_PRISMA,
    text: TEXT,
    isOrdered: false,
  });
  return { name: 'Prisma + Yoga', child, firstRate: 20, stop };
};

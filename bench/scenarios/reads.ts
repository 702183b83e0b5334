/** A page of 50 messages, and an inbox of 30 chats, in tables of 10³ to 10⁶ messages; peers read the same tables. */
import { isDeepStrictEqual } from 'node:util';
import { startAsked, type AskedChild, type Child } from '../harness/child.js';
import { createHistories, UNREAD } from '../harness/history.js';
import { SECRET, startParley, type Parley } from '../harness/parley.js';
import { showProgress } from '../harness/progress.js';
import { atLeast, atMost, type Goal, seriesOf, type Series } from '../harness/result.js';
import { inRounds } from '../harness/rounds.js';
import type { Bench, Scenario } from '../harness/scenario.js';
import { median, short } from '../harness/stats.js';

interface Contender {
  name: string;
  child: Child;
  transport: 'http' | 'socket';
  url: string;
}

interface Done {
  count: number;
  seconds: number;
  p50: number;
  p99: number;
}

interface Window {
  node: number;
  database: number;
  rate: number;
  p50: number;
  p99: number;
  generatorLoad: number;
}

const CLIENTS = 16;
const CHATS = 30;

const HISTORY = `query ($chatId: ID!) {
  chat(id: $chatId) { id messages(last: 50) {
    nodes { id seq text createdAt sender { id username } } pageInfo { hasPreviousPage startCursor } } } }`;
const INBOX = `query {
  chats(first: 30) { nodes {
    id name unreadCount lastMessage { id seq text createdAt sender { id username } }
    members(first: 10) { nodes { lastReadSeq user { id username } } } } } }`;

const READS = ['history of 50', 'inbox of 30'] as const;

/** In one window: enough for what compiles at run time to have been compiled in the first one, which does not count. */
const COUNTS = { 'history of 50': 1200, 'inbox of 30': 500 };
const QUICK_COUNT = 64;

export const reads: Scenario = async (bench) => {
  const sizes = bench.isQuick ? [1000] : [1000, 1_000_000];
  const parley = await startParley(bench.serverUrl, { name: 'reads' });
  const { child: generator } = await startAsked(new URL('../harness/readers.mjs', import.meta.url), {});
  const peers = await startPeers(parley);
  const contenders: Contender[] = [
    { name: 'Parley, HTTP', child: parley.child, transport: 'http', url: parley.url },
    { name: 'Parley, socket', child: parley.child, transport: 'socket', url: parley.socketUrl },
    ...peers,
  ];
  const progress = showProgress('reads', contenders.length * sizes.length * READS.length * (bench.rounds + 1));
  const series: Series[] = [];
  const all = new Map<string, Map<string, Window[]>>();
  try {
    const { viewer, chats, grow } = await createHistories(parley, CHATS);
    const bodies = {
      'history of 50': JSON.stringify({ query: HISTORY, variables: { chatId: chats[0]!.id } }),
      'inbox of 30': JSON.stringify({ query: INBOX }),
    };
    for (const { name, transport, url } of contenders)
      await generator.ask({ what: 'open', name, transport, url, token: viewer.token, clients: CLIENTS });

    for (const size of sizes) {
      await grow(size);
      for (const what of READS) {
        await checkAnswers(generator, contenders, bodies[what]);
        const windows = await inRounds(contenders, bench.rounds, progress, (contender) =>
          measure(bench, generator, contender, bodies[what], bench.isQuick ? QUICK_COUNT : COUNTS[what]),
        );
        const name = `${what}, ${size.toLocaleString('en')} messages`;
        all.set(name, windows);
        series.push(
          figures(name, windows, 'µs of CPU of the node a read', (window) => window.node),
          figures(name, windows, 'µs of CPU of PostgreSQL a read', (window) => window.database),
          figures(name, windows, `ms until answered (p50), ${CLIENTS} underway`, (window) => window.p50),
        );
      }
    }
  } finally {
    progress.end();
    await Promise.all([parley, generator, ...peers.map(({ child }) => child)].map((one) => one.stop()));
  }
  const loads = [...all.values()].flatMap((windows) => [...windows.values()].flat());
  return {
    title: 'Reading',
    series,
    goals: goalsOf(all, sizes),
    notes: [
      `Windows of ${bench.isQuick ? QUICK_COUNT : Object.values(COUNTS).join(' and ')} reads, ${CLIENTS} underway; the generator kept ${short(median(loads.map(({ generatorLoad }) => generatorLoad)))} cores busy`,
      'The chat that is read has half of the messages, 29 others the rest. Peers read the same tables with DataLoader, and check that the reader is a member.',
      'Checked: the answers of all are equal but for cursors, and each answer of a window is the same.',
    ],
  };
};

const figures = (
  name: string,
  windows: ReadonlyMap<string, Window[]>,
  unit: string,
  of: (window: Window) => number,
): Series => seriesOf(windows, { name, unit }, of);

const startPeers = (parley: Parley): Promise<(Contender & { child: AskedChild })[]> =>
  Promise.all(
    [
      { name: 'Yoga, HTTP', program: 'yoga', transport: 'http' as const },
      { name: 'Yoga, socket', program: 'yoga', transport: 'socket' as const },
      { name: 'Apollo, HTTP', program: 'apollo', transport: 'http' as const },
      { name: 'Mercurius + jit, HTTP', program: 'mercurius', transport: 'http' as const },
    ].map(async ({ name, program, transport }) => {
      const options = { secret: SECRET, databaseUrl: parley.databaseUrl };
      const { child, ready } = await startAsked<{ port: number }>(
        new URL(`../peers/${program}.mjs`, import.meta.url),
        options,
      );
      const url = `${transport === 'http' ? 'http' : 'ws'}://127.0.0.1:${ready.port}/graphql`;
      return { name, child, transport, url };
    }),
  );

const measure = async (
  bench: Bench,
  generator: AskedChild,
  { name, child }: Contender,
  body: string,
  count: number,
): Promise<Window> => {
  const before = { node: child.cpu(), database: bench.databaseCpu(), generator: generator.cpu() };
  const done = await generator.ask<Done>({
    what: 'read',
    name,
    body,
    count,
  });
  return {
    node: (child.cpu() - before.node) / done.count,
    database: (bench.databaseCpu() - before.database) / done.count,
    rate: done.count / done.seconds,
    p50: done.p50,
    p99: done.p99,
    generatorLoad: (generator.cpu() - before.generator) / 1e6 / done.seconds,
  };
};

/** All give the same page. */
const checkAnswers = async (generator: AskedChild, contenders: readonly Contender[], body: string) => {
  const answers = [];
  for (const { name } of contenders) {
    const text = await generator.ask<string>({ what: 'once', name, body });
    answers.push(withoutCursors(text));
  }
  const wanted = answers[0]!;
  if (!JSON.stringify(wanted).includes('"username":"person'))
    throw new Error(`Parley answers ${JSON.stringify(wanted)}`);
  for (const [index, answer] of answers.entries())
    if (!isDeepStrictEqual(answer, wanted))
      throw new Error(
        `${contenders[index]!.name} answers ${JSON.stringify(answer).slice(0, 600)} and not ${JSON.stringify(wanted).slice(0, 600)}`,
      );
  const { chats } = wanted as { chats?: { nodes: { unreadCount: number; members: { nodes: unknown[] } }[] } };
  for (const chat of chats?.nodes ?? [])
    if (chat.unreadCount < 1 || chat.unreadCount > UNREAD || chat.members.nodes.length !== 10)
      throw new Error(`A chat of the inbox is ${JSON.stringify(chat)}`);
};

const withoutCursors = (text: string): unknown => {
  const answer = JSON.parse(text, (key, value: unknown) => (key === 'startCursor' ? undefined : value)) as {
    data?: unknown;
    payload?: { data: unknown };
  };
  return answer.data ?? answer.payload?.data;
};

const goalsOf = (all: ReadonlyMap<string, ReadonlyMap<string, Window[]>>, sizes: readonly number[]): Goal[] => {
  const last = sizes.at(-1)!.toLocaleString('en');
  const first = sizes[0]!.toLocaleString('en');
  const of = (name: string, contender: string) => all.get(name)!.get(contender)!;
  const goals: Goal[] = [];
  for (const what of READS) {
    const name = `${what}, ${last} messages`;
    /** Of the two windows of each round. */
    const cheaper = (peer: string, own: string) =>
      median(of(name, peer).map((window, round) => window.node / of(name, own)[round]!.node));
    goals.push(
      atLeast(`${what}, HTTP: times cheaper than Yoga`, cheaper('Yoga, HTTP', 'Parley, HTTP'), 2.5),
      atLeast(`${what}, HTTP: times cheaper than Apollo`, cheaper('Apollo, HTTP', 'Parley, HTTP'), 2.5),
      atLeast(`${what}, HTTP: Mercurius + jit, to Parley`, cheaper('Mercurius + jit, HTTP', 'Parley, HTTP'), 0.9),
      atLeast(`${what}, socket: times cheaper than Yoga`, cheaper('Yoga, socket', 'Parley, socket'), 2.5),
    );
    if (first === last) continue;
    const cost = (size: string) =>
      median(of(`${what}, ${size} messages`, 'Parley, HTTP').map(({ node, database }) => node + database));
    goals.push(atMost(`${what}: growth from ${first} to ${last} messages`, cost(last) / cost(first), 1.5));
  }
  return goals;
};

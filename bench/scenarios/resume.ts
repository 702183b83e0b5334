/** 5,000 clients lose their sockets together and come back, each with what it has, while 500 messages a second are sent. */
import { setTimeout as delay } from 'node:timers/promises';
import { startAsked, type AskedChild, type Child } from '../harness/child.js';
import { openSocket } from '../harness/clients.mjs';
import { SEND } from '../harness/fan-out-contenders.js';
import { createDatabase, SECRET, startParley, TEXT, tokenFor, type Parley, type Person } from '../harness/parley.js';
import { showProgress } from '../harness/progress.js';
import { atMost, seriesOf, type Series } from '../harness/result.js';
import { inRounds } from '../harness/rounds.js';
import { onSchedule } from '../harness/schedule.mjs';
import type { Bench, Scenario } from '../harness/scenario.js';
import { median, short } from '../harness/stats.js';

interface Contender {
  name: string;
  child: Child;
  /** How clients follow and come back, as `resumers.mjs` has it. */
  plan: Record<string, unknown>;
  people: { token: string; chatId: string }[];
  /** In each chat as many people. */
  chatIds: string[];
  /** Whether it promises that nobody loses or doubles a message. */
  isExact: boolean;
  publish(chatId: string): Promise<number>;
  stop(): Promise<void>;
}

interface Cpu {
  node: number;
  database: number;
}

interface Comeback {
  connected: number;
  caughtUp: number;
  p50: number;
  p99: number;
}

interface Window extends Comeback, Cpu {
  lost: number;
  doubled: number;
  recovered: number;
  generatorLoad: number;
}

interface Size {
  clients: number;
  /** Messages a second. */
  rate: number;
  awaySeconds: number;
}

const IN_A_CHAT = 10;
/** At most 1,000 operations run on one, which the messages of a few seconds would be. */
const SENDING_SOCKETS = 16;
const WITHIN_MS = 120_000;
const LINGER_MS = 2000;

export const resume: Scenario = async (bench) => {
  const size: Size = bench.isQuick
    ? { clients: 200, rate: 50, awaySeconds: 2 }
    : { clients: 5000, rate: 500, awaySeconds: 6 };
  const starts = [
    { name: 'Parley, chatEvents', start: () => startOwn(bench, size, 'chatEvents') },
    { name: 'Parley, events', start: () => startOwn(bench, size, 'events') },
    { name: 'Yoga, refetch', start: () => startYoga(bench, size) },
    { name: 'Socket.IO, recovery', start: () => startSocketIo(size) },
  ].filter(({ name }) => bench.only.length === 0 || bench.only.some((part) => name.includes(part)));
  const contenders: Contender[] = [];
  const { child: generator } = await startAsked(new URL('../harness/resumers.mjs', import.meta.url), {});
  const progress = showProgress('resume', starts.length * bench.rounds);
  try {
    for (const { start } of starts) contenders.push(await start());
    // Connecting everyone at first warms up.
    const windows = await inRounds(
      contenders,
      bench.rounds,
      progress,
      (contender) => measure(bench, generator, contender, size),
      { warmsUp: false },
    );
    const figures = (name: string, unit: string, of: (window: Window) => number): Series =>
      seriesOf(windows, { name, unit }, of);
    const middle = (name: string, of: (window: Window) => number) => median((windows.get(name) ?? []).map(of));
    const all = [...windows.values()].flat();
    const missed = size.awaySeconds * size.rate * IN_A_CHAT;
    return {
      title: 'Coming back',
      series: [
        figures('node', 'µs of CPU a client that comes back', ({ node }) => node),
        figures('PostgreSQL', 'µs of CPU a client that comes back', ({ database }) => database),
        figures('all of them', 's until caught up', ({ caughtUp }) => caughtUp / 1000),
        figures('p50 of one', 's until caught up', ({ p50 }) => p50 / 1000),
        figures('p99 of one', 's until caught up', ({ p99 }) => p99 / 1000),
        figures('lost', 'deliveries lost or doubled', ({ lost }) => lost),
        figures('doubled', 'deliveries lost or doubled', ({ doubled }) => doubled),
      ],
      goals: ['Parley, chatEvents', 'Parley, events']
        .flatMap((name) => [
          atMost(
            `${name}: CPU of a client, to Yoga`,
            middle(name, ({ node }) => node) / middle('Yoga, refetch', ({ node }) => node),
            0.5,
          ),
          atMost(
            `${name}: s until all have caught up`,
            middle(name, ({ caughtUp }) => caughtUp / 1000),
            5,
          ),
        ])
        .filter((goal) => Number.isFinite(goal.ratio)),
      notes: [
        `${size.clients.toLocaleString('en')} clients with a socket and a subscription each, in chats of ${IN_A_CHAT}, away for ${size.awaySeconds} s at ${size.rate} messages a second: ` +
          `some ${missed.toLocaleString('en')} deliveries missed. They connect again 100 at a time; the generator kept ${short(median(all.map(({ generatorLoad }) => generatorLoad)))} cores busy.`,
        'CPU from the first client’s connecting until all have caught up with what was sent before it, less that of the same sends while nobody is connected.',
        'Yoga’s clients subscribe, then query the messages after the last one that they have; it writes each message by one INSERT and checks no rights. Socket.IO keeps its packets in memory, and no message in a database.',
        ...contenders
          .filter(({ name }) => name.startsWith('Socket.IO'))
          .map(({ name }) => `Recovered by ${name}: ${short(middle(name, ({ recovered }) => recovered))} clients.`),
        'Checked: every client of Parley got every message from its first one on once, and in order. What others lose or double is counted: a client has to discard what it has already.',
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
  { clients, rate, awaySeconds }: Size,
): Promise<Window> => {
  const { name, child, plan, people, chatIds, publish, isExact } = contender;
  const cpu = (): Cpu => ({ node: child.cpu(), database: databaseCpu() });
  const heads = new Map<string, number>();
  const send = async (chatId: string) => {
    const seq = await publish(chatId);
    heads.set(chatId, Math.max(seq, heads.get(chatId) ?? 0));
  };
  const reach = () => generator.ask<number>({ what: 'reach', name, heads, withinMs: 3000 });

  await generator.ask({ what: 'open', name, plan, people });
  for (let tries = 0; ; tries += 1) {
    for (const chatId of chatIds) await send(chatId);
    if ((await reach()) === 0) break;
    if (tries === 5) throw new Error(`${name}: not everyone follows`);
  }

  let isOver = false;
  const sends: Promise<void>[] = [];
  await generator.ask({ what: 'drop', name });
  const sending = onSchedule({ rate, isOver: () => isOver }, (n) => {
    sends.push(send(chatIds[n % chatIds.length]!));
  });
  await delay(LINGER_MS); // the server has to notice
  const awayAt = performance.now();
  const away = cpu();
  await delay(awaySeconds * 1000);
  const awayMs = performance.now() - awayAt;

  const before = cpu();
  const idle = { node: (before.node - away.node) / awayMs, database: (before.database - away.database) / awayMs };
  const generatorBefore = generator.cpu();
  const begunAt = performance.now();
  const comeback = await generator.ask<Comeback>({ what: 'resume', name, heads: new Map(heads), withinMs: WITHIN_MS });
  const tookMs = performance.now() - begunAt;
  const after = cpu();
  const generatorLoad = (generator.cpu() - generatorBefore) / 1000 / tookMs;
  await delay(LINGER_MS);
  isOver = true;
  await sending;
  await Promise.all(sends);
  // What is sent to everyone at last tells that nothing is still on its way.
  for (const chatId of chatIds) await send(chatId);
  const missing = await reach();

  const { lost, doubled, recovered, faults } = await generator.ask<{
    lost: number;
    doubled: number;
    recovered: number;
    faults: string[];
  }>({ what: 'report', name, heads });
  await generator.ask({ what: 'leave', name });
  if (faults.length > 0) throw new Error(`${name}: ${faults.slice(0, 3).join('; ')}`);
  if (isExact && (missing > 0 || lost > 0 || doubled > 0))
    throw new Error(`${name}: ${lost} deliveries are lost and ${doubled} doubled; ${missing} clients are behind`);
  return {
    ...comeback,
    node: (after.node - before.node - idle.node * tookMs) / clients,
    database: (after.database - before.database - idle.database * tookMs) / clients,
    lost,
    doubled,
    recovered,
    generatorLoad,
  };
};

const FIELDS = `seq cursor chatId message { id seq text createdAt sender { id username } }`;
const CHAT_EVENTS = `subscription ($chatId: ID!, $after: Cursor) {
  chatEvents(chatId: $chatId, after: $after) { __typename ... on MessageSent { ${FIELDS} } } }`;
const EVENTS = `subscription ($after: [Cursor!]) { events(after: $after) { __typename ... on MessageSent { ${FIELDS} } } }`;
const PEER_EVENTS = `subscription ($chatId: ID!) { chatEvents(chatId: $chatId) { __typename ${FIELDS} } }`;
const MISSED = `query ($chatId: ID!, $afterSeq: Int!) { missed(chatId: $chatId, afterSeq: $afterSeq) { __typename ${FIELDS} } }`;

const startOwn = async (
  { serverUrl }: Bench,
  { clients }: Size,
  field: 'chatEvents' | 'events',
): Promise<Contender> => {
  const parley = await startParley(serverUrl, { name: `resume_${field.toLowerCase()}` });
  const [sender] = (await parley.addPeople(1)) as [Person];
  const people = await addChats(parley, sender, clients);
  await parley.analyze();
  const sockets = await Promise.all(
    Array.from({ length: SENDING_SOCKETS }, () => openSocket(parley.socketUrl, sender.token)),
  );
  let sent = 0;
  const isList = field === 'events';
  return {
    name: `Parley, ${field}`,
    child: parley.child,
    plan: { kind: 'cursor', url: parley.socketUrl, query: isList ? EVENTS : CHAT_EVENTS, isList, isOrdered: true },
    people,
    chatIds: [...new Set(people.map(({ chatId }) => chatId))],
    isExact: true,
    publish: async (chatId) => {
      const { ask } = sockets[(sent += 1) % sockets.length]!;
      const answer = await ask(JSON.stringify({ query: SEND, variables: { chatId, text: TEXT } }));
      const seq = /"seq":(\d+)/.exec(answer)?.[1];
      if (seq === undefined) throw new Error(`Not sent: ${answer}`);
      return Number(seq);
    },
    stop: async () => {
      for (const { close } of sockets) close();
      await parley.stop();
    },
  };
};

/** The sender is in all of them. */
const addChats = async (parley: Parley, sender: Person, clients: number) => {
  const people = await parley.addPeople(clients);
  const placed: { token: string; chatId: string }[] = [];
  for (let from = 0; from < clients; from += IN_A_CHAT) {
    const members = people.slice(from, from + IN_A_CHAT);
    const chat = await parley.addChat([sender, ...members]);
    placed.push(...members.map(({ token }) => ({ token, chatId: chat.id })));
  }
  return placed;
};

/** Peers know nobody by name: only the signatures of their tokens count. */
const peerPeople = (clients: number) =>
  Array.from({ length: clients }, (_none, n) => ({
    token: tokenFor(String(n + 1), 'none'),
    chatId: Buffer.from(`Chat:${1 + Math.floor(n / IN_A_CHAT)}`).toString('base64'),
  }));

const startPeer = async (
  program: string,
  options: Record<string, unknown>,
): Promise<{ child: AskedChild; port: number }> => {
  const { child, ready } = await startAsked<{ port: number }>(new URL(`../peers/${program}.mjs`, import.meta.url), {
    secret: SECRET,
    text: TEXT,
    ...options,
  });
  return { child, port: ready.port };
};

const startYoga = async ({ serverUrl }: Bench, { clients }: Size): Promise<Contender> => {
  const databaseUrl = await createDatabase(serverUrl, 'bench_resume_yoga');
  const { child, port } = await startPeer('yoga-refetch', { databaseUrl });
  const url = `ws://127.0.0.1:${port}/graphql`;
  const plan = { kind: 'refetch', url, query: PEER_EVENTS, missedQuery: MISSED };
  return peerContender('Yoga, refetch', child, plan, clients);
};

const startSocketIo = async ({ clients }: Size): Promise<Contender> => {
  const { child, port } = await startPeer('socket-io', { recovers: true });
  const plan = { kind: 'socketIo', url: `ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket` };
  return peerContender('Socket.IO, recovery', child, plan, clients);
};

const peerContender = (name: string, child: AskedChild, plan: Record<string, unknown>, clients: number): Contender => {
  const people = peerPeople(clients);
  return {
    name,
    child,
    plan,
    people,
    chatIds: [...new Set(people.map(({ chatId }) => chatId))],
    isExact: false,
    publish: (chatId) => child.ask({ what: 'publish', chatId, count: 1 }),
    stop: () => child.stop(),
  };
};

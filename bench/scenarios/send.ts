/** Sends a second, and what each costs: spread over 1,000 chats, into one hot chat, over HTTP; beside a plain INSERT, and Prisma and Yoga. */
import type pg from 'pg';
import { startAsked, type AskedChild, type Child } from '../harness/child.js';
import { createDatabase, startParley, TEXT, tokenFor, type Parley } from '../harness/parley.js';
import { startPrisma, type PrismaPeer } from '../harness/prisma.js';
import { showProgress } from '../harness/progress.js';
import { atLeast, seriesOf, type Series } from '../harness/result.js';
import { inRounds } from '../harness/rounds.js';
import type { Bench, Scenario } from '../harness/scenario.js';
import { median, short } from '../harness/stats.js';

interface Done {
  count: number;
  seconds: number;
  p50: number;
  p99: number;
}

interface Contender {
  name: string;
  child: Child;
  send(seconds: number): Promise<Done>;
  /** Throws unless what is stored is what was acknowledged. */
  check(): Promise<void>;
}

interface Window extends Done {
  rate: number;
  nodeCpu: number;
  databaseCpu: number;
  generatorLoad: number;
}

interface Sender {
  token: string;
  chats: string[];
}

const FLOOR = 'INSERT by pg';
const SPREAD = 'Parley, 1,000 chats';
const HOT = 'Parley, one chat';
const HTTP = 'Parley, HTTP';
const PRISMA = 'Prisma + Yoga';
const PRISMA_HTTP = 'Prisma + Yoga, HTTP';

const SOCKETS = 128;
const HTTP_CONNECTIONS = 64;

export const send: Scenario = async (bench) => {
  const chats = bench.isQuick ? 100 : 1000;
  const seconds = bench.isQuick ? 0.5 : 5;
  const parley = await startParley(bench.serverUrl, { name: 'send' });
  const { child: generator } = await startAsked(new URL('../harness/senders.mjs', import.meta.url), {});
  const prisma = await startPrismaOf(bench.serverUrl, chats);
  const floorUrl = await createDatabase(bench.serverUrl, 'bench_insert');
  const floor = await startPeer('insert', { databaseUrl: floorUrl, text: TEXT });

  try {
    const contenders: Contender[] = [
      {
        name: FLOOR,
        child: floor,
        send: (time) => floor.ask({ what: 'send', seconds: time, underway: SOCKETS, chats }),
        check: async () => {}, // it has counted its rows
      },
      await parleyContender(generator, parley, { name: SPREAD, chats, senders: SOCKETS, transport: 'socket' }),
      await parleyContender(generator, parley, { name: HOT, chats: 1, senders: SOCKETS, transport: 'socket' }),
      await parleyContender(generator, parley, { name: HTTP, chats, senders: HTTP_CONNECTIONS, transport: 'http' }),
      await prismaContender(generator, prisma, { name: PRISMA, transport: 'socket', chats, from: 0 }),
      await prismaContender(generator, prisma, { name: PRISMA_HTTP, transport: 'http', chats, from: chats }),
    ];
    await parley.analyze();

    const progress = showProgress('send', contenders.length * (bench.rounds + 1));
    const windows = await inRounds(contenders, bench.rounds, progress, (contender) =>
      measure(bench, generator, contender, seconds),
    );
    progress.end();
    for (const contender of contenders) await contender.check();

    const figures = (name: string, unit: string, isLessBetter: boolean, of: (window: Window) => number): Series =>
      seriesOf(windows, { name, unit, isLessBetter }, of);
    /** Of the two windows of each round. */
    const ratio = (one: string, other: string) =>
      median(windows.get(one)!.map((window, round) => window.rate / windows.get(other)![round]!.rate));
    return {
      title: 'Sending',
      series: [
        figures('rate', 'sends a second', false, (window) => window.rate),
        figures('node', 'µs of CPU a send', true, (window) => window.nodeCpu),
        figures('PostgreSQL', 'µs of CPU a send', true, (window) => window.databaseCpu),
        figures('p50', 'ms until acknowledged', true, (window) => window.p50),
        figures('p99', 'ms until acknowledged', true, (window) => window.p99),
      ],
      goals: [
        atLeast('Sends over sockets, to the INSERT floor', ratio(SPREAD, FLOOR), 0.9),
        atLeast('Sends into one hot chat, to those into 1,000', ratio(HOT, SPREAD), 0.5),
        atLeast('Sends over HTTP, to the INSERT floor', ratio(HTTP, FLOOR), 0.5),
        atLeast('Sends over sockets, to Prisma and Yoga', ratio(SPREAD, PRISMA), 20),
        atLeast('Sends over HTTP, to Prisma and Yoga over HTTP', ratio(HTTP, PRISMA_HTTP), 20),
      ],
      notes: [
        `Windows of ${seconds} s, ${chats.toLocaleString('en')} chats; underway at any time: ${SOCKETS} INSERTs over a pool of 10, ` +
          `${SOCKETS} sends over as many sockets, ${HTTP_CONNECTIONS} over as many HTTP connections, and for Prisma ${HTTP_CONNECTIONS}`,
        `The generator kept cores busy: ${[...windows].map(([name, these]) => `${name} ${short(median(these.map(({ generatorLoad }) => generatorLoad)))}`).join(', ')}`,
        'Checked: the numbers acknowledged in each chat are 1, 2, 3, … without a gap, and the database holds as many messages.',
      ],
    };
  } finally {
    await Promise.all([parley, floor, prisma, generator].map((one) => one.stop()));
  }
};

const measure = async (bench: Bench, generator: AskedChild, contender: Contender, seconds: number): Promise<Window> => {
  const before = { node: contender.child.cpu(), database: bench.databaseCpu(), generator: generator.cpu() };
  const done = await contender.send(seconds);
  const { count, seconds: took } = done;
  return {
    ...done,
    rate: count / took,
    nodeCpu: (contender.child.cpu() - before.node) / count,
    databaseCpu: (bench.databaseCpu() - before.database) / count,
    generatorLoad: (generator.cpu() - before.generator) / 1e6 / took,
  };
};

const startPeer = async (program: string, options: Record<string, unknown>): Promise<AskedChild> =>
  (await startAsked(new URL(`../peers/${program}.mjs`, import.meta.url), options)).child;

const SEND_BY_PARLEY = `mutation ($chatId: ID!, $text: String!) {
  sendMessage(input: { chatId: $chatId, text: $text }) {
    ... on SendMessageSuccess { message { id seq text createdAt sender { id username } } } } }`;
const SEND_BY_PRISMA = `mutation ($chatId: ID!, $text: String!) {
  sendMessage(chatId: $chatId, text: $text) { id seq text createdAt sender { id username } } }`;

/** Chats of two: one of the senders, and somebody who is not connected. In a hot chat all senders are members. */
const parleyContender = async (
  generator: AskedChild,
  parley: Parley,
  plan: { name: string; chats: number; senders: number; transport: 'socket' | 'http' },
): Promise<Contender> => {
  const { name, transport } = plan;
  const people = await parley.addPeople(plan.senders);
  const [silent] = await parley.addPeople(1);
  const senders: Sender[] = people.map(({ token }) => ({ token, chats: [] }));
  const keys: string[] = [];
  for (let n = 0; n < plan.chats; n += 1) {
    const owners = plan.chats === 1 ? people : [people[n % people.length]!];
    const chat = await parley.addChat([...owners, silent!]);
    keys.push(chat.key);
    for (const owner of owners) senders[people.indexOf(owner)]!.chats.push(chat.id);
  }
  const url = transport === 'http' ? parley.url : parley.socketUrl;
  // The others send nothing.
  const busy = senders.filter((sender) => sender.chats.length > 0);
  await generator.ask({ what: 'open', name, transport, url, senders: busy, query: SEND_BY_PARLEY, text: TEXT });
  return {
    name,
    child: parley.child,
    send: (seconds) => generator.ask<Done>({ what: 'send', name, seconds }),
    check: () => checkStored(generator, name, parley.pool, STORED_BY_PARLEY, keys),
  };
};

const STORED_BY_PARLEY = `
SELECT (SELECT count(*) FROM message WHERE chat_id = ANY($1::bigint[]))::int AS messages,
  (SELECT sum(head_seq) FROM chat WHERE id = ANY($1))::int AS heads,
  (SELECT count(*) FROM event WHERE chat_id = ANY($1) AND seq > 0)::int AS events`;
const STORED_BY_PRISMA = `
SELECT (SELECT count(*) FROM "Message" WHERE "chatId" = ANY($1::int[]))::int AS messages,
  (SELECT sum("headSeq") FROM "Chat" WHERE id = ANY($1))::int AS heads`;

const checkStored = async (
  generator: AskedChild,
  name: string,
  pool: pg.Pool,
  sql: string,
  keys: readonly string[],
): Promise<void> => {
  const { total, wrong } = await generator.ask<{ total: number; wrong: string[] }>({ what: 'sent', name });
  if (wrong.length > 0)
    throw new Error(`${name}: the numbers acknowledged in ${wrong.length} chats have gaps or repeats`);
  const { rows } = await pool.query<Record<string, number>>(sql, [keys]);
  for (const [what, count] of Object.entries(rows[0]!))
    if (count !== total) throw new Error(`${name}: ${total} sends were acknowledged, but there are ${count} ${what}`);
};

const PEOPLE_OF_PRISMA = `INSERT INTO "User" (username) SELECT 'person' || n FROM generate_series(1, $1::int) AS n`;
const CHATS_OF_PRISMA = `INSERT INTO "Chat" ("headSeq") SELECT 0 FROM generate_series(1, $1::int)`;
// As in Parley: one who sends, and one who does not.
const MEMBERS_OF_PRISMA = `
INSERT INTO "Member" ("chatId", "userId") SELECT n, 1 + (n - 1) % $2::int FROM generate_series(1, $1::int) AS n
UNION ALL SELECT n, $2 + 1 FROM generate_series(1, $1) AS n`;

const startPrismaOf = (serverUrl: string, chats: number): Promise<PrismaPeer> =>
  startPrisma(serverUrl, {
    name: 'prisma',
    fill: async (pool) => {
      await pool.query(PEOPLE_OF_PRISMA, [HTTP_CONNECTIONS + 1]);
      await pool.query(CHATS_OF_PRISMA, [2 * chats]);
      await pool.query(MEMBERS_OF_PRISMA, [2 * chats, HTTP_CONNECTIONS]);
    },
  });

const prismaContender = async (
  generator: AskedChild,
  { child, port, pool }: PrismaPeer,
  { name, transport, chats, from }: { name: string; transport: 'socket' | 'http'; chats: number; from: number },
): Promise<Contender> => {
  const keys = Array.from({ length: chats }, (_none, n) => String(from + n + 1));
  const senders: Sender[] = Array.from({ length: HTTP_CONNECTIONS }, (_none, n) => ({
    token: tokenFor(String(n + 1), 'none'),
    chats: keys.filter((key) => (Number(key) - 1) % HTTP_CONNECTIONS === n),
  }));
  const url = `${transport === 'http' ? 'http' : 'ws'}://127.0.0.1:${port}/graphql`;
  await generator.ask({ what: 'open', name, transport, url, senders, query: SEND_BY_PRISMA, text: TEXT });
  return {
    name,
    child,
    send: (seconds) => generator.ask<Done>({ what: 'send', name, seconds }),
    check: () => checkStored(generator, name, pool, STORED_BY_PRISMA, keys),
  };
};

/**
 * One message into a chat of 1,000, whose members all have `events` and `notificationReceived` open; and all 100 members of another
 * reading one: the CPU time of the server, and how many statements it sends to the database.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { startAsked, type AskedChild } from '../harness/child.js';
import { openSocket } from '../harness/clients.mjs';
import { EVENTS, SEND } from '../harness/fan-out-contenders.js';
import { startParley, TEXT, type Chat, type Parley, type Person } from '../harness/parley.js';
import { showProgress } from '../harness/progress.js';
import { atMost, seriesOf, type Series } from '../harness/result.js';
import type { Scenario } from '../harness/scenario.js';
import { median } from '../harness/stats.js';

const NOTIFICATIONS = `subscription { notificationReceived {
  message { seq text } id kind unreadCount chat { id title unreadCount lastMessage { id text } } sender { id username } } }`;
const MARK_READ = `mutation ($chatId: ID!, $seq: Int!) {
  markRead(input: { chatId: $chatId, upToSeq: $seq }) { ... on MarkReadSuccess { chat { id unreadCount } } } }`;

/** Longer than what is gathered is gathered, and than the poll's second. */
const SETTLE_MS = 2500;
const READERS = 100;
const READS_AT_ONCE = 8;

interface Window {
  /** ms of CPU. */
  node: number;
  database: number;
  statements: number;
}

export const members: Scenario = async (bench) => {
  const count = bench.isQuick ? 50 : 1000;
  const parley = await startParley(bench.serverUrl, { name: 'members' });
  await parley.pool.query('CREATE EXTENSION pg_stat_statements');
  const { child: generator } = await startAsked(new URL('../harness/followers.mjs', import.meta.url), {});
  const progress = showProgress('members', 2 * (bench.rounds + 1));
  const messages: Window[] = [];
  const readings: Window[] = [];
  try {
    const [sender] = (await parley.addPeople(1)) as [Person];
    const many = await parley.addPeople(count);
    const few = await parley.addPeople(READERS);
    const chat = await parley.addChat([sender, ...many]);
    const small = await parley.addChat([sender, ...few]);
    await parley.analyze();
    const socket = await openSocket(parley.socketUrl, sender.token);
    const send = async ({ id: chatId }: Chat) => {
      const answer = await socket.ask(JSON.stringify({ query: SEND, variables: { chatId, text: TEXT } }));
      return Number(/"seq":(\d+)/.exec(answer)?.[1]);
    };
    await follow(generator, parley, 'events', EVENTS, many);
    await follow(generator, parley, 'notifications', NOTIFICATIONS, many);
    await follow(generator, parley, 'readers', EVENTS, few);
    const readers = await Promise.all(few.map(({ token }) => openSocket(parley.socketUrl, token)));
    await delay(SETTLE_MS);

    const everyoneGets = async (names: string[], seq: number) => {
      for (const name of names)
        if (!(await generator.ask({ what: 'reach', name, seq, withinMs: 30_000 })))
          throw new Error(`${name}: not everyone got the message`);
    };
    for (let round = 0; round <= bench.rounds; round += 1) {
      progress.step(`a message, ${round === 0 ? 'warming up' : `round ${round}`}`);
      const message = await measure(bench.databaseCpu, parley, async () =>
        everyoneGets(['events', 'notifications'], await send(chat)),
      );
      const seq = await send(small);
      await everyoneGets(['readers'], seq);
      await delay(SETTLE_MS);
      progress.step(`reading, ${round === 0 ? 'warming up' : `round ${round}`}`);
      const body = JSON.stringify({ query: MARK_READ, variables: { chatId: small.id, seq } });
      const reading = await measure(bench.databaseCpu, parley, async () => {
        for (let from = 0; from < READERS; from += READS_AT_ONCE) {
          const answers = await Promise.all(readers.slice(from, from + READS_AT_ONCE).map(({ ask }) => ask(body)));
          const wrong = answers.find((answer) => !answer.includes('"unreadCount":0'));
          if (wrong !== undefined) throw new Error(`Not read: ${wrong}`);
        }
      });
      if (round === 0) continue;
      messages.push(message);
      readings.push(reading);
    }
    for (const name of ['events', 'notifications', 'readers']) await check(generator, name, bench.rounds + 1);
    for (const { close } of [socket, ...readers]) close();
  } finally {
    progress.end();
    await Promise.all([parley.stop(), generator.stop()]);
  }

  const message = `a message to ${count.toLocaleString('en')}`;
  const reading = `${READERS} members read`;
  const figures = (unit: string, of: (window: Window) => number): Series[] =>
    [
      { name: message, windows: messages },
      { name: reading, windows: readings },
    ].map(({ name, windows }) => seriesOf(new Map([['Parley', windows]]), { name, unit }, of));
  return {
    title: 'One message, and who hears of it',
    series: [
      ...figures('ms of CPU of the node', ({ node }) => node),
      ...figures('ms of CPU of PostgreSQL', ({ database }) => database),
      ...figures('statements', ({ statements }) => statements),
    ],
    goals: [
      atMost(`${message}: statements`, median(messages.map(({ statements }) => statements)), 5),
      atMost(`${message}: ms of CPU of the node`, median(messages.map(({ node }) => node)), 40),
      atMost(`${reading}: ms of CPU of the node`, median(readings.map(({ node }) => node)), 30),
    ],
    notes: [
      'Each member has `events` and `notificationReceived { message sender chat { title unreadCount lastMessage } }` open, over a socket each. Members who read have `events` open, and mark the message as read over another socket.',
      `Statements by pg_stat_statements, the send included; of those and of the CPU time, what an idle server takes in the same time (${SETTLE_MS / 1000} s and more) is taken off.`,
      'Checked: each got each message once over each of its subscriptions, and has nothing unread at the end.',
    ],
  };
};

const follow = (generator: AskedChild, parley: Parley, name: string, query: string, people: readonly Person[]) =>
  generator.ask({
    what: 'follow',
    name,
    plan: { protocol: 'graphql', url: parley.socketUrl, query, variables: {} },
    tokens: people.map(({ token }) => token),
  });

/** Of what happens until all is quiet again, less what an idle server does in as long. */
const measure = async (databaseCpu: () => number, parley: Parley, act: () => Promise<void>): Promise<Window> => {
  const during = async (what: () => Promise<unknown>) => {
    const { pool, child } = parley;
    await pool.query('SELECT pg_stat_statements_reset()');
    const begun = performance.now();
    const before = { node: child.cpu(), database: databaseCpu() };
    await what();
    await delay(SETTLE_MS);
    const cpu = { node: child.cpu() - before.node, database: databaseCpu() - before.database };
    const took = performance.now() - begun;
    return { ...cpu, took, statements: await countStatements(pool) };
  };
  const idle = await during(() => Promise.resolve());
  const busy = await during(act);
  const share = busy.took / idle.took;
  return {
    node: (busy.node - idle.node * share) / 1000,
    database: (busy.database - idle.database * share) / 1000,
    // The polls of an idle server come at their own times.
    statements: Math.round(busy.statements - idle.statements * share),
  };
};

/** Of the server alone: the bench's own say that they are about statistics. */
const countStatements = async (pool: pg.Pool): Promise<number> => {
  const { rows } = await pool.query<{ calls: number }>(`
    SELECT coalesce(sum(calls), 0)::int AS calls FROM pg_stat_statements
    WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND query NOT LIKE '%pg_stat_statements%'`);
  return rows[0]!.calls;
};

const check = async (generator: AskedChild, name: string, expected: number) => {
  const { received, faults } = await generator.ask<{ received: number[]; faults: string[] }>({ what: 'report', name });
  if (faults.length > 0) throw new Error(`${name}: ${faults.slice(0, 3).join('; ')}`);
  const wrong = received.find((messages) => messages !== expected);
  if (wrong !== undefined) throw new Error(`${name}: somebody got ${wrong} messages of ${expected}`);
};

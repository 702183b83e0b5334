/**
 * Sends a second through the API of one node on PostgreSQL, as a ratio to plain one-row INSERTs from Node in the same run.
 * Windows of both alternate, so that whatever else the machine does falls on both. Correctness first: after each window the
 * history must hold what was acknowledged, once each and in order.
 *
 *     npm run bench -- send [--seconds 5] [--rounds 3] [--chats 20]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createClient, type Client } from 'graphql-ws';
import pg from 'pg';
import { WebSocket } from 'ws';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '3' },
    chats: { type: 'string', default: '20' },
    underway: { type: 'string', default: '200' },
  },
});
const [seconds, rounds, chatCount, underway] = [values.seconds, values.rounds, values.chats, values.underway].map(
  Number,
) as [number, number, number, number];

const server = process.env.DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres';
const database = `parley_bench_${process.pid}`;
const root = fileURLToPath(new URL('..', import.meta.url));
const url = new URL(server);
url.pathname = `/${database}`;

const main = async () => {
  await onServer(`CREATE DATABASE ${database}`);
  const node = await startNode();
  const pool = new pg.Pool({ connectionString: url.href, max: 10 });
  try {
    await pool.query(`CREATE TABLE plain (id bigserial PRIMARY KEY, chat_id bigint NOT NULL, sender_id bigint NOT NULL,
      text text NOT NULL, client_message_id text NOT NULL, created_at timestamptz NOT NULL DEFAULT now())`);
    const world = await populate(node.endpoint, pool);

    const measured: { api: number; plain: number }[] = [];
    for (let round = 0; round <= rounds; round += 1) {
      const plain = await plainWindow(pool);
      const api = await apiWindow(world);
      await checkHistory(pool);
      if (round > 0) measured.push({ api, plain }); // the first is for warming up
    }
    const ratios = measured.map(({ api, plain }) => api / plain).sort((one, other) => one - other);
    console.table(
      measured.map(({ api, plain }) => ({
        'API sends/s': round0(api),
        'plain INSERTs/s': round0(plain),
        ratio: (api / plain).toFixed(2),
      })),
    );
    console.log(
      `Median ratio ${ratios[Math.floor(ratios.length / 2)]!.toFixed(2)}; ${underway} underway, ${chatCount} chats, fsync as the server has it`,
    );
    for (const { client } of world) await client.dispose();
  } finally {
    await pool.end();
    await node.stop();
    await onServer(`DROP DATABASE ${database} WITH (FORCE)`);
  }
};

const startNode = async () => {
  const child = spawn(process.execPath, ['scripts/start.mjs'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      DATABASE_URL: url.href,
      TOKEN_SECRET: 'only for this run, which nobody else can reach',
      ALLOW_UNSAFE_DATABASE: 'on',
      PORT: '0',
      LOG_LEVEL: 'info',
      MESSAGES_PER_MINUTE: '0',
      REGISTRATIONS_PER_HOUR: '0',
      DIRECT_CHATS_PER_MINUTE: '0',
    },
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const found = /"url":"([^"]+)"/.exec(line);
    if (!found) continue;
    child.stdout.resume();
    return {
      endpoint: `${found[1]!.replace(/\/(graphql)?$/, '')}/graphql`,
      stop: async () => {
        child.kill('SIGTERM');
        await once(child, 'exit');
      },
    };
  }
  throw new Error('The node did not start');
};

interface Sender {
  client: Client;
  chatId: string;
}

/** A pair of people, a socket and a dialog for each chat. */
const populate = async (endpoint: string, pool: pg.Pool): Promise<Sender[]> => {
  const people: { token: string; id: string }[] = [];
  for (let index = 0; index < chatCount + 1; index += 1) {
    const { register } = await post<{ register: { session: { accessToken: string; user: { id: string } } } }>(
      endpoint,
      `mutation ($input: RegisterInput!) { register(input: $input) { ... on RegisterSuccess { session { accessToken user { id } } } } }`,
      {
        input: { username: `bench${index}`, password: 'a password for the bench', email: `bench${index}@example.org` },
      },
    );
    people.push({ token: register.session.accessToken, id: register.session.user.id });
  }
  await pool.query('ANALYZE');
  return Promise.all(
    people.slice(1).map(async ({ token }) => {
      const client = createClient({
        url: endpoint.replace('http', 'ws'),
        webSocketImpl: WebSocket,
        connectionParams: { authorization: `Bearer ${token}` },
      });
      const { openDirectChat } = await run<{ openDirectChat: { chat: { id: string } } }>(
        client,
        `mutation ($input: OpenDirectChatInput!) { openDirectChat(input: $input) { ... on OpenDirectChatSuccess { chat { id } } } }`,
        { input: { userId: people[0]!.id } },
      );
      return { client, chatId: openDirectChat.chat.id };
    }),
  );
};

const SEND = `mutation ($input: SendMessageInput!) { sendMessage(input: $input) { __typename ... on SendMessageSuccess { message { id seq } } } }`;

let sent = 0;
const acknowledged = new Set<string>();

const apiWindow = (world: Sender[]) =>
  window(async () => {
    const { client, chatId } = world[sent % world.length]!;
    const key = `key ${(sent += 1)}`;
    const { sendMessage } = await run<{ sendMessage: { __typename: string } }>(client, SEND, {
      input: { chatId, text: TEXT, clientMessageId: key },
    });
    if (sendMessage.__typename !== 'SendMessageSuccess') throw new Error(`Refused: ${sendMessage.__typename}`);
    acknowledged.add(key);
  });

const TEXT = 'A message of a length that people write: some eighty characters, here and there.';

const plainWindow = (pool: pg.Pool) =>
  window(async () => {
    await pool.query({
      name: 'plain',
      text: 'INSERT INTO plain (chat_id, sender_id, text, client_message_id) VALUES ($1, $2, $3, $4) RETURNING id',
      values: [(sent += 1) % chatCount, 1, TEXT, `key ${sent}`],
    });
  });

/** @returns how many a second, with so many underway at any time */
const window = async (act: () => Promise<void>): Promise<number> => {
  const begun = performance.now();
  const end = begun + seconds * 1000;
  let count = 0;
  await Promise.all(
    Array.from({ length: underway }, async () => {
      while (performance.now() < end) {
        await act();
        count += 1;
      }
    }),
  );
  return (count * 1000) / (performance.now() - begun);
};

const checkHistory = async (pool: pg.Pool) => {
  const { rows } = await pool.query<{ keys: string[]; gaps: string }>(
    `SELECT (SELECT array_agg(client_message_id) FROM message) AS keys,
       (SELECT count(*) FROM chat WHERE head_seq + 1 <> (SELECT count(*) FROM event WHERE chat_id = chat.id)) AS gaps`,
  );
  const keys = rows[0]!.keys;
  const stored = new Set(keys);
  const isWhole = keys.length === stored.size && [...acknowledged].every((key) => stored.has(key));
  if (!isWhole || rows[0]!.gaps !== '0') throw new Error('The history does not hold what was acknowledged');
};

const run = <Result>(client: Client, query: string, variables: Record<string, unknown>): Promise<Result> =>
  new Promise((resolve, reject) => {
    client.subscribe<Result>(
      { query, variables },
      {
        next: ({ data, errors }) => (data ? resolve(data) : reject(new Error(JSON.stringify(errors)))),
        error: (error) => reject(new Error(JSON.stringify(error))),
        complete: () => undefined,
      },
    );
  });

const post = async <Result>(endpoint: string, query: string, variables: Record<string, unknown>): Promise<Result> => {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  return ((await response.json()) as { data: Result }).data;
};

const onServer = async (sql: string) => {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  await client.query(sql);
  await client.end();
};

const round0 = (value: number) => Math.round(value);

await main();

/** Parley as the image runs it: built, in production mode, on a database of its own; with people and chats put there directly. */
import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import jwt from 'jsonwebtoken';
import pg from 'pg';
import { freePort } from '../../scripts/services.mjs';
import { UNLIMITED } from '../../test/support/unlimited.js';
import { startProgram, type Child } from './child.js';

export const SECRET = 'only for this run, which nobody else can reach';

/** Of a length that people write: 80 characters. */
export const TEXT = 'A message of a length that people write: some eighty characters, here and there.';

export interface Parley {
  readonly child: Child;
  /** `http://127.0.0.1:PORT/graphql` */
  readonly url: string;
  readonly socketUrl: string;
  readonly databaseUrl: string;
  /** Of the bench, not of the server. */
  readonly pool: pg.Pool;
  addPeople(count: number): Promise<Person[]>;
  addChat(members: readonly Person[]): Promise<Chat>;
  /** Brings the planner up to date after much was added. */
  analyze(): Promise<void>;
  stop(): Promise<void>;
}

export interface Person {
  key: string;
  id: string;
  token: string;
}

export interface Chat {
  key: string;
  id: string;
}

const root = fileURLToPath(new URL('../..', import.meta.url));

export const startParley = async (
  serverUrl: string,
  { name, environment = {} }: { name: string; environment?: Record<string, string> },
): Promise<Parley> => {
  const databaseUrl = await createDatabase(serverUrl, `bench_${name}`);
  return startNode(databaseUrl, environment);
};

/** @param databaseUrl of a database that may be in use by another node */
export const startNode = async (databaseUrl: string, environment: Record<string, string> = {}): Promise<Parley> => {
  const port = await freePort();
  const child = startProgram(process.execPath, imageArguments(), {
    cwd: root,
    environment: {
      NODE_ENV: 'production',
      LOG_LEVEL: 'warn',
      SLOW_MS: '0', // each operation of an overloaded server would be a line
      PORT: String(port),
      DATABASE_URL: databaseUrl,
      TOKEN_SECRET: SECRET,
      ...UNLIMITED,
      // No socket ends for being old.
      CONNECTION_MINUTES: '0',
      ...environment,
    },
  });
  const origin = `http://127.0.0.1:${port}`;
  await isReady(child, `${origin}/health/ready`);
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 4 });
  const url = `${origin}/graphql`;
  return {
    child,
    url,
    socketUrl: url.replace('http', 'ws'),
    databaseUrl,
    pool,
    addPeople: (count) => addPeople(pool, count),
    addChat: (members) => addChat(pool, members),
    analyze: async () => void (await pool.query('ANALYZE')),
    stop: async () => {
      await child.stop();
      await pool.end();
    },
  };
};

const READY_WITHIN_MS = 120_000;

const isReady = async (child: Child, url: string) => {
  const giveUpAt = performance.now() + READY_WITHIN_MS;
  for (;;) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return;
    if (!child.isRunning || performance.now() > giveUpAt) throw new Error('Parley did not start');
    await delay(50);
  }
};

/** As in the image: what follows `node` in its CMD. */
const imageArguments = (): string[] => {
  const command = /^CMD (\[.*\])$/m.exec(readFileSync(`${root}Dockerfile`, 'utf8'))![1]!;
  return (JSON.parse(command) as string[]).slice(1);
};

export const createDatabase = async (serverUrl: string, name: string): Promise<string> => {
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  await client.query(`CREATE DATABASE ${name}`);
  await client.end();
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
};

const PEOPLE = `
INSERT INTO "user" (username, username_key, email, email_key, name_key, role)
SELECT name, name, name || '@example.org', name || '@example.org', name, 'USER'
FROM (SELECT 'person' || (count.made + number) AS name FROM (SELECT count(*) AS made FROM "user") AS count, generate_series(1, $1::int) AS number) AS made
RETURNING id::text AS key`;
const SESSIONS = `
INSERT INTO session (id, user_id, refresh_hash, expires_at)
SELECT *, now() + interval '30 days' FROM unnest($1::uuid[], $2::bigint[], $3::bytea[])`;

/** With an open session each. */
const addPeople = async (pool: pg.Pool, count: number): Promise<Person[]> => {
  const { rows } = await pool.query<{ key: string }>(PEOPLE, [count]);
  const people = rows.map(({ key }) => ({ key, sessionId: randomUUID() }));
  const hashes = people.map(() => randomBytes(32));
  await pool.query(SESSIONS, [people.map(({ sessionId }) => sessionId), people.map(({ key }) => key), hashes]);
  return people.map(({ key, sessionId }) => ({ key, id: globalId('User', key), token: tokenFor(key, sessionId) }));
};

/** A token as Parley issues it; peers look at its signature only. */
export const tokenFor = (userKey: string, sessionId: string): string =>
  jwt.sign({ iss: 'parley', aud: 'parley', sub: userKey, sid: sessionId, rot: 0, jti: randomUUID() }, SECRET, {
    algorithm: 'HS256',
    expiresIn: '12h',
  });

const globalId = (type: string, key: string) => Buffer.from(`${type}:${key}`).toString('base64');

const CHAT = `INSERT INTO chat (kind, name, head_mark) VALUES ('GROUP', 'A chat of the bench', 1) RETURNING id::text AS key`;
const BEGINNING = `INSERT INTO event (chat_id, seq, mark, type, actor_id) VALUES ($1, 0, 1, 'CHAT_CREATED', $2)`;
const MEMBERS = `
INSERT INTO member (chat_id, user_id, last_read_seq, read_count) SELECT $1, user_id, 0, 0 FROM unnest($2::bigint[]) AS given(user_id)`;

const addChat = async (pool: pg.Pool, members: readonly Person[]): Promise<Chat> => {
  const { rows } = await pool.query<{ key: string }>(CHAT);
  const { key } = rows[0]!;
  await pool.query(BEGINNING, [key, members[0]!.key]);
  await pool.query(MEMBERS, [key, members.map((member) => member.key)]);
  return { key, id: globalId('Chat', key) };
};

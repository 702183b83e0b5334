import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { startPostgres, type Service } from '../../../scripts/services.mjs';
import { createPostgresql } from '../../../src/db/postgresql.js';
import { temporaryFolder } from '../../support/database.js';
import { startNode } from '../../support/node.js';
import { parley } from '../../support/parley.js';

// As its owner should have it; the one that the tests share loses everything.
let server: Service;

beforeAll(async () => {
  server = await startPostgres({ settings: { fsync: 'on' } });
});

afterAll(() => server.stop());

const onServer = async (url: string, sql: string) => {
  const db = createPostgresql({ url });
  await db.query(sql).finally(() => db.close());
};

const withCommit = (mode: string) => `${server.url}?options=${encodeURIComponent(`-c synchronous_commit=${mode}`)}`;

const serve = (url: string) =>
  parley(['serve'], {
    env: { DATABASE_URL: url, TOKEN_SECRET: 'a secret that is only ever used in tests', PORT: '0' },
  });

const nodeOn = async (databaseUrl: string, allowUnsafeDatabase: boolean) => {
  const node = await startNode({ databaseUrl, dataDir: temporaryFolder(), allowUnsafeDatabase });
  onTestFinished(() => node.stop());
  return node;
};

it.each(['on', 'local', 'remote_write', 'remote_apply'])(
  'a node starts on a PostgreSQL that keeps what it confirms, with synchronous_commit=%s',
  async (mode) => {
    const { log } = await nodeOn(withCommit(mode), false);

    expect(log).not.toContainEqual(expect.objectContaining({ msg: expect.stringContaining('may lose') as string }));
  },
);

const ofDatabase = async () => {
  await onServer(server.url, 'CREATE DATABASE careless');
  await onServer(server.url, 'ALTER DATABASE careless SET synchronous_commit = off');
  return server.url.replace(/postgres$/, 'careless');
};

it.each([
  ['in the URL', () => withCommit('off')],
  ['for the database', ofDatabase],
])('a node refuses synchronous_commit=off %s, in one line and with code 65', async (_where, urlOf) => {
  const { code, out, err } = await serve(await urlOf());

  expect(code).toBe(65);
  expect(`${out}${err}`).toMatch(/PostgreSQL may lose what it has confirmed: synchronous_commit=off\. ALLOW_UNSAFE/);
});

it('a node refuses fsync=off before it touches the database, and starts with a warning where it is told to', async () => {
  const careless = await startPostgres();
  onTestFinished(() => careless.stop());

  const refused = await serve(careless.url);
  const db = createPostgresql({ url: careless.url });
  onTestFinished(() => db.close());
  const tables = await db.query(`SELECT FROM pg_tables WHERE schemaname = 'public'`);
  const { log } = await nodeOn(careless.url, true);

  expect(refused.code).toBe(65);
  expect(tables).toEqual([]);
  expect(log).toContainEqual(
    expect.objectContaining({ level: 'warn', msg: 'PostgreSQL may lose what it has confirmed: fsync=off' }),
  );
});

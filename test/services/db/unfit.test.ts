/** Databases that cannot be served: each way in refuses them before anything is done to them, and says the way out. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { startPostgres, type Service } from '../../../scripts/services.mjs';
import { databaseChecks } from '../../../src/db/checks.js';
import { UnfitDatabaseError } from '../../../src/db/finding.js';
import { migrate } from '../../../src/db/migrations.js';
import { openDatabase } from '../../../src/db/open.js';
import { createPostgresql } from '../../../src/db/postgresql.js';
import { embeddedDatabase, temporaryFolder } from '../../support/database.js';
import { startNode } from '../../support/node.js';
import { parley } from '../../support/parley.js';
import { startPgbouncer, type PgbouncerOptions } from '../../support/pgbouncer.js';

// Several processes, one after the other.
vi.setConfig({ testTimeout: 90_000 });

let server: Service;

beforeAll(async () => {
  server = await startPostgres({ settings: { fsync: 'on', synchronous_commit: 'on' } });
});

afterAll(() => server.stop());

let made = 0;

/** @returns its URL */
const database = async (options = '') => {
  const name = `unfit_${(made += 1)}`;
  await onServer(`CREATE DATABASE ${name} ${options}`);
  return server.url.replace(/postgres$/, name);
};

const onServer = async (sql: string, url = server.url) => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client.query<Record<string, unknown>>(sql).finally(() => client.end());
};

const tablesOf = async (url: string) =>
  (await onServer(`SELECT tablename FROM pg_tables WHERE schemaname = 'public'`, url)).rows;

const SECRET = 'a secret that is only ever used in tests';

const commands = {
  serve: () => ['serve'],
  migrate: () => ['migrate'],
  'create-admin': () => [
    'create-admin',
    '--username',
    'ada',
    '--email',
    'ada@example.org',
    '--password',
    'p'.repeat(20),
  ],
  import: () => {
    const file = join(temporaryFolder(), 'people.jsonl');
    writeFileSync(file, '');
    return ['import', file];
  },
} as const;

const runOn = (url: string, args: readonly string[]) =>
  parley(args, { env: { DATABASE_URL: url, TOKEN_SECRET: SECRET, PORT: '0' } });

describe('A database in another encoding than UTF8', () => {
  it.each(Object.keys(commands) as (keyof typeof commands)[])('is refused by `parley %s`, untouched', async (name) => {
    const url = await database(`TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'`);

    const { code, out, err } = await runOn(url, commands[name]());

    expect(`${out}${err}`).toMatch(/The encoding of the database unfit_\d+ is LATIN1.* needs UTF8\. Make another one/);
    expect(code).toBe(65);
    expect(await tablesOf(url)).toEqual([]);
  });

  it('is refused as a target of a copy, untouched', async () => {
    const url = await database(`TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'`);
    const folder = await embeddedDatabase();
    onTestFinished(folder.drop);

    const { code, err } = await parley(['copy', '--to', url], { env: { DATA_DIR: folder.config.dataDir } });

    expect(err).toContain('is SQL_ASCII, and it cannot hold what people write');
    expect(code).toBe(65);
    expect(await tablesOf(url)).toEqual([]);
  });
});

describe('A connection pooler', () => {
  const through = async (options: Omit<PgbouncerOptions, 'url'>) => {
    const url = await database();
    const pooler = await startPgbouncer({ url, ...options });
    onTestFinished(() => pooler.stop());
    return { url, pooled: pooler.url };
  };

  it.each([
    ['transaction', 'server_round_robin = 0'],
    ['transaction', 'server_round_robin = 1'],
    ['statement', 'server_round_robin = 0'],
  ] as const)('is refused in %s mode with %s', async (mode, line) => {
    const { url, pooled } = await through({ mode, lines: [line] });

    const error: unknown = await openDatabase({ databaseUrl: pooled, dataDir: '' }).catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(UnfitDatabaseError);
    expect(await tablesOf(url)).toEqual([]);
  });

  it('is refused in transaction mode by a start, in one line that says the way out, and with code 65', async () => {
    const { pooled } = await through({ mode: 'transaction' });

    const { code, out, err } = await runOn(pooled, ['serve']);

    expect(`${out}${err}`).toMatch(/A connection pooler hands this database out .* pool_mode=session/);
    expect(code).toBe(65);
  });

  it('is refused in transaction mode while others keep its connections busy', async () => {
    const { pooled } = await through({ mode: 'transaction' });
    let isOver = false;
    const others = Array.from({ length: 6 }, async () => {
      const client = new pg.Client({ connectionString: pooled });
      await client.connect();
      while (!isOver) await client.query('BEGIN; SELECT pg_sleep(0.003); COMMIT');
      await client.end();
    });

    const refusals = await Promise.all(
      Array.from({ length: 5 }, () =>
        openDatabase({ databaseUrl: pooled, dataDir: '' }).catch((error: Error) => error.name),
      ),
    );
    isOver = true;
    await Promise.all(others);

    expect(refusals).toEqual(Array(5).fill('UnfitDatabaseError'));
  });

  it('serves in session mode, migrates through it, and is never taken for the other kind', async () => {
    const { pooled } = await through({ mode: 'session' });
    const dataDir = temporaryFolder();

    const opened = await Promise.all(Array.from({ length: 5 }, () => openDatabase({ databaseUrl: pooled, dataDir })));
    const applied = await migrate(opened[0]!);
    await Promise.all(opened.map((db) => db.close()));
    const node = await startNode({ databaseUrl: pooled, dataDir });
    onTestFinished(() => node.stop());
    const ready = await fetch(`${node.url}/health/ready`);

    expect(applied.length).toBeGreaterThan(0);
    expect(ready.status).toBe(200);
  });
});

describe('A database that is read only', () => {
  it.each(['serve', 'migrate', 'create-admin'] as const)(
    'makes `parley %s` say so, with the code that says to try again',
    async (name) => {
      const url = await database();
      await runOn(url, ['migrate']);
      await onServer(`ALTER DATABASE ${new URL(url).pathname.slice(1)} SET default_transaction_read_only = on`);

      const { code, out, err } = await runOn(url, commands[name]());

      expect(`${out}${err}`).toMatch(/The database is read only: default_transaction_read_only is on\. Take that back/);
      expect(code).toBe(69);
    },
  );
});

describe('A standby', () => {
  it('serves nobody until it is promoted, and a start says so', async () => {
    const standby = await startPostgres({ standbyOf: server.url });
    onTestFinished(() => standby.stop());

    const { code, out, err } = await runOn(standby.url, ['serve']);

    expect(`${out}${err}`).toMatch(
      /The database is read only: this PostgreSQL is a standby\. Let DATABASE_URL lead to/,
    );
    expect(code).toBe(69);
  });
});

describe('The room for connections', () => {
  const found = async (url: string, databasePoolSize: number) => {
    const db = createPostgresql({ url });
    const check = databaseChecks.find(({ name }) => name === 'connections')!;
    return check.run(db, { databasePoolSize, allowUnsafeDatabase: false }).finally(() => db.close());
  };

  it('is enough for one node, and too little for a pool larger than what others leave', async () => {
    const url = await database();

    // 200 of this server's.
    const [fits, tooMany] = [await found(url, 50), await found(url, 200)];

    expect(fits.outcome).toBe('ok');
    expect(tooMany).toMatchObject({ outcome: 'warning' });
    expect(tooMany.sentence).toMatch(
      /too little room for 201 connections for one node with DATABASE_POOL_SIZE=200: of 200, 0 are reserved and \d+ taken/,
    );
  });

  it('counts other nodes, and the limits of the database and of a role that is no superuser', async () => {
    const url = await database('CONNECTION LIMIT 60');
    await onServer(`CREATE ROLE plain LOGIN; GRANT ALL ON DATABASE ${new URL(url).pathname.slice(1)} TO plain`);
    const plain = url.replace('parley@', 'plain@');
    const others = ['parley', 'something'].map((name) => `${plain}?application_name=${name}`);
    for (const other of others) {
      const client = new pg.Client({ connectionString: other });
      await client.connect();
      onTestFinished(() => client.end());
    }

    const [fits, tooMany] = [await found(plain, 26), await found(plain, 28)];

    expect(fits.outcome).toBe('ok');
    expect(tooMany.sentence).toMatch(/57 connections for 2 nodes .*: of 60, 3 are reserved and \d+ taken/);
  });

  it('is told in a warning by a node that starts where it is too little', async () => {
    const url = await database('CONNECTION LIMIT 12');
    const node = await startNode({ databaseUrl: url, dataDir: temporaryFolder(), databasePoolSize: 12 });
    onTestFinished(() => node.stop());

    expect(node.log).toContainEqual(
      expect.objectContaining({ level: 'warn', msg: expect.stringContaining('Raise max_connections') as string }),
    );
  });
});

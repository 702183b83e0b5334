import { execFileSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { startPostgres, type Service } from '../../../scripts/services.mjs';
import { UnavailableError, type Database, type Queryable } from '../../../src/db/database.js';
import { migrate } from '../../../src/db/migrations.js';
import { openDatabase } from '../../../src/db/open.js';
import { ServerTooOldError } from '../../../src/db/pool.js';
import { createPostgresql } from '../../../src/db/postgresql.js';

// What is done to this server nobody else should notice.
let server: Service;
let db: Database;

beforeAll(async () => {
  server = await startPostgres();
  db = createPostgresql({ url: server.url, poolSize: 4 });
  await migrate(db);
  await db.query('CREATE TABLE pet (id int PRIMARY KEY, name text)');
  await db.query(`INSERT INTO pet VALUES (1, 'Rex'), (2, 'Ada')`);
});

afterEach(() => thaw());

afterAll(async () => {
  await db.close();
  await server.stop();
});

it('answers within 5 s that a frozen server is not available, to everybody who asks at once', async () => {
  await db.query('SELECT 1');
  freeze();

  const answers = await Promise.all([
    ...Array.from({ length: 20 }, () => timed(db.query('SELECT 1'))),
    timed(db.transaction((tx) => tx.query('SELECT 1'))),
    timed(db.prisma.user.count()),
    timed(db.prisma.$transaction((tx) => tx.user.count())),
    timed(db.session((session) => session.query('SELECT 1'))),
  ]);
  const afterwards = await timed(db.query('SELECT 1'));

  for (const { error, milliseconds } of [...answers, afterwards]) {
    expect(error).toBeInstanceOf(UnavailableError);
    expect(milliseconds).toBeLessThan(5000);
  }
  thaw();
  expect(await db.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

it('gives a transaction up within 5 s, however long each of its statements takes, unless it is a long one', async () => {
  const slowly = async (tx: Queryable) => {
    for (let n = 0; n < 3; n += 1) await tx.query('SELECT pg_sleep(2)');
  };

  const [{ error, milliseconds }, long] = await Promise.all([
    timed(db.transaction(slowly)),
    timed(db.transaction(slowly, { isLong: true })),
  ]);

  expect(error).toBeInstanceOf(UnavailableError);
  expect(milliseconds).toBeLessThan(5000);
  expect(long.error).toBeUndefined();
});

it('says within a second whether the server can be reached', async () => {
  // After what the tests before this did to it.
  await vi.waitUntil(async () => (await db.state()) === 'ok', { timeout: 10_000 });
  freeze();
  const { result, milliseconds } = await timed(db.state());
  thaw();

  expect(result).toBe('away');
  expect(milliseconds).toBeLessThan(1500);
  await vi.waitUntil(async () => (await db.state()) === 'ok', { timeout: 10_000 });
});

it.each(['our own', "Prisma's"])(
  'never uses a connection again that froze inside a transaction of %s',
  async (whose) => {
    const single = createPostgresql({ url: server.url, poolSize: 1 });
    onTestFinished(() => single.close());

    const { error, milliseconds } = await timed(
      whose === 'our own'
        ? single.transaction(async (tx) => {
            await tx.query(`UPDATE pet SET name = 'lost' WHERE id = 1`);
            freeze();
            await tx.query('SELECT 1');
          })
        : single.prisma.$transaction(async (tx) => {
            await tx.$executeRaw`UPDATE pet SET name = 'lost' WHERE id = 1`;
            freeze();
            await tx.user.count();
          }),
    );
    thaw();

    expect(error).toBeInstanceOf(UnavailableError);
    expect(milliseconds).toBeLessThan(5000);
    expect(
      await single.query('SELECT name, pg_current_xact_id_if_assigned() IS NULL AS "isFresh" FROM pet WHERE id = 1'),
    ).toEqual([{ name: 'Rex', isFresh: true }]);
  },
);

it('gives up a statement that is slow, or waits for a lock, without giving up its connection', async () => {
  const single = createPostgresql({ url: server.url, poolSize: 1 });
  const connection = () => single.query('SELECT pg_backend_pid() AS pid');
  const before = await connection();

  const slow = await timed(single.query('SELECT pg_sleep(30)'));
  const locked = await db.transaction(async (tx) => {
    await tx.query('SELECT FROM pet WHERE id = 1 FOR UPDATE');
    return timed(single.query(`UPDATE pet SET name = 'x' WHERE id = 1`));
  });

  expect(slow.error).toMatchObject({ name: 'UnavailableError', cause: { code: '57014' } });
  expect(locked.error).toMatchObject({ name: 'UnavailableError', cause: { code: '55P03' } });
  expect(Math.max(slow.milliseconds, locked.milliseconds)).toBeLessThan(5000);
  expect(await connection()).toEqual(before);
  await single.close();
});

it('does not bound a session', async () => {
  const rows = await db.session((session) => session.query('SELECT 1 AS one FROM pg_sleep(5)'));

  expect(rows).toEqual([{ one: 1 }]);
});

it('bears that its connections are ended, whether in use or not', async () => {
  const lost = vi.fn();
  const other = createPostgresql({ url: server.url, poolSize: 2, onConnectionLost: lost });
  await other.query('SELECT 1');
  const endAll = () =>
    db.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = 'parley' AND pid <> pg_backend_pid() AND query !~ 'pet'`);

  await endAll();
  await expect.poll(() => lost.mock.calls.length).toBe(1);
  const afterwards = await other.query('SELECT 1 AS one');
  const inUse = timed(other.query('SELECT pg_sleep(3)'));
  await expect.poll(() => db.query(`SELECT FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(3)'`)).not.toEqual([]);
  await endAll();

  expect(afterwards).toEqual([{ one: 1 }]);
  expect((await inUse).error).toMatchObject({ name: 'UnavailableError', cause: { code: '57P01' } });
  expect(await other.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  await other.close();
});

it('says at once that a server is not there, and finds it when it is back', async () => {
  const first = await startPostgres();
  const lost = vi.fn();
  const other = createPostgresql({ url: first.url, onConnectionLost: lost });
  await other.query('SELECT 1');
  await first.stop();
  await expect.poll(() => lost.mock.calls.length).toBe(1); // or it would be asked over that one

  const answers = await Promise.all([
    timed(other.query('SELECT 1')),
    timed(other.transaction((tx) => tx.query('SELECT 1'))),
    timed(other.prisma.user.count()),
    timed(other.session((session) => session.query('SELECT 1'))),
    timed(openDatabase({ databaseUrl: first.url, dataDir: '' })),
  ]);
  const second = await startPostgres({ port: first.port });

  for (const { error, milliseconds } of answers) {
    expect(error).toMatchObject({ name: 'UnavailableError', cause: { code: 'ECONNREFUSED' } });
    expect(milliseconds).toBeLessThan(2500);
  }
  expect(await other.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  await other.close();
  await second.stop();
});

it('says that a server has no room for another connection', async () => {
  await db.query('CREATE ROLE crowded LOGIN CONNECTION LIMIT 0');

  const opening = openDatabase({ databaseUrl: asRole('crowded'), dataDir: '' });

  await expect(opening).rejects.toMatchObject({ name: 'UnavailableError', cause: { code: '53300' } });
});

it('runs a transaction again that a deadlock ended', async () => {
  const runs = { first: 0, second: 0 };
  let meet!: () => void;
  const met = new Promise<void>((resolve) => (meet = resolve));
  const locked = new Set<string>();
  const lockBoth = (who: keyof typeof runs, ids: [number, number]) =>
    db.transaction(async (tx) => {
      runs[who] += 1;
      await tx.query('UPDATE pet SET name = name WHERE id = $1', [ids[0]]);
      // Both hold their first row by then.
      if (locked.add(who).size === 2) meet();
      await met;
      await tx.query('UPDATE pet SET name = name || $2 WHERE id = $1', [ids[1], '!']);
      return who;
    });

  const done = await Promise.all([lockBoth('first', [1, 2]), lockBoth('second', [2, 1])]);

  expect(done).toEqual(['first', 'second']);
  // One of them again, or once more where that took its row before the other woke.
  expect(runs.first + runs.second).toBeGreaterThanOrEqual(3);
  expect(await db.query('SELECT name FROM pet ORDER BY id')).toEqual([{ name: 'Rex!' }, { name: 'Ada!' }]);
  await db.query(`UPDATE pet SET name = rtrim(name, '!')`);
});

it('keeps its connection where all that is wrong is a name that is taken, also through Prisma', async () => {
  const single = createPostgresql({ url: server.url, poolSize: 1 });
  const connection = () => single.query('SELECT pg_backend_pid() AS pid');
  const data = { username: 'Ada', usernameKey: 'ada', email: 'ada@example.org', emailKey: 'ada@example.org' };
  await single.prisma.user.create({ data });
  const before = await connection();

  await expect(single.prisma.user.create({ data })).rejects.toMatchObject({ code: 'P2002' });
  await expect(single.query(`INSERT INTO pet VALUES (1, 'Rex')`)).rejects.toMatchObject({ code: '23505' });

  expect(await connection()).toEqual(before);
  await single.close();
});

it('refuses a server that is too old', async () => {
  // A role that is told so: no server of 2020 is at hand.
  await db.query('CREATE ROLE old LOGIN');
  await db.query('CREATE SCHEMA old AUTHORIZATION old');
  await db.query(`CREATE FUNCTION old.current_setting(name text) RETURNS text LANGUAGE sql
    AS $$ SELECT CASE name WHEN 'server_version_num' THEN '130022' ELSE '13.22' END $$`);
  await db.query('ALTER ROLE old SET search_path = old, pg_catalog');

  const opening = openDatabase({ databaseUrl: asRole('old'), dataDir: '' });

  await expect(opening).rejects.toStrictEqual(
    new ServerTooOldError('PostgreSQL 13.22 is too old: Parley needs 14 or newer'),
  );
});

const timed = async <Result>(work: Promise<Result>) => {
  const startedAt = performance.now();
  const outcome = await work.then(
    (result) => ({ result, error: undefined }),
    (error: unknown) => ({ result: undefined, error }),
  );
  return { ...outcome, milliseconds: performance.now() - startedAt };
};

const asRole = (role: string) => {
  const url = new URL(server.url);
  url.username = role;
  return url.href;
};

let frozen: number[] = [];

const freeze = () => {
  const children = execFileSync('ps', ['-o', 'pid=', '--ppid', String(server.pid)], { encoding: 'utf8' });
  frozen = [server.pid, ...children.trim().split(/\s+/).map(Number)];
  for (const pid of frozen) process.kill(pid, 'SIGSTOP');
};

const thaw = () => {
  for (const pid of frozen.splice(0)) process.kill(pid, 'SIGCONT');
};

it('answers at once when the tables and types of prepared statements were made anew, over however many connections', async () => {
  const make = `CREATE TYPE mood AS ENUM ('SAD', 'GLAD'); CREATE TABLE day (mood mood NOT NULL); INSERT INTO day VALUES ('GLAD')`;
  const statements = [
    `SELECT mood::text AS mood FROM day WHERE mood = $1::mood`,
    `SELECT count(*)::int AS count FROM day WHERE mood = $1::text::mood`,
  ];
  const ask = () => Promise.all(statements.map((sql) => db.query(sql, ['GLAD'])));
  await db.session((session) => session.execute(make));
  // All connections at once, so that each has prepared them.
  await Promise.all(
    Array.from({ length: 4 }, () =>
      db.transaction(async (tx) => {
        await tx.query('SELECT pg_sleep(0.2)');
        for (const sql of statements) await tx.query(sql, ['GLAD']);
      }),
    ),
  );

  await db.session((session) => session.execute(`DROP TABLE day; DROP TYPE mood; ${make}`));

  expect(await ask()).toEqual([[{ mood: 'GLAD' }], [{ count: 1 }]]);
  expect(await ask()).toEqual([[{ mood: 'GLAD' }], [{ count: 1 }]]);
});

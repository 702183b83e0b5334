/** deploy/backup.sh, run as compose and cron run it, against the real PostgreSQL. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freePort } from '../../scripts/services.mjs';
import { openDatabase } from '../../src/db/open.js';
import { migrate } from '../../src/db/migrations.js';
import { temporaryFolder, testDatabase } from '../support/database.js';
import { inherited } from '../support/parley.js';
import { restoreOver } from '../faults/restores.js';
import { until } from '../support/until.js';

const SCRIPT = fileURLToPath(new URL('../../deploy/backup.sh', import.meta.url));
const DUMP = /^parley-\d{8}T\d{6}Z\.dump$/;

interface Place {
  folder: string;
  databaseUrl: string;
}

const place = async (): Promise<Place> => {
  const { config, drop } = await testDatabase();
  onTestFinished(drop);
  return { folder: temporaryFolder(), databaseUrl: config.databaseUrl! };
};

const environmentOf = ({ folder, databaseUrl }: Place) => ({
  ...inherited(),
  BACKUP_DIR: folder,
  DATABASE_URL: databaseUrl,
});

/** By whatever this machine's plain shell is. */
const backup = async (where: Place, args: string[] = [], env: Record<string, string> = {}) => {
  const options = { env: { ...environmentOf(where), ...env } };
  return promisify(execFile)('sh', [SCRIPT, ...args], options).then(
    ({ stdout }) => ({ code: 0, out: stdout, err: '' }),
    (error: { code: number; stdout: string; stderr: string }) => ({
      code: error.code,
      out: error.stdout,
      err: error.stderr,
    }),
  );
};

const keepBackingUp = (where: Place) => {
  const child = spawn('sh', [SCRIPT, '--every', '1'], { env: environmentOf(where), stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
};

/** All that is there, finished or not. */
const filesOf = ({ folder }: Place) => readdirSync(folder).sort();

/** As if they had been made before. */
const putOld = ({ folder }: Place, count: number, hoursAgo: number): string[] =>
  Array.from({ length: count }, (_, index) => {
    const name = `parley-2026010${index}T020000Z.dump`;
    writeFileSync(join(folder, name), 'old');
    const at = new Date(Date.now() - hoursAgo * 3_600_000);
    utimesSync(join(folder, name), at, at);
    return name;
  });

const withDatabase = async <Result>(
  { databaseUrl }: Place,
  work: (db: Awaited<ReturnType<typeof openDatabase>>) => Promise<Result>,
) => {
  const db = await openDatabase({ databaseUrl, dataDir: '' });
  return work(db).finally(() => db.close());
};

describe('deploy/backup.sh', () => {
  it('makes a dump for its owner’s eyes only, which the command of the docs restores', async () => {
    const where = await place();
    await withDatabase(where, async (db) => {
      await migrate(db);
      await db.query(`CREATE TABLE kept (word text)`);
      await db.query(`INSERT INTO kept VALUES ('before')`);
    });

    expect(await backup(where)).toMatchObject({ code: 0, err: '' });

    const [name, ...others] = filesOf(where);
    expect(name).toMatch(DUMP);
    expect(others).toEqual([]);
    expect(statSync(join(where.folder, name!)).mode & 0o777).toBe(0o600);
    await withDatabase(where, (db) => db.query(`UPDATE kept SET word = 'after'`));
    await promisify(execFile)('cp', [join(where.folder, name!), join(where.folder, 'parley.dump')]);
    await restoreOver({ folder: where.folder, variables: { DATABASE_URL: where.databaseUrl } });
    expect(await withDatabase(where, (db) => db.query(`SELECT word FROM kept`))).toEqual([{ word: 'before' }]);
  });

  it('takes DATABASE_URL from a file, and with what is for the nodes alone', async () => {
    const where = await place();
    const file = join(temporaryFolder(), 'database-url');
    writeFileSync(file, `${where.databaseUrl}?schema=public&sslmode=disable\n`);

    const made = await backup({ ...where, databaseUrl: '' }, [], { DATABASE_URL_FILE: file });
    const both = await backup(where, [], { DATABASE_URL_FILE: file });
    const none = await backup({ ...where, databaseUrl: '' }, [], { DATABASE_URL_FILE: `${file}-gone` });

    expect(made).toMatchObject({ code: 0, err: '' });
    expect(both).toMatchObject({ code: 64, err: expect.stringContaining('are both set') as string });
    expect(none).toMatchObject({ code: 64, err: expect.stringContaining('DATABASE_URL_FILE is ') as string });
    expect(filesOf(where)).toEqual([expect.stringMatching(DUMP)]);
  });

  it.each([
    ['postgresql://ada:p%40ss%2Fw%C3%B6%25x%5C1@db:5432/parley?schema=chat', 'postgresql://ada@db:5432/parley'],
    [
      'postgresql://ada@db/parley?password=p%40ss%2Fw%C3%B6%25x%5C1&sslmode=require',
      'postgresql://ada@db/parley?sslmode=require',
    ],
  ])(
    'shows the password to nobody who lists the processes of the machine, and to pg_dump as it is: %s',
    async (url, shown) => {
      const where = await place();
      const bin = temporaryFolder();
      const script = `#!/bin/sh\nprintf '%s\\n' "$*" "$PGPASSWORD" >&2; exit 1\n`;
      writeFileSync(join(bin, 'pg_dump'), script, { mode: 0o755 });

      const { err } = await backup({ ...where, databaseUrl: url }, [], { PATH: `${bin}:${inherited().PATH}` });

      const [shownArguments, password] = err.split('\n');
      expect(shownArguments).toMatch(/^--format=custom --file=\S+ \S+$/);
      expect(shownArguments!.split(' ')[2]).toBe(shown);
      expect(password).toBe('p@ss/wö%x\\1');
    },
  );

  it('takes the database that libpq’s own variables name, as in compose', async () => {
    const where = await place();
    const { hostname, port, username, password, pathname } = new URL(where.databaseUrl);

    const { code } = await backup(where, [], {
      DATABASE_URL: '',
      PGHOST: hostname,
      PGPORT: port || '5432',
      PGUSER: username,
      PGPASSWORD: password,
      PGDATABASE: pathname.slice(1),
    });

    expect(code).toBe(0);
    expect(filesOf(where)).toHaveLength(1);
  });

  it('keeps the newest BACKUP_KEEP, and nothing else of the folder is touched', async () => {
    const where = await place();
    const old = putOld(where, 5, 100);
    writeFileSync(join(where.folder, 'parley-notes.txt'), 'mine');

    expect(await backup(where, [], { BACKUP_KEEP: '3' })).toMatchObject({ code: 0 });

    const left = filesOf(where);
    expect(left).toHaveLength(4);
    expect(left).toEqual(expect.arrayContaining([...old.slice(-2), 'parley-notes.txt']));
  });

  it('leaves what is there, and no half of a dump, where the database is away', async () => {
    const where = await place();
    const old = putOld(where, 3, 100);

    const away = await backup(where, [], {
      BACKUP_KEEP: '1',
      DATABASE_URL: `postgresql://127.0.0.1:${await freePort()}/parley`,
    });

    expect(away.code).toBe(1);
    expect(away.err).toMatch(/\nbackup\.sh: there is no new dump\n$/);
    expect(filesOf(where)).toEqual(old);
  });

  it('takes for no backup what cannot be read back', async () => {
    const where = await place();
    const bin = temporaryFolder();
    // As where the disk was full, and nobody said so.
    writeFileSync(
      join(bin, 'pg_dump'),
      '#!/bin/sh\nfor last; do case $last in --file=*) echo half >"${last#--file=}" ;; esac; done\n',
    );
    chmodSync(join(bin, 'pg_dump'), 0o755);

    const { code, err } = await backup(where, [], { PATH: `${bin}:${inherited().PATH}` });

    expect(code).toBe(1);
    expect(err).toContain('there is no new dump');
    expect(filesOf(where)).toEqual([]);
  });

  it('leaves no half of a dump where it is stopped in the middle', async () => {
    const where = await place();
    await withDatabase(where, (db) => db.query(`CREATE TABLE held ()`));
    const holding = new pg.Client({ connectionString: where.databaseUrl });
    await holding.connect();
    onTestFinished(() => holding.end());
    await holding.query('BEGIN; LOCK TABLE held IN ACCESS EXCLUSIVE MODE');
    const child = spawn('sh', [SCRIPT], { env: environmentOf(where), stdio: 'ignore', detached: true });
    await until(() => filesOf(where).length === 1, 'a dump that waits');

    // As a service manager does: all of its processes.
    const ended = once(child, 'exit');
    process.kill(-child.pid!, 'SIGTERM');
    await ended;

    expect(filesOf(where)).toEqual([]);
  });

  it('says whether the newest is young enough', async () => {
    const where = await place();
    const check = async () => (await backup(where, ['--check', '24'])).code;

    expect(await check()).toBe(1);
    putOld(where, 1, 49);
    expect(await check()).toBe(1);
    putOld(where, 1, 47);
    expect(await check()).toBe(0);
  });

  it('goes on by itself: one at once, none after a restart while that is young, one where it is old; and stops when told', async () => {
    const where = await place();
    putOld(where, 1, 2);

    const first = keepBackingUp(where);
    await until(() => filesOf(where).filter((name) => DUMP.test(name)).length === 2, 'a dump');
    const ended = once(first, 'exit');
    first.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);

    const made = filesOf(where);
    expect(made).toHaveLength(2);
    keepBackingUp(where);
    // By now the second has looked: it is later than one that has to make its own first.
    const other = { ...where, folder: temporaryFolder() };
    keepBackingUp(other);
    await until(() => filesOf(other).some((name) => DUMP.test(name)), 'the dump of another one');
    expect(filesOf(where)).toEqual(made);
  });

  it.each([
    [[], { BACKUP_KEEP: '0' }, /BACKUP_KEEP is '0'; expected a whole number from 1 on/],
    [[], { BACKUP_KEEP: 'all' }, /BACKUP_KEEP is 'all'/],
    [[], { BACKUP_DIR: '/nowhere/at/all' }, /BACKUP_DIR is '\/nowhere\/at\/all'; expected a folder/],
    [['--every'], {}, /--every is ''; expected a whole number/],
    [['--every', '1h'], {}, /--every is '1h'/],
    [['--evry'], {}, /unknown argument '--evry'/],
  ] as [string[], Record<string, string>, RegExp][])('refuses %j %j with a sentence', async (args, env, sentence) => {
    const where = await place();

    const { code, err } = await backup(where, args, env);

    expect(err).toMatch(sentence);
    expect(code).toBe(64);
    expect(filesOf(where)).toEqual([]);
  });
});

import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PGlite } from '@electric-sql/pglite';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createEmbedded, DatabaseDamagedError } from '../../src/db/embedded.js';
import { FolderInUseError } from '../../src/db/folder-lock.js';
import { migrate } from '../../src/db/migrations.js';
import { lookAfter } from '../../src/db/upkeep.js';
import { embeddedDatabase, temporaryFolder } from '../support/database.js';
import { NODE_ARGS } from '../support/node-args.js';
import { programOf } from '../support/program.js';

it('refuses a folder that another process has open, until that is killed', async () => {
  const { folder } = await migratedFolder();
  const child = startChild(folder);
  await child.line('open');

  const error: unknown = await createEmbedded(folder).catch((thrown: unknown) => thrown);
  const second = startChild(folder);
  const refusal = await second.line(/Error/);
  await child.kill();
  const db = await createEmbedded(folder);

  expect(error).toBeInstanceOf(FolderInUseError);
  expect((error as Error).message).toBe(
    `The data folder ${folder} is in use: stop the server that has it open, or set DATABASE_URL to share a PostgreSQL`,
  );
  expect(refusal).toBe(`FolderInUseError: ${(error as Error).message}`);
  await db.close();
});

it('refuses a folder that this process has open, until it is closed', async () => {
  const { folder } = await migratedFolder();
  const first = await createEmbedded(folder);

  await expect(createEmbedded(folder)).rejects.toBeInstanceOf(FolderInUseError);
  await first.close();
  const second = await createEmbedded(folder);

  expect(await second.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  await second.close();
});

it('starts again after it was killed at any moment of its first start', async () => {
  const folder = join(temporaryFolder(), 'data');
  const path = join(folder, 'db');

  for (const isFarEnough of [
    () => existsSync(join(folder, 'db-unfinished')),
    () => existsSync(join(path, 'PG_VERSION')),
    () => existsSync(join(path, 'base/1')) && readdirSync(join(path, 'base/1')).length > 200,
  ]) {
    const child = startChild(folder);
    await vi.waitUntil(isFarEnough, { timeout: 25_000, interval: 1 });
    await child.kill();
    expect(child.lines).toEqual([]);
  }
  const db = await createEmbedded(folder);
  await migrate(db);

  expect(await db.prisma.user.count()).toBe(0);
  expect(readdirSync(folder).sort()).toEqual(['db', 'lock']);
  await db.close();
}, 90_000);

it('S4.8 loses nothing that it said was written when it is killed', async () => {
  const { folder } = await migratedFolder();
  const child = startChild(folder, 'write');
  await child.line('500');
  await child.kill();
  const last = Number(child.lines.at(-1));

  const db = await createEmbedded(folder);
  const [row] = await db.query<{ count: bigint; last: number }>('SELECT count(*), max(id) AS last FROM pet');

  expect(Number(row!.count)).toBe(row!.last);
  expect(row!.last).toBeGreaterThanOrEqual(last);
  await db.close();
});

it('keeps its folder from everybody else', async () => {
  const folder = join(temporaryFolder(), 'not/there/yet');
  const db = await createEmbedded(folder);
  await db.close();

  expect(statSync(folder).mode & 0o777).toBe(0o700);
}, 60_000);

it('says in one line that its files are damaged, and leaves them as they are', async () => {
  const { folder } = await migratedFolder();
  writeFileSync(join(folder, 'db/global/pg_control'), 'damaged');

  const error: unknown = await createEmbedded(folder).catch((thrown: unknown) => thrown);

  expect(error).toBeInstanceOf(DatabaseDamagedError);
  expect((error as Error).message).toBe(`The embedded database in ${join(folder, 'db')} cannot be opened`);
  expect(existsSync(join(folder, 'db/PG_VERSION'))).toBe(true);
  await expect(createEmbedded(folder)).rejects.toBeInstanceOf(DatabaseDamagedError);
});

it('says which path is in the way of its folder', async () => {
  const path = join(temporaryFolder(), 'file');
  writeFileSync(path, '');

  await expect(createEmbedded(join(path, 'data'))).rejects.toMatchObject({
    syscall: 'mkdir',
    path: join(path, 'data'),
  });
});

it('checkpoints and vacuums by itself once enough was written, and only then', async () => {
  const { folder } = await migratedFolder();
  const lite = await PGlite.create(join(folder, 'db'));
  onTestFinished(() => lite.close());
  const dueAfterBytes = 1_000_000;
  await lite.exec('CREATE TABLE pet (name text)');

  const early = await lookAfter(lite, dueAfterBytes);
  await lite.exec(`INSERT INTO pet SELECT repeat('x', 1000) FROM generate_series(1, 2000); DELETE FROM pet`);
  const due = await lookAfter(lite, dueAfterBytes);
  const after = await lookAfter(lite, dueAfterBytes);

  expect([early, due, after]).toEqual([false, true, false]);
  const { rows } = await lite.query("SELECT pg_relation_size('pet') AS size");
  expect(rows).toEqual([{ size: 0 }]);
});

const migratedFolder = async () => {
  const { config } = await embeddedDatabase();
  return { folder: config.dataDir };
};

const program = programOf('embedded-child');

const startChild = (folder: string, task = 'stay') => {
  const child: ChildProcess = spawn(process.execPath, [...NODE_ARGS, program, folder, task], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  const output = createInterface({ input: child.stdout! });
  const ended = new Promise<void>((resolve) => output.once('close', resolve));
  output.on('line', (line) => lines.push(line));
  const kill = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  onTestFinished(kill);

  return {
    lines,
    kill,
    /** Waits for a line. */
    line: (wanted: string | RegExp) =>
      vi.waitUntil(() => lines.find((line) => (typeof wanted === 'string' ? line === wanted : wanted.test(line))), {
        timeout: 25_000,
        interval: 5,
      }),
  };
};

/** The commands of docs/backups.md, on a PostgreSQL of their own that can be stopped, lost and put back. */
import { execFile } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { binary, freePort, newCluster } from '../../scripts/services.mjs';
import { temporaryFolder, testDatabase } from '../support/database.js';
import { startNode } from '../support/node.js';
import { commands, runCommand } from '../support/operations-page.js';
import { groupChat } from '../support/people.js';
import { sentTexts, upTo } from '../support/sent.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const execute = promisify(execFile);
const PATIENCE = { timeout: 60_000, interval: 50 };

/** @param bin a folder of programs that are to be taken before others */
const run = (heading: string, number: number, folder: string, variables: Record<string, string>, bin?: string) => {
  // Debian keeps PostgreSQL's programs away from PATH.
  const paths = [...(bin === undefined ? [] : [bin]), process.env.PATH, dirname(binary('pg_verifybackup'))];
  const PATH = paths.join(':');
  return runCommand(heading, number, folder, { ...variables, PATH }, 'backups');
};

const query = async <Row extends pg.QueryResultRow>(url: string, sql: string): Promise<Row[]> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client.query<Row>(sql).then(
    ({ rows }) => client.end().then(() => rows),
    (error: unknown) => client.end().then(() => Promise.reject(error as Error)),
  );
};

/** A server whose folder stays where it is when it is stopped. */
const ownServer = async () => {
  const { folder, data, user } = newCluster();
  const port = await freePort();
  const control = (...args: string[]) =>
    execute(binary('pg_ctl'), ['-D', data, '-w', '-t', '60', '-l', join(folder, 'log'), ...args], {
      ...user,
      cwd: folder,
    });
  const start = () => control('-o', `-p ${port} -h 127.0.0.1 -k ${folder}`, 'start');
  const stop = () => control('-m', 'fast', 'stop');
  onTestFinished(async () => {
    await control('-m', 'immediate', 'stop').catch(() => undefined);
    rmSync(folder, { recursive: true, force: true });
  });
  /** What was made by whoever runs this test. */
  const own = (path: string) =>
    execute('chown', ['-R', `${user.uid ?? process.getuid!()}:${user.gid ?? process.getgid!()}`, path]);
  const wal = join(folder, 'wal');
  mkdirSync(wal);
  if (user.uid !== undefined) chownSync(wal, user.uid, user.gid!);
  await start();
  return { folder, data, wal, url: `postgresql://parley@127.0.0.1:${port}/postgres`, start, stop, own };
};

describe('Any moment', () => {
  it('is gone back to: what was said until then is there, who follows reads the chat again, and all goes on', async () => {
    const server = await ownServer();
    vi.stubEnv('DATABASE_URL', server.url);
    onTestFinished(() => void vi.unstubAllEnvs());
    const variables = {
      SUPERUSER_URL: server.url,
      WAL_DIR: server.wal,
      BASE_DIR: join(server.folder, 'base'),
      PGDATA: server.data,
    };
    await run('Any moment', 0, server.folder, variables);
    await server.stop();
    await server.start();
    const node = await startNode();
    onTestFinished(() => node.stop());
    const { ada, boris, chat } = await groupChat(node);
    await ada.send(chat, 'before the copy');
    await run('Any moment', 1, server.folder, variables);
    await server.own(variables.BASE_DIR);
    await ada.send(chat, 'after the copy');
    const following = await boris.follow(chat);
    const ready = await following.event('ChatReady');

    const [moment] = await query<{ now: string }>(server.url, 'SELECT clock_timestamp()::text AS now');
    for (const text of upTo(3).map((number) => `lost ${number}`)) await ada.send(chat, text);
    const [written] = await query<{ name: string }>(server.url, 'SELECT pg_walfile_name(pg_switch_wal()) AS name');
    await vi.waitFor(() => expect(existsSync(join(server.wal, written!.name))).toBe(true), PATIENCE);
    await server.stop();
    await run('Any moment', 2, server.folder, { ...variables, UNTIL: moment!.now });
    await server.own(server.data);
    await server.start();

    await vi.waitFor(async () => {
      const [row] = await query<{ recovering: boolean }>(server.url, 'SELECT pg_is_in_recovery() AS recovering');
      expect(row!.recovering).toBe(false);
    }, PATIENCE);
    await following.event('ResyncRequired');
    const again = await boris.follow(chat, { after: ready.cursor });
    await again.event('ChatReady');
    await vi.waitFor(async () => {
      expect(await ada.send(chat, 'and on')).toMatchObject({ __typename: 'SendMessageSuccess' });
    }, PATIENCE);
    await vi.waitFor(() => expect(sentTexts(again)).toEqual(['and on']), PATIENCE);
    const texts = await query<{ text: string }>(
      node.config.databaseUrl!,
      'SELECT text FROM message ORDER BY chat_id, seq',
    );
    expect(texts.map(({ text }) => text)).toEqual(['before the copy', 'after the copy', 'and on']);
  }, 180_000);
});

describe('What is kept for any moment', () => {
  const archiving = async () => {
    const server = await ownServer();
    const variables = { SUPERUSER_URL: server.url, WAL_DIR: server.wal, BASE_DIR: join(server.folder, 'base') };
    await run('Any moment', 0, server.folder, variables);
    await server.stop();
    await server.start();
    return { server, variables };
  };

  it('is a minute late at most, and WAL that is there is never written over', async () => {
    const { server } = await archiving();
    const [asked] = await query<{ timeout: string; command: string }>(
      server.url,
      `SELECT current_setting('archive_timeout') AS timeout, current_setting('archive_command') AS command`,
    );
    const fresh = join(server.folder, 'fresh');
    writeFileSync(join(server.wal, 'segment'), 'old');
    writeFileSync(fresh, 'new');
    const archive = (name: string) =>
      execute('sh', ['-c', asked!.command.replaceAll('%f', name).replaceAll('%p', fresh)]);

    await expect(archive('segment')).rejects.toMatchObject({ code: 1 });
    await archive('next');

    expect(asked!.timeout).toBe('1min');
    expect(readFileSync(join(server.wal, 'segment'), 'utf8')).toBe('old');
    expect(readFileSync(join(server.wal, 'next'), 'utf8')).toBe('new');
    expect(readdirSync(server.wal).filter((name) => name.endsWith('.part'))).toEqual([]);
  }, 120_000);

  it('is a copy that was read back: one that is not as it was written fails', async () => {
    const { server, variables } = await archiving();
    const bin = temporaryFolder();
    // As a disk that forgets.
    const script = `#!/bin/sh\n${binary('pg_basebackup')} "$@" && echo 99 >'${variables.BASE_DIR}/PG_VERSION'\n`;
    writeFileSync(join(bin, 'pg_basebackup'), script, { mode: 0o755 });

    await expect(run('Any moment', 1, server.folder, variables, bin)).rejects.toThrow(/PG_VERSION/);
  }, 120_000);
});

describe('A backup', () => {
  const backedUp = async () => {
    const { config, drop } = await testDatabase();
    onTestFinished(drop);
    const node = await startNode({ databaseUrl: config.databaseUrl });
    onTestFinished(() => node.stop());
    const folder = temporaryFolder();
    return { databaseUrl: node.config.databaseUrl!, folder };
  };

  it('makes itself, by the command for cron', async () => {
    const { databaseUrl, folder } = await backedUp();

    await run('Dumps that make themselves', 0, root, { DATABASE_URL: databaseUrl, BACKUP_DIR: folder });

    expect(readdirSync(folder)).toEqual([expect.stringMatching(/^parley-.*\.dump$/)]);
  });

  it('is checked in a database that may be thrown away, and a bad one fails there', async () => {
    const { databaseUrl, folder } = await backedUp();
    await runCommand('Backing up', 0, folder, { DATABASE_URL: databaseUrl });
    const checkUrl = new URL(databaseUrl);
    // Of those that are dropped with this run.
    checkUrl.pathname += '_check';
    const name = basename(checkUrl.pathname);
    await query(databaseUrl, `CREATE DATABASE ${name}`);
    onTestFinished(async () => void (await query(databaseUrl, `DROP DATABASE ${name} WITH (FORCE)`)));
    const variables = { CHECK_URL: checkUrl.href };

    const said = await run('Checking a backup', 0, folder, variables);

    expect(said).toMatch(/The database is up to date\.\n +\d+ \|/);
    // Into one that is not empty, as a dump that is no good.
    await expect(run('Checking a backup', 0, folder, variables)).rejects.toThrow(/already exists/);
  }, 120_000);
});

it('Every command of docs/backups.md is run here', () => {
  expect(commands('backups').map(({ heading, number }) => `${heading} ${number}`)).toEqual([
    'Dumps that make themselves 0',
    'Checking a backup 0',
    ...upTo(3).map((number) => `Any moment ${number - 1}`),
  ]);
});

/** A node whose log nobody takes: it goes on as if somebody did. */
import { execFileSync, spawn, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { freePort } from '../scripts/services.mjs';
import { readVersion } from '../src/version.js';
import { embeddedDatabase, temporaryFolder } from './support/database.js';
import { OpenDirectChatDocument } from './support/generated/operations.js';
import { NODE_ARGS } from './support/node-args.js';
import { inherited, PARLEY, programOf } from './support/parley.js';
import { newPerson } from './support/people.js';
import type { TestNode } from './support/node.js';
import { scrape, valueOf } from './support/scrape.js';

const { O_RDWR, O_WRONLY, O_NONBLOCK } = constants;
const SERVICE = programOf('service-process');
const PATIENCE = { timeout: 60_000, interval: 20 };

/** For the writer to have, and to hold: unread as long as `held` is not read, and without a reader once it is closed. */
const pipe = () => {
  const path = join(temporaryFolder(), 'pipe');
  execFileSync('mkfifo', [path]);
  const held = openSync(path, O_RDWR | O_NONBLOCK);
  const end = openSync(path, O_WRONLY);
  return { end, held };
};

const read = (fd: number): string => {
  const into = Buffer.alloc(4 * 1024 * 1024);
  try {
    return into.toString('utf8', 0, readSync(fd, into));
  } catch {
    return '';
  }
};

/** Run as `parley serve`, with its log in somebody's hands. */
const nodeWritingTo = async (stdio: StdioOptions, environment: Record<string, string> = {}) => {
  const [port, { config }] = [await freePort(), await embeddedDatabase()];
  const child = spawn(process.execPath, [...NODE_ARGS, PARLEY, 'serve'], {
    cwd: temporaryFolder(),
    env: {
      ...inherited(),
      DATA_DIR: config.dataDir,
      PORT: `${port}`,
      DEMO: 'off',
      LOG_LEVEL: 'debug',
      DRAIN_SECONDS: '1',
      ...environment,
    },
    stdio,
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const url = `http://127.0.0.1:${port}`;
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  const isLive = async () => (await fetch(`${url}/health/live`)).status;
  await vi.waitFor(async () => expect(await isLive()).toBe(200), PATIENCE);
  return { node: { url, endpoint: `${url}/graphql` } as TestNode, child, ended, isLive };
};

/** Writes more log lines than a pipe holds, and sends. */
const use = async ({ node, isLive }: Awaited<ReturnType<typeof nodeWritingTo>>) => {
  for (let number = 0; number < 600; number += 1) expect(await isLive()).toBe(200);
  const [ada, boris] = [await newPerson(node, 'ada'), await newPerson(node, 'boris')];
  const opened = await ada.ask(OpenDirectChatDocument, { userId: boris.id });
  const chat = (opened.openDirectChat as { chat: { id: string } }).chat;
  const answer = await ada.send(chat, 'still here');
  expect(answer).toMatchObject({ __typename: 'SendMessageSuccess' });
};

describe('A node whose log', { timeout: 240_000 }, () => {
  it('nobody reads goes on, loses no line that there was room for, and does without a reader too', async () => {
    const { end, held } = pipe();
    const server = await nodeWritingTo(['ignore', end, end]);
    closeSync(end);

    // Its pipe's 64 KB are full long before the end of this.
    await use(server);
    let log = '';
    await vi.waitFor(() => expect((log += read(held))).toContain('"msg":"Sent"'), PATIENCE);
    closeSync(held);
    await use(server);
    server.child.kill('SIGTERM');

    expect(await server.ended).toBe(0);
    const lines = log
      .slice(0, log.lastIndexOf('\n'))
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as { time: string; msg: string });
    expect(lines[0]).toMatchObject({ msg: `Parley ${readVersion()}`, version: readVersion() });
    expect(lines.map(({ time }) => time)).toEqual(lines.map(({ time }) => time).sort());
    expect(lines.filter(({ msg }) => msg === 'Request').length).toBeGreaterThanOrEqual(600);
    expect(log).not.toContain('dropped');
  });

  it('goes to a full disk goes on, and counts in its metrics what it dropped', async () => {
    const full = openSync('/dev/full', O_WRONLY);
    const metricsPort = await freePort();
    const server = await nodeWritingTo(['ignore', full, full], { METRICS_PORT: `${metricsPort}` });
    closeSync(full);
    const metricsUrl = `http://127.0.0.1:${metricsPort}/metrics`;
    const dropped = async () => valueOf(await scrape({ metricsUrl }), 'parley_log_lines_dropped_total');

    await use(server);
    expect(await dropped()).toBe(0);
    // Beyond what is kept for a disk that may have room again.
    while ((await dropped()) === 0) await Promise.all(Array.from({ length: 200 }, () => server.isLive()));
    server.child.kill('SIGTERM');

    expect(await server.ended).toBe(0);
  });
});

describe('A process that ends', { timeout: 60_000 }, () => {
  const start = (what: string, stdio: StdioOptions) => {
    const child = spawn(process.execPath, [SERVICE, what], { stdio });
    onTestFinished(() => void child.kill('SIGKILL'));
    return { child, ended: once(child, 'exit').then(([code]) => code as number | null) };
  };
  const service = (what: string, stdio: StdioOptions) => start(what, stdio).ended;

  it('because of SIGTERM ends in order with code 0 while nobody reads its log', async () => {
    const { end, held } = pipe();
    writeFileSync(end, 'x'.repeat(64 * 1024));
    const { child, ended } = start('well-unheard', ['ignore', end, 'pipe']);
    closeSync(end);
    child.stderr!.once('data', () => child.kill('SIGTERM'));

    expect(await ended).toBe(0);
    closeSync(held);
  });

  it('of a bug has its last line in a log that is read only then', async () => {
    const { end, held } = pipe();
    writeFileSync(end, 'x'.repeat(60_000)); // nearly full
    const ended = service('throws', ['ignore', end, 'ignore']);
    closeSync(end);

    let log = '';
    await vi.waitFor(() => expect((log += read(held))).toContain('Unexpected error: ending'), PATIENCE);

    expect(await ended).toBe(1);
    closeSync(held);
  });

  it.each([
    ['nobody caught', 'throws', 1],
    ['nobody foresaw', 'bug', 1],
    ['says that there is no database', 'no-database', 69],
  ])('of what %s ends with its code where nobody reads what it says', async (_why, what, code) => {
    const { end, held } = pipe();
    writeFileSync(end, 'x'.repeat(64 * 1024));
    const full = openSync('/dev/full', O_WRONLY);

    expect(await service(what, ['ignore', end, end])).toBe(code);
    expect(await service(what, ['ignore', full, full])).toBe(code);
    for (const fd of [end, held, full]) closeSync(fd);
  });
});

describe('A command', { timeout: 60_000 }, () => {
  const settings = async (stdout: number) => {
    const child = spawn(process.execPath, [PARLEY, 'settings'], {
      env: inherited(),
      stdio: ['ignore', stdout, 'pipe'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    let err = '';
    child.stderr!.on('data', (chunk) => (err += String(chunk)));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, err };
  };

  it('whose reader has gone ends as if it were there, and one whose output a disk does not take says so', async () => {
    const { end, held } = pipe();
    closeSync(held);
    const full = openSync('/dev/full', O_WRONLY);

    expect(await settings(end)).toEqual({ code: 0, err: '' });
    expect(await settings(full)).toEqual({
      code: 1,
      err: expect.stringMatching(/^parley: Cannot write to standard output: ENOSPC[^\n]*\n$/) as string,
    });
    for (const fd of [end, full]) closeSync(fd);
  });
});

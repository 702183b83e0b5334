/** A node that may open no more files: it says so, keeps what it has, and goes on. Needs util-linux's prlimit. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { LogLine } from '../support/node.js';
import { inherited, PARLEY } from '../support/parley.js';
import { embeddedDatabase } from '../support/database.js';

const startServer = async () => {
  const { config } = await embeddedDatabase();
  const child = spawn(process.execPath, [PARLEY, 'serve'], {
    env: { ...inherited(), DATA_DIR: config.dataDir, PORT: '0', DEMO: 'off', LOG_LEVEL: 'info' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  onTestFinished(async () => {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  });
  const log: LogLine[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.startsWith('{')) log.push(JSON.parse(line) as LogLine);
  });
  const listening = () => log.find(({ msg }) => msg === 'Listening') as (LogLine & { url: string }) | undefined;
  await vi.waitUntil(() => listening() !== undefined, { timeout: 60_000 });
  return { pid: child.pid!, url: listening()!.url, log };
};

const isAlive = (url: string) =>
  fetch(`${url}/health/live`, { signal: AbortSignal.timeout(2_000) }).then(
    ({ ok }) => ok,
    () => false,
  );

const limit = (pid: number, files: number) =>
  void execFileSync('prlimit', ['--pid', String(pid), `--nofile=${files}:`]);

it('says once that it is out of open files, and serves again when there are some', async () => {
  const { pid, url, log } = await startServer();
  const told = () => log.filter(({ msg }) => msg.startsWith('Too many open files'));
  const sockets: Socket[] = [];
  onTestFinished(() => sockets.forEach((socket) => void socket.destroy()));

  // The embedded database opens some more files for what runs in the background, and keeps them.
  limit(pid, readdirSync(`/proc/${pid}/fd`).length + 40);
  for (let n = 0; n < 80; n += 1) {
    sockets.push(connect(Number(new URL(url).port), '127.0.0.1').on('error', () => {}));
  }
  await vi.waitUntil(() => told().length > 0, { timeout: 30_000 });
  for (const socket of sockets.splice(0)) socket.destroy();
  await vi.waitUntil(() => isAlive(url), { timeout: 15_000, interval: 100 });

  expect(told()).toHaveLength(1);
  expect(told()[0]).toMatchObject({ level: 'warn', msg: expect.stringContaining('ulimit -n') as string });
  expect(log.filter(({ level }) => level === 'error' || level === 'fatal')).toEqual([]);
}, 120_000);

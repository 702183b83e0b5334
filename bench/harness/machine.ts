/** What a run's figures depend on: the machine, versions, and how durable the database is. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import type pg from 'pg';

export interface Machine {
  cpu: string;
  cores: number;
  memoryGigabytes: number;
  kernel: string;
  node: string;
  postgres: string;
  commit: string;
  /** Of PostgreSQL. */
  fsync: string;
  synchronousCommit: string;
  fullPageWrites: string;
  loadBefore: number;
  peers: Record<string, string>;
}

const PEERS = ['graphql-yoga', '@apollo/server', 'mercurius', 'graphql-jit', 'graphql-ws', 'socket.io', 'ws', 'prisma'];

export const describeMachine = async (pool: pg.Pool): Promise<Machine> => {
  const setting = async (name: string) => {
    const { rows } = await pool.query<Record<string, string>>(`SHOW ${name}`);
    return Object.values(rows[0]!)[0]!;
  };
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGigabytes: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    postgres: await setting('server_version'),
    commit: commit(),
    fsync: await setting('fsync'),
    synchronousCommit: await setting('synchronous_commit'),
    fullPageWrites: await setting('full_page_writes'),
    loadBefore: loadavg()[0]!,
    peers: Object.fromEntries(PEERS.map((name) => [name, versionOf(name)])),
  };
};

const versionOf = (name: string): string => {
  const text = readFileSync(new URL(`../node_modules/${name}/package.json`, import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
};

const commit = (): string => {
  const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8' }).trim();
  try {
    const isChanged = git('status', '--porcelain', '--untracked-files=no', 'src', 'packages') !== '';
    return git('rev-parse', '--short', 'HEAD') + (isChanged ? ' with changes' : '');
  } catch {
    return 'unknown';
  }
};

/** A PostgreSQL server that can be killed, frozen and started again on the same data. It keeps what it has confirmed. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { binary, canUsePostgres, freePort, newCluster } from '../../../scripts/services.mjs';
import { isOurs, startProcess, type OwnedProcess } from './owned-process.js';

export interface Postgres {
  readonly port: number;
  readonly url: string;
  readonly folder: string;
  start(): Promise<void>;
  /** The server and all its processes, at once, as a machine that loses power does. */
  kill(): Promise<void>;
  /** One process that serves a node. The server then ends all the others too, and recovers by itself. */
  killBackend(): Promise<boolean>;
  /** All its processes stand still: connections stay, and nothing is answered. */
  freeze(): void;
  thaw(): void;
  /** No room for anything more is left on its disk, until what is returned is called; only on a disk of its own. */
  fillDisk(): () => void;
  readonly isRunning: boolean;
  /** In order: what is under way is broken off. */
  stop(): Promise<void>;
  /** And its data goes. */
  remove(): Promise<void>;
}

export interface PostgresOptions {
  settings?: Record<string, string | number> | undefined;
  /** Megabytes of a disk of its own, in memory: needs the right to mount one. */
  diskMegabytes?: number | undefined;
  /** For its processes. */
  environment?: Record<string, string> | undefined;
}

export const createPostgres = async ({
  settings = {},
  diskMegabytes,
  environment = {},
}: PostgresOptions = {}): Promise<Postgres> => {
  const port = await freePort();
  const disk = diskMegabytes === undefined ? undefined : mountDisk(diskMegabytes);
  const { folder, data, user } = newCluster(disk);
  const url = `postgresql://parley@127.0.0.1:${port}/postgres`;
  const given = Object.entries({ max_connections: 200, restart_after_crash: 'on', ...settings });
  let server: OwnedProcess | undefined;
  let output: string[] = [];

  const start = async () => {
    const giveUpAt = performance.now() + 30_000;
    while (performance.now() < giveUpAt) {
      output = [];
      server = startProcess(
        binary('postgres'),
        [
          '-D',
          data,
          '-p',
          `${port}`,
          '-h',
          '127.0.0.1',
          '-k',
          folder,
          ...given.flatMap(([k, v]) => ['-c', `${k}=${v}`]),
        ],
        {
          ...user,
          cwd: folder,
          env: { ...process.env, ...environment },
          mark: data,
          onLine: (line) => void (output = [...output.slice(-20), line]),
        },
      );
      while (server.isRunning && performance.now() < giveUpAt) {
        if (await canUsePostgres(url)) return;
        await delay(50);
      }
      // Processes of the one that was killed may still hold its memory.
      await delay(100);
    }
    throw new Error(`PostgreSQL did not start:\n${output.join('\n')}`);
  };

  /** Its processes, the first one included. */
  const processes = (): number[] => {
    if (!server?.isRunning || !isOurs(server.pid, data)) return [];
    return [server.pid, ...childrenOf(server.pid)];
  };

  const signalAll = (signal: NodeJS.Signals) => {
    for (const pid of processes()) signalOne(pid, signal);
  };

  const kill = async () => {
    const one = server;
    const pids = processes();
    signalAll('SIGKILL');
    await one?.ended;
    while (pids.some((pid) => isRunning(pid))) await delay(5);
  };

  await start();
  return {
    port,
    url,
    folder,
    start,
    kill,
    killBackend: async () => {
      if (!server?.isRunning) return false;
      const backend = childrenOf(server.pid).find((pid) => titleOf(pid).includes('parley postgres 127.0.0.1'));
      if (backend === undefined || !signalOne(backend, 'SIGKILL')) return false;
      await delay(20);
      return true;
    },
    fillDisk: () => {
      if (disk === undefined) throw new Error('It has no disk of its own');
      const filler = join(disk, 'filler');
      const { bavail, bsize } = statfsSync(disk);
      execFileSync('fallocate', ['-l', String(bavail * bsize), filler]);
      return () => rmSync(filler, { force: true });
    },
    get isRunning() {
      return server?.isRunning ?? false;
    },
    freeze: () => signalAll('SIGSTOP'),
    thaw: () => signalAll('SIGCONT'),
    stop: async () => {
      server?.signal('SIGINT');
      await server?.ended;
    },
    remove: async () => {
      signalAll('SIGCONT');
      await kill();
      rmSync(folder, { recursive: true, force: true });
      if (disk !== undefined) unmountDisk(disk);
    },
  };
};

/** @returns false where it has ended meanwhile */
const signalOne = (pid: number, signal: NodeJS.Signals): boolean => {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
};

const mountDisk = (megabytes: number): string => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=755`, 'tmpfs', folder]);
  process.once('exit', () => existsSync(folder) && unmountDisk(folder));
  return folder;
};

const unmountDisk = (folder: string) => {
  execFileSync('umount', ['--lazy', folder]);
  rmdirSync(folder);
};

const childrenOf = (pid: number): number[] =>
  readdirSync(`/proc/${pid}/task`).flatMap((task) => {
    try {
      return readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
    } catch {
      return [];
    }
  });

const titleOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
};

const isRunning = (pid: number): boolean => titleOf(pid) !== '';

/** @returns what `psql` prints for one statement, as the superuser */
export const psql = ({ url }: Pick<Postgres, 'url'>, sql: string): string =>
  execFileSync(binary('psql'), ['-X', '-A', '-t', '-q', '-v', 'ON_ERROR_STOP=1', '-d', url, '-c', sql], {
    encoding: 'utf8',
  }).trim();

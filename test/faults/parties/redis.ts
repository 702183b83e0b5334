/** A Redis server that keeps nothing and can be killed, frozen, starved of memory, and replaced by an empty one. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { binary, canUseRedis, freePort } from '../../../scripts/services.mjs';
import { startProcess, type OwnedProcess } from './owned-process.js';

export interface RedisServer {
  readonly port: number;
  start(): Promise<void>;
  kill(): Promise<void>;
  freeze(): void;
  thaw(): void;
  /** As one that has no room for anything more: writes are refused, messages pass. */
  fill(): Promise<unknown>;
  /** How many somebody listens to. */
  topics(): Promise<number>;
  remove(): Promise<void>;
}

export const createRedis = async (): Promise<RedisServer> => {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'parley-redis-'));
  const url = `redis://127.0.0.1:${port}`;
  let server: OwnedProcess | undefined;

  const start = async () => {
    server = startProcess(
      binary('redis-server'),
      ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no'],
      { cwd: folder, mark: `:${port}` },
    );
    const giveUpAt = performance.now() + 20_000;
    while (!(await canUseRedis(url))) {
      if (performance.now() > giveUpAt) throw new Error('Redis did not start');
      await delay(30);
    }
  };
  const tell = async <Result>(what: (redis: Redis) => Promise<Result>): Promise<Result> => {
    const redis = new Redis(url, { maxRetriesPerRequest: 1 });
    try {
      return await what(redis);
    } finally {
      redis.disconnect();
    }
  };
  const kill = async () => {
    server?.signal('SIGKILL');
    await server?.ended;
  };

  await start();
  return {
    port,
    start,
    kill,
    freeze: () => void server?.signal('SIGSTOP'),
    thaw: () => void server?.signal('SIGCONT'),
    fill: () => tell((redis) => redis.config('SET', 'maxmemory', '1')),
    topics: () => tell(async (redis) => ((await redis.pubsub('CHANNELS')) as string[]).length),
    remove: async () => {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

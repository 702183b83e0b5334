/** Redis servers that only half work, each a process of its own: as operators meet them. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { freePort, startRedis } from '../../scripts/services.mjs';

export interface HalfRedis {
  /** As REDIS_URL would have it. */
  url: string;
  port: number;
  /** By one who may do everything. */
  mend(): Promise<unknown>;
  stop(): Promise<void>;
}

export type HalfRedisKind = keyof typeof kinds;

const tell = async <Result>(url: string, what: (redis: Redis) => Promise<Result>): Promise<Result> => {
  const redis = new Redis(url, { maxRetriesPerRequest: 1, enableReadyCheck: false });
  try {
    return await what(redis);
  } finally {
    redis.disconnect();
  }
};

const RIGHTS = ['resetkeys', 'resetchannels', '~parley:*', '&parley:*', '-@dangerous'];

/** Of everybody who shows no password. */
const withRights = async (rights: string[], mending: string[]): Promise<HalfRedis> => {
  const { url, port, stop } = await startRedis();
  const admin = `redis://admin:s3cret@127.0.0.1:${port}`;
  const set = (by: string, user: string, ...what: string[]) =>
    tell(by, (redis) => redis.call('ACL', 'SETUSER', user, ...what));
  await set(url, 'admin', 'on', '>s3cret', '~*', '&*', '+@all');
  await set(admin, 'default', ...RIGHTS, ...rights);
  return { url, port, mend: () => set(admin, 'default', ...mending), stop };
};

const operations = fileURLToPath(new URL('../../docs/operations.md', import.meta.url));

/** What the page for operators says that a user needs. */
const writtenRights = (): string[] => {
  const [, rights] = /^ACL SETUSER parley on >PASSWORD (.*)$/m.exec(readFileSync(operations, 'utf8'))!;
  return rights!.split(' ');
};

const kinds = {
  'with no more rights than operations.md gives': () => withRights(['-@all', ...writtenRights()], []),
  'without TIME': () => withRights(['-time'], ['+time']),
  'without its channels': () => withRights(['resetchannels'], ['&parley:*']),
  'without its keys': () => withRights(['resetkeys'], ['~parley:*']),
  'with a renamed EVAL': async (): Promise<HalfRedis> => {
    const { url, port, stop } = await startRedis({ args: ['--rename-command', 'EVAL', 'HIDDEN'] });
    return { url, port, mend: () => Promise.resolve(), stop };
  },
  'without the database': async (): Promise<HalfRedis> => {
    const { url, port, stop } = await startRedis();
    return { url: `${url}/99`, port, mend: () => Promise.resolve(), stop };
  },
  'a replica': async (): Promise<HalfRedis> => {
    const master = await startRedis();
    const replica = await startRedis({ args: ['--replicaof', '127.0.0.1', `${master.port}`] });
    return {
      url: replica.url,
      port: replica.port,
      mend: () => tell(replica.url, (redis) => redis.replicaof('NO', 'ONE')),
      stop: async () => void (await Promise.all([master.stop(), replica.stop()])),
    };
  },
  'one of a cluster': async (): Promise<HalfRedis> => {
    const { url, port, stop } = await startRedis({ args: ['--cluster-enabled', 'yes'] });
    // Half of the slots are somebody else's.
    await tell(url, (redis) => redis.call('CLUSTER', 'ADDSLOTSRANGE', 0, 8000));
    return { url, port, mend: () => Promise.resolve(), stop };
  },
  "a Sentinel's port": async (): Promise<HalfRedis> => {
    const { url, port, stop } = await startRedis({
      args: ['--sentinel'],
      settings: `sentinel monitor parley 127.0.0.1 ${await freePort()} 1`,
    });
    return { url, port, mend: () => Promise.resolve(), stop };
  },
  'with another password': async (): Promise<HalfRedis> => {
    const { url, port, stop } = await startRedis();
    await tell(url, (redis) => redis.config('SET', 'requirepass', 'right'));
    const admin = `redis://:right@127.0.0.1:${port}`;
    return {
      url: `redis://:s3cret@127.0.0.1:${port}`,
      port,
      mend: () => tell(admin, (redis) => redis.config('SET', 'requirepass', 's3cret')),
      stop,
    };
  },
  'with a password that nobody gave': async (): Promise<HalfRedis> => {
    const { url, port, stop } = await startRedis();
    await tell(url, (redis) => redis.config('SET', 'requirepass', 'right'));
    const admin = `redis://:right@127.0.0.1:${port}`;
    return { url, port, mend: () => tell(admin, (redis) => redis.config('SET', 'requirepass', '')), stop };
  },
};

export const startHalfRedis = (kind: HalfRedisKind): Promise<HalfRedis> => kinds[kind]();

/** A master, two replicas and three Sentinels, each a process of its own, as operators run them; the master can be changed. */
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { freePort, startRedis, type Service } from '../../scripts/services.mjs';

export interface Sentinels {
  /** As REDIS_URL has it. */
  readonly url: string;
  masterPort(): Promise<number>;
  /** In order: the master hands over. @returns once it has */
  failOver(): Promise<void>;
  /** The master is killed. @returns once another one is master */
  killMaster(): Promise<void>;
  /** The master stands still until another one is, and then becomes a replica. */
  freezeMaster(): Promise<void>;
  stop(): Promise<void>;
}

const NAME = 'parley';
const PASSWORD = 's3cret@:/ %';
const SENTINEL_PASSWORD = 'sent1nel';
const DOWN_AFTER_MS = 500;
const GIVE_UP_MS = 30_000;

export const startSentinels = async (): Promise<Sentinels> => {
  const ports = [await freePort(), await freePort(), await freePort()] as const;
  const redis = new Map<number, Service>();
  const startServer = async (port: number, masterPort?: number) => {
    const args = masterPort === undefined ? [] : ['--replicaof', '127.0.0.1', `${masterPort}`];
    redis.set(port, await startRedis({ port, args, password: PASSWORD }));
  };
  await startServer(ports[0]);
  await Promise.all(ports.slice(1).map((port) => startServer(port, ports[0])));
  const sentinels = await Promise.all(
    [1, 2, 3].map(() =>
      startRedis({ args: ['--sentinel'], settings: settingsFor(ports[0]), password: SENTINEL_PASSWORD }),
    ),
  );
  const ask = new Redis({ port: sentinels[0]!.port, host: '127.0.0.1', password: SENTINEL_PASSWORD });
  ask.on('error', () => undefined);

  const masterPort = async () =>
    Number(((await ask.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME)) as [string, string])[1]);
  const facts = async (what: 'SENTINELS' | 'REPLICAS') =>
    ((await ask.call('SENTINEL', what, NAME)) as string[][]).map((list) => list[list.indexOf('flags') + 1]);
  const wait = async (what: string, condition: () => Promise<boolean>) => {
    const giveUpAt = performance.now() + GIVE_UP_MS;
    while (!(await condition())) {
      if (performance.now() > giveUpAt) throw new Error(`Sentinels: waited for ${what}`);
      await delay(50);
    }
  };
  /** Whoever takes over must be up to date, and they must agree. */
  const settle = async () => {
    await wait(
      'each other',
      async () => (await facts('SENTINELS')).filter((flags) => flags === 'sentinel').length === 2,
    );
    await wait('the replica', async () => (await facts('REPLICAS')).filter((flags) => flags === 'slave').length >= 1);
    await wait('its data', async () => {
      const replicas = (await ask.call('SENTINEL', 'REPLICAS', NAME)) as string[][];
      return replicas.some((list) => list[list.indexOf('master-link-status') + 1] === 'ok');
    });
  };
  const changing = async (change: (port: number) => unknown) => {
    await settle();
    const before = await masterPort();
    await change(before);
    await wait('another master', async () => (await masterPort()) !== before);
    return before;
  };
  await settle();

  const password = encodeURIComponent(PASSWORD);
  const hosts = sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',');
  return {
    url: `redis+sentinel://:${password}@${hosts}/${NAME}/0?sentinel_password=${SENTINEL_PASSWORD}`,
    masterPort,
    failOver: async () => void (await changing(() => ask.call('SENTINEL', 'FAILOVER', NAME))),
    killMaster: async () => void (await changing((port) => process.kill(redis.get(port)!.pid, 'SIGKILL'))),
    freezeMaster: async () => {
      const frozen = await changing((port) => process.kill(redis.get(port)!.pid, 'SIGSTOP'));
      process.kill(redis.get(frozen)!.pid, 'SIGCONT');
    },
    stop: async () => {
      ask.disconnect();
      await Promise.all([...sentinels, ...redis.values()].map((service) => service.stop()));
    },
  };
};

const settingsFor = (port: number) => `
requirepass ${SENTINEL_PASSWORD}
sentinel sentinel-pass ${SENTINEL_PASSWORD}
sentinel monitor ${NAME} 127.0.0.1 ${port} 2
sentinel auth-pass ${NAME} "${PASSWORD}"
sentinel down-after-milliseconds ${NAME} ${DOWN_AFTER_MS}
sentinel failover-timeout ${NAME} 3000
`;

/** Two nodes, PostgreSQL and Redis, each a process of its own, with a network between any two of them that can be broken. */
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../scripts/services.mjs';
import { UNLIMITED } from '../support/unlimited.js';
import { passwordOf } from './client/person.js';
import { placeAt, type Place } from './client/place.js';
import { createClock, type Clock } from './parties/clock.js';
import { createAdministrator, createNode, type ParleyNode } from './parties/node.js';
import { createPostgres, psql, type Postgres } from './parties/postgres.js';
import { createProxy, type Proxy } from './parties/proxy.js';
import { createRedis, type RedisServer } from './parties/redis.js';

export interface Nodes {
  readonly nodes: readonly { readonly node: ParleyNode; readonly place: Place }[];
  /** Of nodes that run; whichever otherwise. */
  places(): Place[];
  /** What further processes need in order to work on it, past the proxies. */
  readonly environment: Record<string, string>;
  stop(): Promise<void>;
}

export interface Installation extends Nodes {
  readonly nodes: readonly InstalledNode[];
  readonly postgres: Postgres;
  readonly redis: RedisServer;
  /** PostgreSQL's. */
  readonly clock: Clock | undefined;
}

export interface InstalledNode {
  readonly node: ParleyNode;
  readonly place: Place;
  /** Between clients and it, it and PostgreSQL, it and Redis. */
  readonly clients: Proxy;
  readonly toPostgres: Proxy;
  readonly toRedis: Proxy;
  readonly clock: Clock | undefined;
}

export interface InstallationOptions {
  nodes?: number;
  settings?: Record<string, string>;
  postgres?: Record<string, string | number>;
  /** PostgreSQL gets a disk of its own, which can be filled. */
  hasDisk?: boolean;
  /** In place of a Redis behind the proxies. */
  redisUrl?: string | undefined;
  /** The clocks of the nodes and of PostgreSQL can be moved. */
  hasClocks?: boolean;
  entry?: string | undefined;
  /** Done to the database before the nodes start. */
  sql?: string | undefined;
}

export const ROOT = 'root';

const DISK_MEGABYTES = 512;

export const install = async ({
  nodes: count = 2,
  settings = {},
  postgres: postgresSettings,
  hasDisk = false,
  hasClocks = false,
  redisUrl,
  entry,
  sql,
}: InstallationOptions = {}): Promise<Installation> => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-faults-'));
  chmodSync(folder, 0o755); // PostgreSQL, which is another user, reads its clock there
  const clockOf = (name: string) => (hasClocks ? createClock(join(folder, name)) : undefined);
  const clock = clockOf('postgres.clock');
  const [postgres, redis] = await Promise.all([
    createPostgres({
      settings: { ...(hasDisk && { max_wal_size: '64MB', min_wal_size: '32MB' }), ...postgresSettings },
      diskMegabytes: hasDisk ? DISK_MEGABYTES : undefined,
      environment: clock?.environment,
    }),
    createRedis(),
  ]);
  const common = { ...COMMON, DATA_DIR: folder, TOKEN_SECRET: randomBytes(36).toString('base64'), ...settings };
  const environment = { ...common, DATABASE_URL: postgres.url };
  createAdministrator(environment, { username: ROOT, password: passwordOf(ROOT) });
  if (sql !== undefined) psql(postgres, sql);

  const nodes = await Promise.all(
    Array.from({ length: count }, async (_none, n): Promise<InstalledNode> => {
      const name = `node${n + 1}`;
      const port = await freePort();
      const [clients, toPostgres, toRedis] = await Promise.all([
        createProxy(port),
        createProxy(postgres.port),
        createProxy(redis.port),
      ]);
      const nodeClock = clockOf(`${name}.clock`);
      const node = createNode({
        name,
        port,
        entry,
        environment: {
          ...common,
          ...nodeClock?.environment,
          DATABASE_URL: `postgresql://parley@127.0.0.1:${toPostgres.port}/postgres`,
          REDIS_URL: redisUrl ?? `redis://127.0.0.1:${toRedis.port}`,
        },
      });
      return { node, place: placeAt(name, clients.port), clients, toPostgres, toRedis, clock: nodeClock };
    }),
  );
  await Promise.all(nodes.map(({ node }) => node.start()));

  return {
    postgres,
    redis,
    nodes,
    clock,
    environment,
    places: () => runningOf(nodes),
    stop: async () => {
      await Promise.all(nodes.map(({ node }) => node.kill()));
      await Promise.all(
        nodes.flatMap(({ clients, toPostgres, toRedis }) => [clients, toPostgres, toRedis]).map((it) => it.stop()),
      );
      await Promise.all([postgres.remove(), redis.remove()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

/** One node on the embedded database, in one process, with no proxy before it. */
export const installEmbedded = async ({ settings = {}, entry }: InstallationOptions = {}): Promise<Nodes> => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-faults-'));
  const environment = { ...COMMON, DATA_DIR: folder, ...settings };
  createAdministrator(environment, { username: ROOT, password: passwordOf(ROOT) });
  const port = await freePort();
  const node = createNode({ name: 'node1', port, entry, environment });
  const nodes = [{ node, place: placeAt('node1', port) }];
  await node.start();
  return {
    nodes,
    environment,
    places: () => runningOf(nodes),
    stop: async () => {
      await node.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

const runningOf = (nodes: Nodes['nodes']): Place[] => {
  const running = nodes.filter(({ node }) => node.isRunning);
  return (running.length > 0 ? running : nodes).map(({ place }) => place);
};

const COMMON = { ...UNLIMITED, DEMO: 'off', ACCESS_TOKEN_MINUTES: '1440', DRAIN_SECONDS: '2', LOG_LEVEL: 'info' };

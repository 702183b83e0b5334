/** A whole node in this process, as `npm start` would run it: its own database, port 0, and every log line kept. */
import { afterAll, beforeAll } from 'vitest';
import { createApp } from '../../src/app.js';
import { readConfig, type Config } from '../../src/config.js';
import { createLogger } from '../../src/logger.js';
import { admin, testDatabase, type TestDatabase } from './database.js';
import { UNLIMITED } from './unlimited.js';

export interface TestNode {
  readonly url: string;
  readonly endpoint: string;
  /** For WebSockets. */
  readonly socketUrl: string;
  /** Where Prometheus would ask; undefined where that is off. */
  readonly metricsUrl?: string | undefined;
  /** Each line that it has logged, from debug on. */
  readonly log: LogLine[];
  readonly config: Config;
  /** May be called again. */
  stop(): Promise<void>;
}

export type LogLine = Record<string, unknown> & { msg: string };

export { admin };

interface NodeOptions {
  /** A node on the same database; only where that is a server's. */
  beside?: TestNode;
}

/** Starts a node. Without limits, unless `settings` say so. */
export const startNode = async (settings: Partial<Config> = {}, { beside }: NodeOptions = {}): Promise<TestNode> => {
  const database = beside === undefined ? await databaseWithAdmin() : undefined;
  const config: Config = { ...(beside?.config ?? { ...unlimited(), ...database!.config }), port: 0, ...settings };
  const log: LogLine[] = [];
  const logger = createLogger({
    level: 'debug',
    stream: { write: (line) => void log.push(JSON.parse(line) as LogLine) },
  });

  const app = await createApp(config, logger);
  await app.listen();
  const { url } = app;
  return {
    url,
    endpoint: `${url}/graphql`,
    socketUrl: `${url.replace('http', 'ws')}/graphql`,
    metricsUrl: app.metricsUrl,
    log,
    config,
    stop: async () => {
      await app.stop();
      await database?.drop();
    },
  };
};

/** A node for all tests of a file; there within tests and hooks. */
export const ownNode = (settings?: Partial<Config>): TestNode => {
  let node: TestNode | undefined;
  beforeAll(async () => {
    node = await startNode(settings);
  });
  afterAll(() => node?.stop());
  return new Proxy({} as TestNode, { get: (_target, name) => Reflect.get(node!, name) as unknown });
};

const unlimited = (): Config => {
  const { REDIS_URL } = process.env;
  const outcome = readConfig({
    ...(REDIS_URL !== undefined && { REDIS_URL }),
    // Nodes of different files may share a Redis.
    TOKEN_SECRET: `a secret that is only used in tests, once: ${crypto.randomUUID()}`,
    ALLOW_UNSAFE_DATABASE: 'on',
    DEMO: 'off',
    DRAIN_SECONDS: '1',
    ...UNLIMITED,
  });
  if ('problems' in outcome) throw new Error(JSON.stringify(outcome.problems));
  return outcome.config;
};

/** Migrated, and empty but for `admin`. */
export const databaseWithAdmin = (): Promise<TestDatabase> => testDatabase('admin');

/**
 * Two nodes on one PostgreSQL, each a process of its own as `parley serve` is, and a Redis of their own: each can be killed, and
 * started again where it was.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll } from 'vitest';
import { freePort, startRedis } from '../../scripts/services.mjs';
import { requireConfig } from '../../src/config.js';
import { databaseWithAdmin, type LogLine, type TestNode } from './node.js';
import { PARLEY } from './program.js';
import { UNLIMITED } from './unlimited.js';

export interface NodeProcess extends TestNode {
  /** @param changes to its settings, from now on */
  start(changes?: Record<string, string>): Promise<void>;
  /** At once, with nothing finished. */
  kill(): Promise<void>;
}

export interface OwnRedis {
  readonly url: string;
  /** At once. */
  kill(): Promise<void>;
  /** Where it was; it has forgotten everything. */
  restart(): Promise<void>;
}

export interface Nodes {
  readonly one: NodeProcess;
  readonly other: NodeProcess;
  /** Undefined where there is none: then each node knows of the other by the database alone. */
  readonly redis: OwnRedis | undefined;
  /** What a further process needs in order to work on the same installation. */
  readonly environment: Record<string, string>;
  /** Starts one more, on the same installation but for these settings; it is stopped in the end. */
  another(settings?: Record<string, string>): Promise<NodeProcess>;
}

interface NodesOptions {
  settings?: Record<string, string>;
  /** False: without one. */
  redis?: boolean;
}

/** For all tests of a file; there within tests and hooks. Without limits, unless `settings` say so. */
export const ownNodes = (options?: NodesOptions): Nodes => {
  const closers: (() => Promise<unknown>)[] = [];
  let nodes: Nodes;
  beforeAll(async () => {
    nodes = await startNodes(options, (close) => closers.push(close));
  }, 120_000);
  afterAll(async () => {
    for (const close of closers.reverse()) await close();
  });
  return new Proxy({} as Nodes, { get: (_target, name) => Reflect.get(nodes, name) as unknown });
};

const startNodes = async (
  { settings, redis: hasRedis = true }: NodesOptions = {},
  closing: (close: () => Promise<unknown>) => void,
): Promise<Nodes> => {
  const database = await databaseWithAdmin();
  closing(() => database.drop());
  const redis = hasRedis ? await startOwnRedis(closing) : undefined;
  const environment = {
    DATABASE_URL: database.config.databaseUrl!,
    DATA_DIR: database.config.dataDir,
    ...(redis && { REDIS_URL: redis.url }),
    TOKEN_SECRET: 'a secret that is only ever used in tests',
    ALLOW_UNSAFE_DATABASE: 'on',
    DRAIN_SECONDS: '1',
    ...UNLIMITED,
    LOG_LEVEL: 'info',
    // A busy machine is no warning.
    SLOW_MS: '0',
    ...settings,
  };
  const start = async (changes: Record<string, string> = {}) => {
    const node = nodeProcess({ ...environment, ...changes, PORT: String(await freePort()) });
    closing(() => node.stop());
    await node.start();
    return node;
  };
  const [one, other] = await Promise.all([start(), start()]);
  return { one, other, redis, environment, another: start };
};

const startOwnRedis = async (closing: (close: () => Promise<unknown>) => void): Promise<OwnRedis> => {
  let service = await startRedis();
  closing(() => service.stop());
  const { url, port } = service;
  return {
    url,
    kill: async () => {
      process.kill(service.pid, 'SIGKILL');
      await service.stop();
    },
    restart: async () => {
      service = await startRedis({ port });
    },
  };
};

const root = fileURLToPath(new URL('../..', import.meta.url));

const nodeProcess = (settings: Record<string, string>): NodeProcess => {
  let environment = settings;
  const { config } = requireConfig(environment);
  const url = `http://127.0.0.1:${config.port}`;
  const log: LogLine[] = [];
  let child: ChildProcess | undefined;
  let isEnding = false;

  const start = async (changes: Record<string, string> = {}) => {
    environment = { ...environment, ...changes };
    isEnding = false;
    const { PATH = '' } = process.env;
    const started = spawn(process.execPath, [PARLEY, 'serve'], {
      cwd: root,
      env: { PATH, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child = started;
    let said = '';
    started.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: started.stdout }).on('line', (line) => {
        if (!line.startsWith('{')) return; // the welcome
        log.push(JSON.parse(line) as LogLine);
        if (log.at(-1)!.msg === 'Listening') resolve();
      });
      started.once('exit', (code) => reject(new Error(`The node ended with ${code}:\n${said}${JSON.stringify(log)}`)));
    });
    // Tests that fail because it is gone would not say why it is.
    started.once('exit', (code) => {
      if (!isEnding) process.stderr.write(`A node ended with ${code}:\n${said}${JSON.stringify(log.slice(-5))}\n`);
    });
  };
  const end = async (signal: NodeJS.Signals) => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    isEnding = true;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  };

  return {
    url,
    endpoint: `${url}/graphql`,
    socketUrl: `${url.replace('http', 'ws')}/graphql`,
    log,
    config,
    start,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  };
};

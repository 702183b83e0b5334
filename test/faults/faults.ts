/** Everything that is broken on purpose. Each fault begins, lasts, and is over when it resolves; nothing of it stays. */
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { startHalfRedis, type HalfRedisKind } from '../support/half-redis.js';
import type { Random } from '../support/random.js';
import { ROOT, type Installation } from './installation.js';
import { runNeighbour } from './neighbour.js';
import type { ParleyNode } from './parties/node.js';
import type { Proxy } from './parties/proxy.js';
import { replaceSecret } from './secrets.js';

export interface Fault {
  name: string;
  /** Every question asked meanwhile must be answered in time, if only with UNAVAILABLE: no client may hang. */
  isAnswered: boolean;
  run(installation: Installation, random: Random): Promise<void>;
}

/** Longer than any patience of a node's. */
const LONG_MS = 6000;
const SHORT_MS = 2000;
const HOUR = 3600;

/** With what a node must say of each. */
const HALF_REDIS: readonly (readonly [HalfRedisKind, RegExp])[] = [
  ['without TIME', /refuses TIME/],
  ['with a renamed EVAL', /refuses EVAL /],
  ['a replica', /leads to a replica/],
  ['one of a cluster', /Cluster is not supported/],
  ["a Sentinel's port", /leads to a Sentinel/],
  ['with a password that nobody gave', /does not take the user and password/],
];
const HALF_REDIS_SAID_WITHIN_MS = 20_000;
const HALF_REDIS_MS = 500;

export const faults: readonly Fault[] = [
  {
    name: 'a node is killed',
    isAnswered: true,
    run: async ({ nodes }, random) => {
      const { node } = random.pick(nodes);
      await node.kill();
      await delay(random.int(1000));
      await node.start();
    },
  },
  {
    name: 'all nodes are killed',
    isAnswered: true,
    run: async ({ nodes }) => {
      await Promise.all(nodes.map(({ node }) => node.kill()));
      await Promise.all(nodes.map(({ node }) => node.start()));
    },
  },
  {
    name: 'a node stands still',
    isAnswered: false,
    run: (installation, random) => {
      const { node } = random.pick(installation.nodes);
      return lasting(SHORT_MS, node.freeze, node.thaw);
    },
  },
  {
    name: 'the nodes are restarted, one after the other',
    isAnswered: true,
    run: async ({ nodes }) => {
      for (const { node } of nodes) {
        const code = await node.stop();
        if (code !== 0) node.complaints.push(`${node.name} was stopped and ended with ${code}`);
        await node.start();
      }
    },
  },
  {
    name: 'PostgreSQL is killed',
    isAnswered: true,
    run: async ({ postgres }, random) => {
      await postgres.kill();
      await delay(random.int(1000));
      await postgres.start();
    },
  },
  {
    name: 'one process of PostgreSQL is killed',
    isAnswered: true,
    run: async ({ postgres }) => {
      await postgres.killBackend();
    },
  },
  {
    name: 'PostgreSQL is stopped',
    isAnswered: true,
    run: async ({ postgres }) => {
      await postgres.stop();
      await delay(SHORT_MS);
      await postgres.start();
    },
  },
  {
    name: 'PostgreSQL stands still',
    isAnswered: true,
    run: ({ postgres }) => lasting(LONG_MS, postgres.freeze, postgres.thaw),
  },
  {
    name: 'every chat is locked, and so every connection taken',
    isAnswered: true,
    run: async ({ postgres }) => {
      const client = new pg.Client({ connectionString: postgres.url });
      try {
        await client.connect();
        await client.query('BEGIN');
        // In the order in which nodes lock them: otherwise it may be who is chosen where they wait for each other.
        await client.query('SELECT 1 FROM chat ORDER BY id FOR UPDATE');
        await delay(LONG_MS);
      } finally {
        await client.end();
      }
    },
  },
  {
    name: "PostgreSQL's disk is full",
    isAnswered: true,
    run: async ({ postgres }) => {
      const empty = postgres.fillDisk();
      await delay(SHORT_MS);
      empty();
      // It may have given up.
      await delay(500);
      if (!postgres.isRunning) await postgres.start();
    },
  },
  {
    name: 'the way to PostgreSQL is cut',
    isAnswered: true,
    run: ({ nodes }, random) => {
      const { toPostgres } = random.pick(nodes);
      return lasting(SHORT_MS, toPostgres.close, toPostgres.heal);
    },
  },
  {
    name: 'the way to PostgreSQL swallows everything',
    isAnswered: true,
    run: ({ nodes }, random) => {
      const { toPostgres } = random.pick(nodes);
      return lasting(LONG_MS, toPostgres.swallow, toPostgres.heal);
    },
  },
  {
    name: 'Redis is killed, and an empty one takes its place',
    isAnswered: true,
    run: async ({ redis }, random) => {
      await redis.kill();
      await delay(random.int(SHORT_MS));
      await redis.start();
    },
  },
  {
    name: 'Redis stands still',
    isAnswered: true,
    run: ({ redis }) => lasting(SHORT_MS, redis.freeze, redis.thaw),
  },
  {
    name: 'Redis has no room',
    isAnswered: true,
    run: async ({ redis }) => {
      await redis.fill();
      await delay(SHORT_MS);
      await redis.kill();
      await redis.start();
    },
  },
  {
    name: 'Redis is slow',
    isAnswered: true,
    run: (installation) => everywhere(installation, 'toRedis', SHORT_MS, (proxy) => proxy.slow(300)),
  },
  {
    name: 'the way to Redis swallows everything',
    isAnswered: true,
    run: (installation, random) => {
      const { toRedis } = random.pick(installation.nodes);
      return lasting(SHORT_MS, toRedis.swallow, toRedis.heal);
    },
  },
  {
    name: 'staging runs on a copy of the database, with the same Redis and TOKEN_SECRET',
    isAnswered: true,
    run: runNeighbour,
  },
  {
    name: 'another TOKEN_SECRET takes the place of the old one',
    isAnswered: true,
    run: (installation) => replaceSecret(installation, ROOT),
  },
  {
    name: 'Redis only half works, in one way after the other',
    isAnswered: true,
    run: async ({ nodes, redis }) => {
      for (const [kind, line] of HALF_REDIS) {
        const half = await startHalfRedis(kind);
        const warningsOf = (warnings: readonly string[]) => warnings.filter((warning) => line.test(warning)).length;
        const before = nodes.map(({ node }) => warningsOf(node.warnings));
        for (const { toRedis } of nodes) toRedis.leadTo(half.port);
        const isSaid = () => nodes.every(({ node }, n) => warningsOf(node.warnings) > before[n]!);
        await waitAtMost(HALF_REDIS_SAID_WITHIN_MS, isSaid);
        // As one that comes and goes: it is not said again.
        for (const { toRedis } of nodes) toRedis.cut();
        await delay(HALF_REDIS_MS);
        for (const [n, { node }] of nodes.entries()) {
          const times = warningsOf(node.warnings) - before[n]!;
          if (times !== 1) node.complaints.push(`${node.name} said ${times} times of Redis (${kind}) what is wrong`);
        }
        for (const { toRedis } of nodes) toRedis.leadTo(redis.port);
        await half.stop();
      }
    },
  },
  {
    name: 'the sockets of a node are cut',
    isAnswered: false,
    run: async ({ nodes }, random) => {
      random.pick(nodes).clients.cut();
      await delay(500);
    },
  },
  {
    name: 'a node hears nothing of its clients, nor they of it',
    isAnswered: false,
    run: ({ nodes }, random) => {
      const { clients } = random.pick(nodes);
      return lasting(LONG_MS, clients.swallow, clients.heal);
    },
  },
  {
    name: 'the clients of a node take nothing',
    isAnswered: false,
    run: ({ nodes }, random) => {
      const { clients } = random.pick(nodes);
      return lasting(SHORT_MS, clients.stall, clients.heal);
    },
  },
  {
    name: 'nobody reads the log of a node',
    isAnswered: true,
    run: async ({ nodes }, random) => {
      const { node } = random.pick(nodes);
      node.listen('not');
      await mustBearLines(node);
      node.listen('again');
    },
  },
  {
    name: 'a node is stopped whose log nobody reads any more',
    isAnswered: true,
    run: async ({ nodes }, random) => {
      const { node } = random.pick(nodes);
      node.listen('not');
      await mustBearLines(node);
      const code = await node.stop();
      if (code !== 0) node.complaints.push(`${node.name} was stopped with an unread log and ended with ${code}`);
      await node.start();
    },
  },
  {
    name: 'who read the log of a node has gone',
    isAnswered: true,
    run: async ({ nodes }, random) => {
      const { node } = random.pick(nodes);
      node.listen('never');
      await mustBearLines(node);
      const code = await node.stop();
      if (code !== 0) node.complaints.push(`${node.name} was stopped without a log and ended with ${code}`);
      await node.start();
    },
  },
  {
    name: 'the clock of a node is an hour ahead, then right',
    isAnswered: true,
    run: ({ nodes }, random) => {
      const { clock } = random.pick(nodes);
      return lasting(
        SHORT_MS,
        () => clock!.set(HOUR),
        () => clock!.set(0),
      );
    },
  },
  {
    name: 'the clock of a node is an hour behind, then right',
    isAnswered: true,
    run: ({ nodes }, random) => {
      const { clock } = random.pick(nodes);
      return lasting(
        SHORT_MS,
        () => clock!.set(-HOUR),
        () => clock!.set(0),
      );
    },
  },
  {
    name: 'the clock of PostgreSQL is an hour ahead, then right',
    isAnswered: true,
    run: ({ clock }) =>
      lasting(
        SHORT_MS,
        () => clock!.set(HOUR),
        () => clock!.set(0),
      ),
  },
  {
    name: 'the clock of PostgreSQL is an hour behind, then right',
    isAnswered: true,
    run: ({ clock }) =>
      lasting(
        SHORT_MS,
        () => clock!.set(-HOUR),
        () => clock!.set(0),
      ),
  },
];

const lasting = async (ms: number, begin: () => void, end: () => void): Promise<void> => {
  begin();
  await delay(ms);
  end();
};

const waitAtMost = async (ms: number, condition: () => boolean): Promise<void> => {
  const giveUpAt = performance.now() + ms;
  while (!condition() && performance.now() < giveUpAt) await delay(20);
};

const LINES = 500;
const AT_ONCE = 4;
const LIVE_WITHIN_MS = 5000;

/** Has a node write more log lines than whatever lies before their reader holds, and complains where it does not answer meanwhile. */
const mustBearLines = async ({ name, port, complaints }: ParleyNode): Promise<void> => {
  const ask = async (path: string, headers = {}) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      headers,
      signal: AbortSignal.timeout(LIVE_WITHIN_MS),
    });
    await answer.arrayBuffer();
    return answer.status;
  };
  try {
    let left = LINES;
    const one = async () => {
      // A line at info each: "Authentication refused".
      while (left-- > 0)
        await ask('/graphql?query={viewer{id}}', { Authorization: 'Bearer nobody', 'X-Request-Id': 'x'.repeat(128) });
    };
    await Promise.all(Array.from({ length: AT_ONCE }, one));
    const status = await ask('/health/live');
    if (status !== 200) complaints.push(`${name} is not live with a log that nobody takes: ${status}`);
  } catch (error) {
    complaints.push(`${name} does not answer with a log that nobody takes: ${String(error)}`);
  }
};

const everywhere = (
  { nodes }: Installation,
  way: 'toRedis' | 'toPostgres' | 'clients',
  ms: number,
  begin: (proxy: Proxy) => void,
): Promise<void> =>
  lasting(
    ms,
    () => nodes.forEach((node) => begin(node[way])),
    () => nodes.forEach((node) => node[way].heal()),
  );

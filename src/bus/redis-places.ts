/**
 * Places of all nodes: a hash for each node, which is gone some seconds after its node is. Redis gets 20 ms to answer; then the
 * node goes by what it knows itself, and asks again a second later. One command concerns one key, as Redis Cluster wants it.
 */
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { PlaceEntry, PlaceRegistry } from './place-registry.js';

export interface RedisPlacesOptions {
  /** Must fail at once while Redis is away: no offline queue. Stays the caller's to close. */
  redis: Redis;
  /** Keeps apart the nodes of different installations on one Redis. */
  prefix?: string;
  /** How long the places of a node that died still count, in milliseconds. */
  ttlMs?: number;
  /** How long Redis may take to answer, in milliseconds. */
  patienceMs?: number;
  /** How long it is left alone after it did not, in milliseconds. */
  restMs?: number;
}

export const createRedisPlaces = ({
  redis,
  prefix = 'parley',
  ttlMs = 15_000,
  patienceMs = 20,
  restMs = 1000,
}: RedisPlacesOptions): PlaceRegistry => {
  const nodeId = randomUUID();
  const nodes = `${prefix}:place-nodes`;
  const hashOf = (node: string) => `${prefix}:places:${node}`;
  const own = hashOf(nodeId);
  /** What this node holds: should its hash be gone, it must be told again. */
  const held = new Set<string>();
  let onLost = () => {};
  let restUntil = 0;
  let lastOrder = 0;

  /** @returns undefined where Redis did not answer in time */
  const inTime = async <Answer>(asked: Promise<Answer>): Promise<Answer | undefined> => {
    let timer: NodeJS.Timeout | undefined;
    // When this process was what was late, the answer lies waiting to be read: that comes before the immediate.
    const patience = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => setImmediate(() => resolve(undefined)), patienceMs);
    });
    const answer = await Promise.race([asked.catch(() => undefined), patience]);
    clearTimeout(timer);
    if (answer === undefined) restUntil = performance.now() + restMs;
    return answer;
  };
  const isResting = () => performance.now() < restUntil;

  const readOthers = async (keys: readonly string[]): Promise<PlaceEntry[][]> => {
    const others = (await redis.smembers(nodes)).filter((node) => node !== nodeId);
    const answers = await Promise.all(others.map((node) => redis.hmget(hashOf(node), ...keys)));
    return keys.map((_key, index) => answers.flatMap((answer) => parse(answer[index])));
  };

  /** Keeps the hash, notices where it is gone, and forgets nodes that have none. */
  const beat = async () => {
    if (held.size > 0 && (await redis.pexpire(own, ttlMs)) === 0) onLost();
    for (const node of await redis.smembers(nodes)) {
      // One that has nothing to tell comes back with its next place.
      if (node !== nodeId && (await redis.exists(hashOf(node))) === 0) await redis.srem(nodes, node);
    }
  };
  const heart = setInterval(() => void beat().catch(() => undefined), ttlMs / 3);
  const onReady = () => onLost();
  redis.on('ready', onReady);

  return {
    nextOrder: async () => {
      const time = isResting() ? undefined : await inTime(redis.time());
      const now = time === undefined ? Date.now() * 1000 : Number(time[0]) * 1_000_000 + Number(time[1]);
      lastOrder = Math.max(lastOrder + 1, now);
      return lastOrder;
    },

    put: async (key, entries) => {
      if (entries.length === 0) held.delete(key);
      else held.add(key);
      // In this order on one connection, so that what was said last stands.
      const told =
        entries.length === 0
          ? redis.hdel(own, key)
          : Promise.all([
              redis.hset(own, key, JSON.stringify(entries)),
              redis.pexpire(own, ttlMs),
              redis.sadd(nodes, nodeId),
            ]);
      await inTime(told as Promise<unknown>);
    },

    others: async (keys) => {
      const found = isResting() || keys.length === 0 ? undefined : await inTime(readOthers(keys));
      return found ?? keys.map(() => []);
    },

    onLost: (listener) => (onLost = listener),

    close: async () => {
      clearInterval(heart);
      redis.off('ready', onReady);
      await inTime(Promise.all([redis.del(own), redis.srem(nodes, nodeId)]));
    },
  };
};

const parse = (entries: string | null | undefined): PlaceEntry[] =>
  entries === null || entries === undefined ? [] : (JSON.parse(entries) as PlaceEntry[]);

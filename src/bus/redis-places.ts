/**
 * Places of all nodes: one hash per node, which expires some seconds after its node dies. Redis gets 20 ms to answer; after that the
 * node uses what it knows itself, asks again a second later, and compares what it did meanwhile as soon as Redis answers.
 * Each command uses one key, as Redis Cluster requires.
 */
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { createDoubts } from './doubts.js';
import type { PlaceEntry, PlaceRegistry } from './place-registry.js';
import { within } from '../within.js';

export interface RedisPlacesOptions {
  /** Must fail at once while Redis is away: no offline queue. The caller closes it. */
  redis: Redis;
  /** Separates the nodes of different installations on one Redis. */
  prefix?: string;
  /** Whether Redis supports everything needed here. */
  isAble?: () => boolean;
  /** How long the places of a dead node still count, in milliseconds. */
  ttlMs?: number;
  /** How long Redis may take to answer, in milliseconds. */
  patienceMs?: number;
  /** How long it is not asked again after it did not answer in time, in milliseconds. */
  restMs?: number;
}

export const createRedisPlaces = ({
  redis,
  prefix = 'parley',
  isAble = () => true,
  ttlMs = 15_000,
  patienceMs = 20,
  restMs = 1000,
}: RedisPlacesOptions): PlaceRegistry => {
  const nodeId = randomUUID();
  const nodes = `${prefix}:place-nodes`;
  const hashOf = (node: string) => `${prefix}:places:${node}`;
  const own = hashOf(nodeId);
  /** This node's entries, as stored in its hash. */
  const held = new Map<string, string>();
  /** The hash may be gone, or contain what this node no longer holds: the next write replaces it as a whole. */
  let isStale = false;
  const doubts = createDoubts({ retryMs: restMs });
  let restUntil = 0;
  let lastOrder = 0;
  /** How far Redis' clock is ahead of this process' monotonic clock, in microseconds. */
  let ahead: number | undefined;

  /** @returns undefined if Redis did not answer in time */
  const inTime = async <Answer>(asked: Promise<Answer>): Promise<Answer | undefined> => {
    const answer = await within(patienceMs, asked).catch(() => undefined);
    if (answer === undefined) restUntil = performance.now() + restMs;
    return answer;
  };
  const canBeTold = () => redis.status === 'ready' && isAble();
  const isResting = () => !canBeTold() || performance.now() < restUntil;

  const askTime = async () => {
    const [seconds, microseconds] = await redis.time();
    const now = Number(seconds) * 1_000_000 + Number(microseconds);
    ahead = now - performance.now() * 1000;
    return now;
  };
  const guessTime = () => (ahead === undefined ? Date.now() * 1000 : Math.round(performance.now() * 1000 + ahead));

  /** In this order on one connection, so that the last write wins. */
  const tell = async (keys: readonly string[]): Promise<unknown> => {
    const wasStale = isStale;
    isStale = false;
    const told = wasStale ? [...held.keys()] : keys.filter((key) => held.has(key));
    const gone = wasStale ? [] : keys.filter((key) => !held.has(key));
    try {
      return await Promise.all([
        ...(wasStale ? [redis.del(own)] : []),
        ...(gone.length > 0 ? [redis.hdel(own, ...gone)] : []),
        ...(told.length > 0 ? [redis.hset(own, new Map(told.map((key) => [key, held.get(key)!])))] : []),
        ...(held.size > 0 ? [redis.pexpire(own, ttlMs), redis.sadd(nodes, nodeId)] : []),
      ]);
    } catch (error) {
      isStale = true;
      throw error;
    }
  };

  const readOthers = async (keys: readonly string[]): Promise<PlaceEntry[][]> => {
    const others = (await redis.smembers(nodes)).filter((node) => node !== nodeId);
    const answers = await Promise.all(others.map((node) => redis.hmget(hashOf(node), ...keys)));
    return keys.map((_key, index) => answers.flatMap((answer) => parse(answer[index])));
  };

  const doubt = (keys: Iterable<string>) => doubts.add([...keys].filter((key) => held.has(key)));
  const onLost = () => {
    isStale = true;
    doubt(held.keys());
  };

  /** Keeps the hash from expiring, notices if it is gone, and removes nodes that have none. */
  const beat = async () => {
    if (held.size > 0 && (await redis.pexpire(own, ttlMs)) === 0) onLost();
    for (const node of await redis.smembers(nodes)) {
      // A node without places adds itself again with its next place.
      if (node !== nodeId && (await redis.exists(hashOf(node))) === 0) await redis.srem(nodes, node);
    }
  };
  const heart = setInterval(() => void beat().catch(() => undefined), ttlMs / 3);
  // It may be another Redis, which knows nothing of this node.
  redis.on('ready', onLost);

  return {
    nextOrder: async () => {
      const now = isResting() ? undefined : await inTime(askTime());
      lastOrder = Math.max(lastOrder + 1, now ?? guessTime());
      return lastOrder;
    },

    put: async (key, entries) => {
      if (entries.length === 0) {
        held.delete(key);
        doubts.delete(key);
      } else held.set(key, JSON.stringify(entries));
      if (!canBeTold()) isStale = true;
      else if ((await inTime(tell([key]))) !== undefined) return;
      doubt([key]);
    },

    others: async (keys) => {
      const found = isResting() || keys.length === 0 ? undefined : await inTime(readOthers(keys));
      if (found === undefined) doubt(keys);
      return found ?? keys.map(() => []);
    },

    exchange: async (keys) => {
      if (!canBeTold()) throw new Error('Redis cannot be asked');
      await tell(keys);
      return readOthers(keys);
    },

    onDoubt: doubts.onDoubt,

    close: async () => {
      clearInterval(heart);
      doubts.stop();
      redis.off('ready', onLost);
      await inTime(Promise.all([redis.del(own), redis.srem(nodes, nodeId)]));
    },
  };
};

const parse = (entries: string | null | undefined): PlaceEntry[] =>
  entries === null || entries === undefined ? [] : (JSON.parse(entries) as PlaceEntry[]);

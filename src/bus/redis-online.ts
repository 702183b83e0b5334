/**
 * Who is online on which node: one hash for each node, which expires some seconds after its node dies. Each node looks once a second
 * which nodes have one. Each command uses one key, as Redis Cluster requires, and they are those that places use.
 */
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { within } from '../within.js';
import type { OnlineRegistry } from './online-registry.js';

export interface RedisOnlineOptions {
  /** Must fail at once while Redis is away: no offline queue. The caller closes it. */
  redis: Redis;
  /** Separates the nodes of different installations on one Redis. */
  prefix?: string;
  /** Whether Redis supports everything needed here. */
  isAble?: () => boolean;
  /** How long the people of a dead node still count, in milliseconds. */
  ttlMs?: number;
  /** How often a node shows that it lives, and looks after the others, in milliseconds. */
  beatMs?: number;
  /** How long Redis may take to answer, in milliseconds. */
  patienceMs?: number;
}

/** Fields of one command. */
const AT_ONCE = 1000;
/** After Redis was away, the other nodes need a moment to tell it again who is there. */
const SETTLE_MS = 2000;

export const createRedisOnline = ({
  redis,
  prefix = 'parley',
  isAble = () => true,
  ttlMs = 8000,
  beatMs = 1000,
  patienceMs = 500,
}: RedisOnlineOptions): OnlineRegistry => {
  const nodeId = randomUUID();
  const nodes = `${prefix}:online-nodes`;
  const hashOf = (node: string) => `${prefix}:online:${node}`;
  const own = hashOf(nodeId);
  /** Who is online here. */
  const held = new Set<string>();
  /** The hash may be gone, or hold what is no longer so: it is written as a whole. */
  let isStale = false;
  let isBeating = false;
  let restUntil = 0;
  let living: readonly string[] = [];
  let settling: NodeJS.Timeout | undefined;
  let doubt: () => void = () => undefined;

  const canBeAsked = () => redis.status === 'ready' && isAble();

  /** In this order on one connection, so that the last write wins. */
  const write = async (came: readonly string[], went: readonly string[]): Promise<void> => {
    const wasStale = isStale;
    isStale = false;
    try {
      await Promise.all([
        ...(wasStale ? [redis.del(own)] : chunksOf(went).map((some) => redis.hdel(own, ...some))),
        ...chunksOf(wasStale ? [...held] : came).map((some) => redis.hset(own, new Map(some.map((id) => [id, '1'])))),
        ...(held.size > 0 ? [redis.pexpire(own, ttlMs), redis.sadd(nodes, nodeId)] : []),
      ]);
    } catch {
      isStale = true;
    }
  };

  const readLiving = async (): Promise<string[]> => {
    const others = (await redis.smembers(nodes)).filter((node) => node !== nodeId).sort();
    const areThere = await Promise.all(others.map((node) => redis.exists(hashOf(node))));
    // A node without people adds itself again with the next one.
    const dead = others.filter((_node, index) => areThere[index] === 0);
    if (dead.length > 0) await redis.srem(nodes, ...dead);
    return others.filter((node) => !dead.includes(node));
  };

  /** Keeps the hash from expiring, writes it again if it is gone, and notices nodes that came and went. */
  const beat = async () => {
    if (isBeating || !canBeAsked()) return;
    isBeating = true;
    try {
      if (!isStale && held.size > 0 && (await redis.pexpire(own, ttlMs)) === 0) isStale = true;
      if (isStale) await write([], []);
      const now = await readLiving();
      const isOther = now.join() !== living.join();
      living = now;
      if (isOther) doubt();
    } catch {
      // Redis is away: it is asked again with the next beat.
    } finally {
      isBeating = false;
    }
  };
  const heart = setInterval(() => void beat(), beatMs);

  // It may be another Redis, which knows nothing of this node.
  const onReady = () => {
    isStale = true;
    restUntil = 0;
    void beat();
    clearTimeout(settling);
    settling = setTimeout(() => doubt(), SETTLE_MS);
  };
  redis.on('ready', onReady);

  const readOthers = async (ids: readonly string[]): Promise<ReadonlySet<string>> => {
    const others = (await redis.smembers(nodes)).filter((node) => node !== nodeId);
    const found = new Set<string>();
    await Promise.all(
      others.flatMap((node) =>
        chunksOf(ids).map(async (some) => {
          const answers = await redis.hmget(hashOf(node), ...some);
          for (const [index, id] of some.entries()) if (answers[index] !== null) found.add(id);
        }),
      ),
    );
    return found;
  };

  return {
    tell: async (came, went) => {
      for (const id of went) held.delete(id);
      for (const id of came) held.add(id);
      if (!canBeAsked()) isStale = true;
      else await within(patienceMs, write(came, went));
    },

    others: async (ids) => {
      if (ids.length === 0) return new Set();
      if (!canBeAsked() || performance.now() < restUntil) return undefined;
      const found = await within(patienceMs, readOthers(ids)).catch(() => undefined);
      if (found === undefined) restUntil = performance.now() + beatMs;
      return found;
    },

    onDoubt: (listener) => {
      doubt = listener;
    },

    close: async () => {
      clearInterval(heart);
      clearTimeout(settling);
      redis.off('ready', onReady);
      held.clear();
      await within(patienceMs, Promise.all([redis.del(own), redis.srem(nodes, nodeId)])).catch(() => undefined);
    },
  };
};

const chunksOf = (ids: readonly string[]): string[][] =>
  Array.from({ length: Math.ceil(ids.length / AT_ONCE) }, (_, n) => ids.slice(n * AT_ONCE, (n + 1) * AT_ONCE));

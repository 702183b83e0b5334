/**
 * Limits over all nodes: a log of times for each key in Redis, by Redis' own clock. Redis gets 20 ms to answer; after that the
 * node counts on its own, and asks Redis again a second later.
 */
import { randomBytes } from 'node:crypto';
import type { Redis, Result } from 'ioredis';
import { createMemoryRateLimits } from './memory-rate-limits.js';
import type { RateLimitStore } from './rate-limit-store.js';
import { within } from '../within.js';

// Microseconds: rounded to milliseconds, two windows could overlap by one.
export const TAKE = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2]) * 1000
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - window))
local count = redis.call('ZCARD', KEYS[1])
if count < limit then
  redis.call('ZADD', KEYS[1], string.format('%.0f', now), ARGV[3])
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return 0
end
local inTheWay = redis.call('ZRANGE', KEYS[1], count - limit, count - limit, 'WITHSCORES')
return math.ceil((inTheWay[2] + window - now) / 1000)`;

declare module 'ioredis' {
  interface RedisCommander<Context> {
    parleyTake(key: string, limit: number, windowMs: number, id: string): Result<number, Context>;
  }
}

export interface RedisRateLimitsOptions {
  /** Must fail at once while Redis is away: no offline queue. The caller closes it. */
  redis: Redis;
  /** Separates the counts of different installations on one Redis. */
  prefix?: string;
  /** Whether Redis supports everything needed here. */
  isAble?: () => boolean;
  /** How long Redis may take to answer, in milliseconds. */
  patienceMs?: number;
  /** The same for patient rules. */
  longPatienceMs?: number;
  /** How long it is not waited for after it did not answer in time, in milliseconds. */
  restMs?: number;
}

const SWEEP_MS = 60_000;

export const createRedisRateLimits = ({
  redis,
  prefix = 'parley',
  isAble = () => true,
  patienceMs = 20,
  longPatienceMs = 1000,
  restMs = 1000,
}: RedisRateLimitsOptions): RateLimitStore => {
  redis.defineCommand('parleyTake', { numberOfKeys: 1, lua: TAKE });
  // This node's own counts, kept here as well: when Redis goes or comes back, nobody gets a fresh window on this node.
  const own = createMemoryRateLimits();
  /** Keys that Redis refused, but too late: when it would allow the next one. */
  const refusedUntil = new Map<string, number>();
  /** For patient rules and for the others. */
  const restUntil = { long: 0, short: 0 };

  const sweep = () => {
    const now = performance.now();
    for (const [key, until] of refusedUntil) if (until <= now) refusedUntil.delete(key);
  };
  const sweeping = setInterval(sweep, SWEEP_MS).unref();

  /** @returns the milliseconds to wait, 0 if it was taken, undefined if Redis did not answer in time */
  const inTime = async (answer: Promise<number | undefined>, isPatient: boolean): Promise<number | undefined> => {
    const which = isPatient ? 'long' : 'short';
    if (performance.now() < restUntil[which]) return undefined;
    const waitMs = await within(isPatient ? longPatienceMs : patienceMs, answer);
    if (waitMs === undefined) restUntil[which] = performance.now() + restMs;
    return waitMs;
  };

  return {
    take: async (key, rule) => {
      const taken = own.takeNow(key, rule);
      if (!taken.allowed || redis.status !== 'ready' || !isAble()) return taken;
      const refusedMs = Math.ceil((refusedUntil.get(key) ?? 0) - performance.now());
      if (refusedMs > 0) {
        taken.giveBack();
        return { allowed: false, retryAfterMs: refusedMs };
      }
      const name = `${prefix}:limit:${key}`;
      const id = randomBytes(9).toString('base64url');
      // Sent even while nobody waits for the answer: what this node lets through meanwhile counts for all nodes.
      const answer = redis.parleyTake(name, rule.limit, rule.windowMs, id).catch(() => undefined);
      const waitMs = await inTime(answer, rule.isPatient === true);
      if (waitMs !== undefined && waitMs > 0) {
        taken.giveBack();
        return { allowed: false, retryAfterMs: waitMs };
      }
      // Redis counted it a little later than this node. Renewed to now, so that our own answer never promises an earlier time than Redis'.
      if (waitMs === 0) taken.renew();
      else
        void answer.then((lateMs) => {
          if (lateMs !== undefined && lateMs > 0) refusedUntil.set(key, performance.now() + lateMs);
        });
      return {
        allowed: true,
        giveBack: () => {
          taken.giveBack();
          // Even if the answer came late: on one connection this runs after the take. If Redis is away, it costs the caller one.
          redis.zrem(name, id).catch(() => undefined);
        },
      };
    },
    close: () => {
      clearInterval(sweeping);
      own.close();
    },
  };
};

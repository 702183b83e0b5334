/**
 * Limits over all nodes: a log of times for each key in Redis, by Redis' own clock. Redis gets 20 ms to answer; then the
 * node counts alone, and asks Redis again a second later.
 */
import { randomBytes } from 'node:crypto';
import type { Redis, Result } from 'ioredis';
import { createMemoryRateLimits } from './memory-rate-limits.js';
import type { RateLimitRule, RateLimitStore } from './rate-limit-store.js';

// Microseconds: rounded to milliseconds, two windows could overlap by one.
const TAKE = `
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
  /** Must fail at once while Redis is away: no offline queue. Stays the caller's to close. */
  redis: Redis;
  /** Keeps apart what different installations count on one Redis. */
  prefix?: string;
  /** How long Redis may take to answer, in milliseconds. */
  patienceMs?: number;
  /** How long it is left alone after it did not, in milliseconds. */
  restMs?: number;
}

export const createRedisRateLimits = ({
  redis,
  prefix = 'parley',
  patienceMs = 20,
  restMs = 1000,
}: RedisRateLimitsOptions): RateLimitStore => {
  redis.defineCommand('parleyTake', { numberOfKeys: 1, lua: TAKE });
  // This node's own, counted here as well: whether Redis goes or comes back, nobody gets a fresh window on this node.
  const own = createMemoryRateLimits();
  let restUntil = 0;

  /** @returns the milliseconds to wait, 0 where it was taken, undefined where Redis did not answer in time */
  const ask = async (name: string, rule: RateLimitRule, id: string): Promise<number | undefined> => {
    let timer: NodeJS.Timeout | undefined;
    // When this process was what was late, the answer lies waiting to be read: that comes before the immediate.
    const patience = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => setImmediate(() => resolve(undefined)), patienceMs);
    });
    const answer = redis.parleyTake(name, rule.limit, rule.windowMs, id).catch(() => undefined);
    const waitMs = await Promise.race([answer, patience]);
    clearTimeout(timer);
    if (waitMs === undefined) restUntil = performance.now() + restMs;
    return waitMs;
  };

  return {
    take: async (key, rule) => {
      const taken = own.takeNow(key, rule);
      if (!taken.allowed || performance.now() < restUntil) return taken;
      const name = `${prefix}:limit:${key}`;
      const id = randomBytes(9).toString('base64url');
      const waitMs = await ask(name, rule, id);
      if (waitMs !== undefined && waitMs > 0) {
        taken.giveBack();
        return { allowed: false, retryAfterMs: waitMs };
      }
      // Redis counted it a little later than we did. As of now, so that our own answer never promises an earlier time than Redis'.
      if (waitMs === 0) taken.renew();
      return {
        allowed: true,
        giveBack: () => {
          taken.giveBack();
          // Also where the answer came late: on one connection this is done after it. While Redis is away it costs its owner one.
          redis.zrem(name, id).catch(() => undefined);
        },
      };
    },
    close: () => own.close(),
  };
};

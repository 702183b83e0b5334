import { randomUUID } from 'node:crypto';
import { createServer, connect, type Server, type Socket } from 'node:net';
import { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { RateLimitStore } from '../../src/bus/rate-limit-store.js';
import { createRedisRateLimits, type RedisRateLimitsOptions } from '../../src/bus/redis-rate-limits.js';

const redisUrl = new URL(process.env.REDIS_URL!);

const connected = async (url = redisUrl.href): Promise<Redis> => {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: 1000,
    retryStrategy: () => 20,
  });
  redis.on('error', () => undefined);
  await new Promise((resolve) => redis.once('ready', resolve));
  onTestFinished(() => redis.disconnect());
  return redis;
};

/** A node: its own connection, its own memory. */
const nodeWith = async (options: Partial<RedisRateLimitsOptions> = {}, url?: string) => {
  const redis = await connected(url);
  // The machine that tests run on may be slow; what 20 ms do is a test of its own.
  const limits = createRedisRateLimits({ redis, patienceMs: 5000, ...options });
  onTestFinished(() => limits.close());
  return { redis, limits };
};

/** A way to Redis that can be cut and restored. */
const wire = async () => {
  const sockets = new Set<Socket>();
  let isFrozen = false;
  let lateMs = 0;
  const server: Server = createServer((near) => {
    const far = connect(Number(redisUrl.port || 6379), redisUrl.hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => [near, far].forEach((end) => end.destroy()));
    }
    near.on('data', (data) => isFrozen || far.write(data));
    far.on('data', (data) => (lateMs > 0 ? setTimeout(() => near.write(data), lateMs) : near.write(data)));
  });
  const listen = (port = 0) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  await listen();
  const { port } = server.address() as { port: number };
  const cut = async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  onTestFinished(() => void (server.listening && cut()));
  return {
    url: `redis://127.0.0.1:${port}`,
    cut,
    restore: () => listen(port),
    freeze: (frozen: boolean) => (isFrozen = frozen),
    /** Every answer is late by so much. */
    slow: (ms: number) => (lateMs = ms),
  };
};

const someone = () => `test:${randomUUID()}`;

describe('limits over all nodes', () => {
  it('S2.23 C5 allows as many as said over two nodes at once', async () => {
    const [a, b] = [await nodeWith(), await nodeWith()];
    const key = someone();

    const takes = await Promise.all(
      Array.from({ length: 40 }, (_, index) => (index % 2 ? a : b).limits.take(key, { limit: 10, windowMs: 60_000 })),
    );

    expect(takes.filter((take) => take.allowed)).toHaveLength(10);
    for (const take of takes) {
      if (take.allowed) continue;
      expect(take.retryAfterMs).toBeGreaterThan(55_000);
      expect(take.retryAfterMs).toBeLessThanOrEqual(60_000);
    }
  });

  it('S2.23 C5 says exactly when the next is allowed, on whichever node', async () => {
    const [a, b] = [await nodeWith(), await nodeWith()];
    const key = someone();
    const rule = { limit: 2, windowMs: 400 };
    /** On a busy machine the first may be over before the last is taken. */
    const takeUntilRefused = async (limits: RateLimitStore) => {
      for (;;) {
        const take = await limits.take(key, rule);
        if (!take.allowed) return take;
      }
    };

    for (const { limits } of [a, b]) {
      const { retryAfterMs } = await takeUntilRefused(limits);
      const startedAt = performance.now();
      await expect.poll(() => performance.now() - startedAt, { interval: 1 }).toBeGreaterThanOrEqual(retryAfterMs);

      // Waited as told: once must be enough.
      expect(await limits.take(key, rule)).toMatchObject({ allowed: true });
    }
  });

  it('S2.23 counts neither what was refused nor what was given back', async () => {
    const [a, b] = [await nodeWith(), await nodeWith()];
    const key = someone();
    const rule = { limit: 1, windowMs: 60_000 };
    const taken = await a.limits.take(key, rule);
    expect(await b.limits.take(key, rule)).toMatchObject({ allowed: false });

    if (taken.allowed) taken.giveBack();

    await expect.poll(async () => (await b.limits.take(key, rule)).allowed).toBe(true);
    expect(await a.limits.take(key, rule)).toMatchObject({ allowed: false });
  });

  it('leaves nothing in Redis once the window is over', async () => {
    const { redis, limits } = await nodeWith();
    const key = someone();

    await limits.take(key, { limit: 10, windowMs: 200 });

    expect(await redis.exists(`parley:limit:${key}`)).toBe(1);
    await expect.poll(() => redis.exists(`parley:limit:${key}`)).toBe(0);
  });

  it('S2.23 C5 counts alone while Redis is away, remembers what was taken before, and asks it again when it is back', async () => {
    const line = await wire();
    const [cutOff, other] = [await nodeWith({ restMs: 20 }, line.url), await nodeWith()];
    const key = someone();
    const rule = { limit: 3, windowMs: 60_000 };
    await cutOff.limits.take(key, rule);

    await line.cut();
    const alone = [await cutOff.limits.take(key, rule), await cutOff.limits.take(key, rule)];
    const refused = await cutOff.limits.take(key, rule);

    expect(alone).toMatchObject([{ allowed: true }, { allowed: true }]);
    expect(refused).toMatchObject({ allowed: false });
    await line.restore();
    await expect.poll(() => cutOff.redis.status).toBe('ready');
    const next = someone();
    // Whoever is counted in Redis again is seen by the other node.
    await expect
      .poll(async () => {
        await cutOff.limits.take(next, { limit: 1000, windowMs: 60_000 });
        return other.redis.exists(`parley:limit:${next}`);
      })
      .toBe(1);
  });

  it('answers within 20 ms or so where Redis hangs, and then does not ask it for a second', async () => {
    const line = await wire();
    const { limits } = await nodeWith({ patienceMs: 20 }, line.url);
    const key = someone();
    const rule = { limit: 1000, windowMs: 60_000 };
    line.freeze(true);

    const startedAt = performance.now();
    const takes = [await limits.take(key, rule)];
    const firstMs = performance.now() - startedAt;
    for (let more = 0; more < 100; more++) takes.push(await limits.take(key, rule));
    const allMs = performance.now() - startedAt;

    expect(takes.every((take) => take.allowed)).toBe(true);
    expect(firstMs).toBeGreaterThanOrEqual(19);
    // One wait, not a hundred.
    expect(allMs).toBeLessThan(1500);
  });

  it('S2.23 C5 waits longer for a busy Redis where the rule is patient: a crowd does not open it, on whichever node', async () => {
    const line = await wire();
    line.slow(60);
    const slow = { patienceMs: 5, longPatienceMs: 10_000 };
    const [a, b] = [await nodeWith(slow, line.url), await nodeWith(slow, line.url)];
    const key = someone();

    const takes = await Promise.all(
      Array.from({ length: 100 }, (_, n) =>
        (n % 2 ? a : b).limits.take(key, { limit: 30, windowMs: 60_000, isPatient: true }),
      ),
    );

    expect(takes.filter(({ allowed }) => allowed)).toHaveLength(30);
  });

  it('S2.23 C5 heeds what Redis refuses too late, and counts there what was let through without it', async () => {
    const line = await wire();
    line.slow(60);
    const [late, inTime] = [await nodeWith({ patienceMs: 5, restMs: 60_000 }, line.url), await nodeWith()];
    const key = someone();
    const rule = { limit: 50, windowMs: 60_000 };
    for (let n = 1; n < 50; n += 1) await inTime.limits.take(key, rule);

    // The first is the last of them; what comes next is refused as soon as Redis has said so of one.
    let letThrough = 0;
    await expect
      .poll(async () => {
        const { allowed } = await late.limits.take(key, rule);
        if (allowed) letThrough += 1;
        return allowed;
      })
      .toBe(false);

    expect(letThrough).toBeGreaterThan(0);
    expect(letThrough).toBeLessThan(40);
    expect(await inTime.limits.take(key, rule)).toMatchObject({ allowed: false });
    expect(await late.redis.zcard(`parley:limit:${key}`)).toBe(50);
  });
});

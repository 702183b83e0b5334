/** Who is online over several nodes that share a Redis, each node here a registry of its own. */
import { expect, it, onTestFinished } from 'vitest';
import { createRedisBus } from '../../../src/bus/redis.js';
import { createRedisOnline } from '../../../src/bus/redis-online.js';
import { until } from '../../support/until.js';

const { REDIS_URL = '' } = process.env;

const aNode = async (prefix: string, { ttlMs = 10_000, beatMs = 20 } = {}) => {
  const bus = createRedisBus({ url: REDIS_URL, prefix });
  await until(() => bus.commands.status === 'ready', 'Redis');
  const registry = createRedisOnline({ redis: bus.commands, prefix, ttlMs, beatMs, patienceMs: 5000 });
  let doubts = 0;
  registry.onDoubt(() => (doubts += 1));
  let isClosed = false;
  /** @param isClean false: as one that was killed, which takes nothing back */
  const close = async ({ isClean = true } = {}) => {
    if (isClosed) return;
    isClosed = true;
    if (!isClean) bus.commands.disconnect();
    await registry.close();
    await bus.close();
  };
  onTestFinished(() => close());
  const others = async (...ids: string[]) => [...(await registry.others(ids))!].sort();
  return { ...registry, redis: bus.commands, others, close, doubts: () => doubts };
};

const prefixOf = () => `online:${crypto.randomUUID()}`;

it('T55 each node knows who is on the others, not who is on itself', async () => {
  const prefix = prefixOf();
  const [one, other, third] = [await aNode(prefix), await aNode(prefix), await aNode(prefix)];

  await one.tell(['1', '2'], []);
  await other.tell(['2', '3'], []);
  expect(await one.others('1', '2', '3', '4')).toEqual(['2', '3']);
  expect(await third.others('1', '2', '3', '4')).toEqual(['1', '2', '3']);
  await one.tell([], ['2']);
  await other.tell([], ['2', '3']);
  expect(await third.others('1', '2', '3')).toEqual(['1']);
});

it('T55 tens of thousands are told and asked for in few commands', async () => {
  const prefix = prefixOf();
  const [one, other] = [await aNode(prefix), await aNode(prefix)];
  const ids = Array.from({ length: 25_000 }, (_, n) => String(n));

  await one.tell(ids, []);
  expect(await other.others(...ids)).toHaveLength(25_000);
  await one.tell([], ids.slice(1));
  expect(await other.others(...ids)).toEqual(['0']);
});

it('T55 a node that died has nobody once its time is up, and the others are told to look again; one that stops at once', async () => {
  const prefix = prefixOf();
  const [one, other] = [await aNode(prefix, { ttlMs: 500 }), await aNode(prefix)];
  const leaving = await aNode(prefix);
  await one.tell(['1'], []);
  await leaving.tell(['2'], []);
  await until(() => other.doubts() > 0, 'the other to see that nodes came');
  expect(await other.others('1', '2')).toEqual(['1', '2']);

  await leaving.close();
  expect(await other.others('1', '2')).toEqual(['1']);
  const before = other.doubts();
  await one.close({ isClean: false });
  await expect.poll(() => other.others('1', '2'), { timeout: 10_000 }).toEqual([]);
  await until(() => other.doubts() > before, 'the other to notice');
});

it('T55 what Redis forgot is told it again', async () => {
  const prefix = prefixOf();
  const [one, other] = [await aNode(prefix), await aNode(prefix)];
  await one.tell(['1', '2'], []);
  await until(() => other.doubts() > 0, 'the other to see the node');

  const keys = await other.redis.keys(`${prefix}:online*`);
  await other.redis.del(...keys);

  await expect.poll(() => other.others('1', '2'), { timeout: 10_000 }).toEqual(['1', '2']);
});

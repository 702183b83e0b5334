/** Places over several nodes that share a Redis, each node here a registry and a bus of its own. */
import { afterEach, expect, it, onTestFinished } from 'vitest';
import { freePort, startRedis } from '../../../scripts/services.mjs';
import type { Bus } from '../../../src/bus/bus.js';
import { createRedisBus } from '../../../src/bus/redis.js';
import { createRedisPlaces } from '../../../src/bus/redis-places.js';
import { createPlaces, type Place } from '../../../src/domain/streams/places.js';
import { createProxy } from '../../faults/parties/proxy.js';
import { until } from '../../support/until.js';

const fail = (error: unknown) => {
  throw error;
};

const { REDIS_URL = '' } = process.env;
let prefix = `places:${crypto.randomUUID()}`;
afterEach(() => {
  prefix = `places:${crypto.randomUUID()}`;
});

/** @param lose how many of its first publications nobody hears */
const aNode = async ({ limit = 1, url = REDIS_URL, ttlMs = 15_000, patienceMs = 2000, lose = 0 } = {}) => {
  const bus = createRedisBus({ url, prefix });
  await until(() => bus.commands.status === 'ready', 'Redis');
  const registry = createRedisPlaces({ redis: bus.commands, prefix, ttlMs, patienceMs, restMs: 50 });
  let published = 0;
  const lossy: Bus = {
    ...bus,
    publish: (topic, event) => {
      published += 1;
      if (published > lose) bus.publish(topic, event);
    },
  };
  const places = createPlaces({ registry, bus: lossy, limit, onError: fail });
  await places.start();
  let isClosed = false;
  /** @param isClean false: as one that was killed, which takes nothing back */
  const close = async ({ isClean = true } = {}) => {
    if (isClosed) return;
    isClosed = true;
    places.close();
    if (!isClean) bus.commands.disconnect();
    await registry.close();
    await bus.close();
  };
  onTestFinished(() => close());
  const gone: string[] = [];
  const take = (carrierId: string, userId = 1n): Promise<Place> =>
    places.take({ userId, chatId: 7n, carrierId, isForPresence: true }, () => void gone.push(carrierId));
  return { ...places, bus, gone, take, close };
};

it('S2.24 the newest takes over, on whichever node', async () => {
  const [one, other] = [await aNode(), await aNode()];

  await one.take('a');
  await other.take('b');
  await until(() => one.gone.length === 1, 'the first to be taken over');
  await one.take('c');
  await until(() => other.gone.length === 1, 'the second to be taken over');
  await other.take('somebody else', 2n);

  expect([one.gone, other.gone]).toEqual([['a'], ['b']]);
});

it('the newest takes over though Redis lost what its node told the others', async () => {
  const [one, other] = [await aNode(), await aNode({ lose: 2 })];

  await one.take('a');
  await other.take('b');
  await until(() => one.gone.length === 1, 'the first to be taken over');

  expect([one.gone, other.gone]).toEqual([['a'], []]);
});

it('of several that are taken at once on two nodes as many stay as may', async () => {
  for (const limit of [1, 2]) {
    const [one, other] = [await aNode({ limit }), await aNode({ limit })];

    await Promise.all(Array.from({ length: 10 }, (_, n) => (n % 2 === 0 ? one : other).take(`${n}`)));

    await until(() => one.gone.length + other.gone.length >= 10 - limit, 'all but the newest to be taken over');
    await one.take('fence');
    await until(() => one.gone.length + other.gone.length >= 11 - limit, 'the next');
    expect(one.gone.length + other.gone.length).toBe(11 - limit);
    await Promise.all([one.close(), other.close()]);
    prefix = `places:${crypto.randomUUID()}`;
  }
});

it('C10 who has joined on one node has joined on all, until they leave', async () => {
  const [one, other] = [await aNode(), await aNode()];
  const place = await one.take('a');
  expect(await other.isPresent(1n, 7n)).toBe(false);

  await place.announce();
  expect(other.isPresentHere(1n, 7n)).toBe(false);
  expect(await other.isPresent(1n, 7n)).toBe(true);

  place.release();
  await expect.poll(() => other.isPresent(1n, 7n)).toBe(false);
});

it('the places of a node that died are free once its hash is', async () => {
  const [one, other] = [await aNode({ ttlMs: 300 }), await aNode({ ttlMs: 300 })];
  await (await one.take('a')).announce();
  expect(await other.isPresent(1n, 7n)).toBe(true);

  await one.close({ isClean: false });

  await expect.poll(() => other.isPresent(1n, 7n)).toBe(false);
});

it('a node that lives keeps its places for longer than its hash would last by itself', async () => {
  const [one, other] = [await aNode({ ttlMs: 200 }), await aNode({ ttlMs: 200 })];
  await (await one.take('a')).announce();
  const first = await aNode({ ttlMs: 200 });
  await (await first.take('dead', 2n)).announce();
  await first.close({ isClean: false });

  // Both began together, and the dead one is gone by now.
  await expect.poll(() => other.isPresent(2n, 7n)).toBe(false);
  expect(await other.isPresent(1n, 7n)).toBe(true);
});

it('with Redis away each node goes by its own, and what is too many goes once it is back', async () => {
  const port = await freePort();
  let redis = await startRedis({ port });
  onTestFinished(() => redis.stop());
  const { url } = redis;
  const [one, other] = [await aNode({ url }), await aNode({ url })];
  await (await one.take('a')).announce();
  await redis.stop();
  await until(() => one.bus.commands.status !== 'ready' && other.bus.commands.status !== 'ready', 'Redis to be away');

  await (await other.take('b')).announce();
  expect([one.gone, other.gone]).toEqual([[], []]);
  expect([one.isPresentHere(1n, 7n), await other.isPresent(1n, 7n)]).toEqual([true, true]);
  await one.take('c');
  expect(one.gone).toEqual(['a']);

  redis = await startRedis({ port });
  await until(() => one.gone.length + other.gone.length === 2, 'one of the two to be taken over');
  // Taken within milliseconds, by two nodes that could not ask for the time: which of them is the newer one is their guess.
  expect([
    ['a', 'b'],
    ['a', 'c'],
  ]).toContainEqual([...one.gone, ...other.gone]);
});

/** It can be made to stand still. */
const stoppableRedis = async () => {
  const { url, pid, stop } = await startRedis();
  const freeze = () => process.kill(pid, 'SIGSTOP');
  const thaw = () => process.kill(pid, 'SIGCONT');
  onTestFinished(async () => {
    thaw();
    await stop();
  });
  return { url, freeze, thaw };
};

it('S2.24 those that were taken while Redis was late are compared once it answers: the newest stay, whichever node they are on', async () => {
  for (const limit of [1, 3]) {
    const { url, freeze, thaw } = await stoppableRedis();
    const [one, other] = [await aNode({ url, limit, patienceMs: 5 }), await aNode({ url, limit, patienceMs: 5 })];
    await one.take('first');

    freeze();
    for (let n = 0; n < 10; n += 1) await (n % 2 === 0 ? one : other).take(`${n}`);
    const before = one.gone.length + other.gone.length;
    thaw();

    await until(() => one.gone.length + other.gone.length === 11 - limit, 'all but the newest to be taken over');
    expect(before).toBeLessThan(11 - limit);
    const newest = ['9', '8', '7'].slice(0, limit);
    for (const carrierId of newest) expect([...one.gone, ...other.gone]).not.toContain(carrierId);
    prefix = `places:${crypto.randomUUID()}`;
  }
});

it('a place that was left while Redis was away counts nowhere once it is back', async () => {
  const port = await freePort();
  const redis = await startRedis({ port });
  onTestFinished(() => redis.stop());
  const way = await createProxy(port);
  onTestFinished(() => way.stop());
  const [one, other] = [
    await aNode({ url: `redis://127.0.0.1:${way.port}`, limit: 2 }),
    await aNode({ url: redis.url, limit: 2 }),
  ];
  const left = await one.take('left');
  await left.announce();
  await one.take('kept', 2n);

  way.close();
  await until(() => one.bus.commands.status !== 'ready', 'Redis to be away');
  left.release();
  way.heal();

  await expect.poll(() => other.isPresent(1n, 7n)).toBe(false);
});

import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { startRedis } from '../../../scripts/services.mjs';
import type { Topic } from '../../../src/bus/bus.js';
import { createRedisBus } from '../../../src/bus/redis.js';
import { until } from '../../support/until.js';

const topic = (name: string) => name as Topic<{ text: string }>;

/** A bus on a Redis of its own, which can be killed and started again where it was. */
const ownBus = async () => {
  let service = await startRedis();
  const { url, port } = service;
  const errors: unknown[] = [];
  const states: string[] = [];
  const bus = createRedisBus({ url, onState: (state) => states.push(state), onError: (error) => errors.push(error) });
  onTestFinished(async () => {
    await bus.close();
    await service.stop();
  });
  await until(() => states.includes('connected'), 'Redis');
  return {
    bus,
    errors,
    kill: async () => {
      process.kill(service.pid, 'SIGKILL');
      await service.stop();
    },
    restart: async () => {
      service = await startRedis({ port });
    },
  };
};

/** Vitest fails a run in which a rejection went unhandled; a node would end. */
it('hears what it listens to after each restart of Redis, whatever was asked for meanwhile', async () => {
  const { bus, errors, kill, restart } = await ownBus();
  const heard = new Map<string, number>();
  const listen = async (name: string) => {
    heard.set(name, 0);
    return bus.subscribe(topic(name), () => heard.set(name, heard.get(name)! + 1));
  };
  await listen('from the beginning');
  let isOver = false;
  // Comes and goes without a pause, so that some of it falls into each moment of losing and finding the connection.
  const churn = async (name: string) => {
    while (!isOver) {
      const stop = bus.subscribe(topic(name), () => undefined);
      bus.publish(topic(name), { text: 'x' });
      if (Math.random() < 0.5) (await stop)();
      else void stop.then((unsubscribe) => unsubscribe());
      await delay(Math.random() * 5);
    }
  };
  const churning = Promise.all(Array.from({ length: 8 }, (_, index) => churn(`topic ${index % 4}`)));

  for (let cycle = 0; cycle < 6; cycle++) {
    await delay(Math.random() * 100);
    await kill();
    const listening = Promise.all([listen(`topic ${cycle % 4}`), listen(`while away ${cycle}`)]);
    await delay(Math.random() * 200);
    await restart();
    await listening;
  }
  isOver = true;
  await churning;

  const names = [...heard.keys()];
  const before = new Map(heard);
  await until(() => {
    for (const name of names) bus.publish(topic(name), { text: 'now' });
    return names.every((name) => heard.get(name)! > before.get(name)!);
  }, `all to be heard: ${names.join()}`);
  expect(errors).toEqual([]);
}, 60_000);

it('no longer hears what it has let go of', async () => {
  const { bus } = await ownBus();
  const heard: string[] = [];
  const stop = await bus.subscribe(topic('one'), ({ text }) => heard.push(text));
  await bus.subscribe(topic('one'), ({ text }) => heard.push(`still ${text}`));

  bus.publish(topic('one'), { text: 'first' });
  await until(() => heard.length === 2, 'the first');
  stop();
  bus.publish(topic('one'), { text: 'second' });
  await until(() => heard.includes('still second'), 'the second');

  expect(heard.sort()).toEqual(['first', 'still first', 'still second']);
});

it('closes at once while Redis is away, with subscriptions that wait for it', async () => {
  const { bus, kill } = await ownBus();
  await bus.subscribe(topic('before'), () => undefined);
  await kill();
  const waiting = bus.subscribe(topic('while away'), () => undefined);
  const begun = performance.now();

  await bus.close();

  expect(performance.now() - begun).toBeLessThan(1500);
  await waiting;
});

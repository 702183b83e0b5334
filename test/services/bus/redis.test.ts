import { randomUUID } from 'node:crypto';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { jsonTopic } from '../../../src/bus/bus.js';
import { createRedisBus } from '../../../src/bus/redis.js';
import { until } from '../../support/until.js';

const topic = (name: string) => jsonTopic<{ text: string }>(name);

/** So often the answers of Redis come, all at once: there is time to ask for something while a connection is being made. */
const ANSWERS_EVERY_MS = 20;

/** A way to Redis that can be cut and restored, or swallow what comes over the connections that there are, and tell nobody. */
const slowWay = async () => {
  const redis = new URL(process.env.REDIS_URL!);
  const sockets = new Set<Socket>();
  const maim: (() => void)[] = [];
  const server: Server = createServer((near) => {
    const far = connect(Number(redis.port || 6379), redis.hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => [near, far].forEach((end) => end.destroy()));
    }
    let isMaimed = false;
    maim.push(() => (isMaimed = true));
    near.on('data', (data) => !isMaimed && far.write(data));
    const answers: Buffer[] = [];
    far.on('data', (data) => answers.push(data));
    const timer = setInterval(() => !isMaimed && near.write(Buffer.concat(answers.splice(0))), ANSWERS_EVERY_MS);
    near.once('close', () => clearInterval(timer));
  });
  const listen = (port = 0) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  await listen();
  const { port } = server.address() as { port: number };
  const cut = async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    await closed;
  };
  onTestFinished(async () => void (server.listening && (await cut())));
  return {
    url: `redis://127.0.0.1:${port}`,
    cut,
    restore: () => listen(port),
    swallow: () => maim.splice(0).forEach((one) => one()),
  };
};

const ownBus = async () => {
  const way = await slowWay();
  const errors: unknown[] = [];
  const states: string[] = [];
  const bus = createRedisBus({
    url: way.url,
    prefix: randomUUID(),
    onState: (state) => states.push(state),
    onError: (error) => errors.push(error),
  });
  onTestFinished(() => bus.close());
  const timesConnected = () => states.filter((state) => state === 'connected').length;
  await until(() => timesConnected() > 0, 'Redis');
  return { bus, way, errors, timesConnected };
};

// Vitest fails a run in which a rejection went unhandled; a node would end.
it('hears what it listens to after each loss of Redis, whatever was asked for meanwhile', async () => {
  const { bus, way, errors, timesConnected } = await ownBus();
  const heard = new Map<string, number>();
  const listen = async (name: string) => {
    heard.set(name, 0);
    await bus.subscribe(topic(name), () => heard.set(name, heard.get(name)! + 1));
  };
  await listen('from the beginning');
  let isOver = false;
  // Comes and goes without a pause, so that some of it falls into each moment of losing and finding the connection.
  const churn = async (name: string) => {
    for (let index = 0; !isOver; index += 1) {
      const stop = bus.subscribe(topic(`${name}.${index}`), () => undefined);
      bus.publish(topic(name), { text: 'x' });
      void stop.then((unsubscribe) => unsubscribe());
      await delay(2);
    }
  };
  const churning = Promise.all(Array.from({ length: 4 }, (_, index) => churn(`topic ${index}`)));

  for (let cycle = 0; cycle < 5; cycle++) {
    await way.cut();
    const listening = Promise.all([listen(`topic ${cycle}`), listen(`while away ${cycle}`)]);
    await way.restore();
    await until(() => timesConnected() > cycle + 1, 'Redis again');
    await listening;
  }
  isOver = true;
  await churning;

  const before = new Map(heard);
  await until(() => {
    for (const name of heard.keys()) bus.publish(topic(name), { text: 'now' });
    return [...heard].every(([name, times]) => times > before.get(name)!);
  }, 'all to be heard');
  expect(errors).toEqual([]);
});

it('finds a new way where its connections were lost without a word', async () => {
  const { bus, way, timesConnected } = await ownBus();
  const heard: string[] = [];
  await bus.subscribe(topic('one'), ({ text }) => heard.push(text));

  way.swallow();
  bus.publish(topic('one'), { text: 'swallowed' });
  await until(() => timesConnected() > 1, 'new connections');
  await until(() => {
    bus.publish(topic('one'), { text: 'over the new ones' });
    return heard.includes('over the new ones');
  }, 'what is published then');

  expect(heard).not.toContain('swallowed');
}, 30_000);

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

it('closes soon while Redis is away, with subscriptions that wait for it', async () => {
  const { bus, way } = await ownBus();
  await bus.subscribe(topic('before'), () => undefined);
  await way.cut();
  const waiting = bus.subscribe(topic('while away'), () => undefined);
  const begun = performance.now();

  await bus.close();

  expect(performance.now() - begun).toBeLessThan(1900);
  await waiting;
});

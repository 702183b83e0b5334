import { expect, it } from 'vitest';
import type { Topic } from '../../src/bus/bus.js';
import { createMemoryBus } from '../../src/bus/memory.js';

const neverAsText: Topic<object> = {
  name: 'topic',
  encode: () => expect.unreachable('It was written as text'),
  decode: () => expect.unreachable('It was read from text'),
};

it('gives every listener the event itself, in order, after publish has returned', async () => {
  const bus = createMemoryBus((error) => expect.unreachable(String(error)));
  const events = [{ at: new Date() }, { at: new Date() }];
  const heard: object[][] = [[], []];
  for (const list of heard) await bus.subscribe(neverAsText, (event) => list.push(event));

  for (const event of events) bus.publish(neverAsText, event);
  const heardAtOnce = heard.flat().length;
  await Promise.resolve();

  expect(heardAtOnce).toBe(0);
  for (const list of heard) {
    expect(list).toHaveLength(2);
    for (const [index, event] of list.entries()) expect(event).toBe(events[index]);
  }
});

it('tells the others although one of them throws, and nobody who has stopped listening', async () => {
  const errors: unknown[] = [];
  const bus = createMemoryBus((error) => errors.push(error));
  const heard: object[] = [];
  const failure = new Error('A listener failed');
  await bus.subscribe(neverAsText, () => {
    throw failure;
  });
  const stop = await bus.subscribe(neverAsText, (event) => heard.push(event));
  const event = {};

  bus.publish(neverAsText, event);
  await Promise.resolve();
  stop();
  bus.publish(neverAsText, {});
  await Promise.resolve();

  expect(heard).toEqual([event]);
  expect(errors).toEqual([failure, failure]);
});

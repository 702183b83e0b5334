import { expect, it } from 'vitest';
import { createSharedBytes } from '../../src/server/shared-bytes.js';

it('keeps what was written for an event and a plan, and no more than so much: the oldest goes first', () => {
  const shared = createSharedBytes(10);
  const [one, other] = [{ followers: 2 }, { followers: 2 }];
  const events = [{}, {}, {}];

  shared.set(events[0]!, one, Buffer.from('1234'));
  shared.set(events[0]!, other, Buffer.from('12'));
  shared.set(events[1]!, one, Buffer.from('1234'));
  expect(String(shared.get(events[0]!, one))).toBe('1234');
  shared.set(events[2]!, one, Buffer.from('1'));

  expect(shared.get(events[0]!, one)).toBeUndefined();
  expect(String(shared.get(events[0]!, other))).toBe('12');
  expect(String(shared.get(events[1]!, one))).toBe('1234');
  expect(shared.get(events[1]!, other)).toBeUndefined();
});

it('stays within its bound however many events there are', () => {
  const shared = createSharedBytes(100);
  const plan = { followers: 2 };
  const events = Array.from({ length: 5000 }, () => ({}));

  for (const event of events) shared.set(event, plan, Buffer.alloc(10));

  expect(events.filter((event) => shared.get(event, plan) !== undefined)).toHaveLength(10);
});

import { describe, expect, it } from 'vitest';
import { createEventSource, unwrap, type Delivery } from '../../src/graphql/event-source.js';

/** Hands out what it is given, then waits until it is let go of. */
const sourceOf = (items: (number | Error)[]) => {
  const left = [...items];
  let isLetGo = false;
  let wake = () => {};
  return {
    isLetGo: () => isLetGo,
    next: async (): Promise<IteratorResult<number, undefined>> => {
      const item = left.shift();
      if (item instanceof Error) throw item;
      if (item === undefined && !isLetGo) await new Promise<void>((resolve) => (wake = resolve));
      return item === undefined || isLetGo ? { done: true, value: undefined } : { done: false, value: item };
    },
    return: (): Promise<IteratorResult<number, undefined>> => {
      isLetGo = true;
      wake();
      return Promise.resolve({ done: true, value: undefined });
    },
  };
};

const everything = (value: number) => ({ value });
const valueOf = (result: IteratorResult<Delivery<number>, undefined>) => (result.done ? null : unwrap(result.value));

describe('an event source', () => {
  it('delivers what is selected, in order, past what is not', async () => {
    const source = createEventSource(sourceOf([1, 2, 3, 4]), (value) => (value % 2 === 0 ? { value } : null));

    expect(valueOf(await source.next())).toBe(2);
    expect(valueOf(await source.next())).toBe(4);
  });

  it('lets go at once, also while it waits', async () => {
    const inner = sourceOf([]);
    const source = createEventSource(inner, everything);
    const waiting = source.next();

    await source.return!();

    expect(inner.isLetGo()).toBe(true);
    expect((await waiting).done).toBe(true);
    expect((await source.next()).done).toBe(true);
  });

  it('delivers the last one, and then lets go of its source', async () => {
    const inner = sourceOf([1, 2, 3]);
    const source = createEventSource<number, number>(inner, (value) => (value === 2 ? { last: { value } } : { value }));

    expect([valueOf(await source.next()), valueOf(await source.next())]).toEqual([1, 2]);
    expect(inner.isLetGo()).toBe(true);
    expect((await source.next()).done).toBe(true);
  });

  it('delivers what its source throws as a last error: a transport must not be given an exception', async () => {
    const inner = sourceOf([1, new Error('away')]);
    const source = createEventSource(inner, everything);
    await source.next();

    const last = await source.next();

    expect(() => valueOf(last)).toThrow('away');
    expect(inner.isLetGo()).toBe(true);
    expect((await source.next()).done).toBe(true);
  });
});

import { describe, expect, it } from 'vitest';
import { pull, type Sink } from '../../src/domain/streams/live-stream.js';
import { createEventSource, unwrap, type Delivery } from '../../src/graphql/event-source.js';

/** A stream that pushes these, and fails with an error among them. It never ends by itself. */
const streamOf = (items: readonly (number | Error)[]) => {
  const left = [...items];
  let sink: Sink<number> | null = null;
  let isStopped = false;
  const run = () => {
    while (!isStopped && left.length > 0 && sink!.isReady()) {
      const item = left.shift()!;
      if (item instanceof Error) sink!.fail(item);
      else sink!.push(item);
    }
  };
  return {
    isStopped: () => isStopped,
    pushTo: (to: Sink<number>) => {
      sink = to;
      run();
    },
    wake: run,
    stop: () => void (isStopped = true),
  };
};

const everything = (value: number) => ({ value });
const valueOf = (result: IteratorResult<Delivery<number>, undefined>) => (result.done ? null : unwrap(result.value));

describe('an event source', () => {
  it('delivers what is selected, in order, past what is not', async () => {
    const source = pull(createEventSource(streamOf([1, 2, 3, 4]), (value) => (value % 2 === 0 ? { value } : null)));

    expect(valueOf(await source.next())).toBe(2);
    expect(valueOf(await source.next())).toBe(4);
  });

  it('lets go at once, also while it waits', async () => {
    const inner = streamOf([]);
    const source = pull(createEventSource(inner, everything));
    const waiting = source.next();

    await source.return!();

    expect(inner.isStopped()).toBe(true);
    expect((await waiting).done).toBe(true);
    expect((await source.next()).done).toBe(true);
  });

  it('delivers the last one, and then lets go of its source', async () => {
    const inner = streamOf([1, 2, 3]);
    const source = pull(
      createEventSource<number, number>(inner, (value) => (value === 2 ? { last: { value } } : { value })),
    );

    expect([valueOf(await source.next()), valueOf(await source.next())]).toEqual([1, 2]);
    expect(inner.isStopped()).toBe(true);
    expect((await source.next()).done).toBe(true);
  });

  it('delivers what its source throws as a last error: a transport must not be given an exception', async () => {
    const inner = streamOf([1, new Error('away')]);
    const source = pull(createEventSource(inner, everything));
    await source.next();

    const last = await source.next();

    expect(() => valueOf(last)).toThrow('away');
    expect(inner.isStopped()).toBe(true);
    expect((await source.next()).done).toBe(true);
  });
});

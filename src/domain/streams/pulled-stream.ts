/** A stream written by hand: an async generator handles `return()` only at its next item; here `return()` acts at once. */

export interface PulledStreamOptions<Item> {
  /** The next item, once there is one. Never called concurrently. */
  pull: () => Promise<IteratorResult<Item>>;
  /** Releases everything at once; a `pull` that is waiting then completes. May be called again. */
  stop: () => void;
}

export interface PulledStream<Item> {
  stream: AsyncIterableIterator<Item>;
  /** How long the subscriber has not asked for an item: it is busy with the last one. 0 while it waits. */
  idleMs: () => number;
}

export const createPulledStream = <Item>({ pull, stop }: PulledStreamOptions<Item>): PulledStream<Item> => {
  let pulls: Promise<unknown> = Promise.resolve();
  let isPulling = false;
  let lastPullAt = performance.now();

  const stream: AsyncIterableIterator<Item> = {
    next: () => {
      isPulling = true;
      const result = pulls.then(pull).finally(() => {
        isPulling = false;
        lastPullAt = performance.now();
      });
      pulls = result.catch(stop); // a bug: it ends the stream, and releases everything
      return result;
    },
    return: () => {
      stop();
      return Promise.resolve({ done: true, value: undefined });
    },
    throw: (error: unknown) => {
      stop();
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    },
    [Symbol.asyncIterator]: () => stream,
  };
  return { stream, idleMs: () => (isPulling ? 0 : performance.now() - lastPullAt) };
};

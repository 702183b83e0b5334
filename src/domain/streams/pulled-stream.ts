/** A stream written out by hand: an async generator would only be left at its next item, and here `return()` acts at once. */

export interface PulledStreamOptions<Item> {
  /** The next item, once there is one. Called once at a time. */
  pull: () => Promise<IteratorResult<Item>>;
  /** Lets go of everything at once; a `pull` that waits then comes to its end. May be called again. */
  stop: () => void;
}

export interface PulledStream<Item> {
  stream: AsyncIterableIterator<Item>;
  /** For how long the subscriber has not asked for anything: it is busy with what it was given. 0 while it waits. */
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
      pulls = result.catch(stop); // a bug: it ends the stream, and holds nothing
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

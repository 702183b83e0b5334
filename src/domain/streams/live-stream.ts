/**
 * A stream of items that are pushed as they come, as long as the subscriber takes them. Items that it does not take yet wait in a
 * bounded queue, then in the log.
 */

/** Where a stream's items go. */
export interface Sink<Item> {
  /** Whether it takes an item now. After a `false` it calls the stream's `wake` once it does. */
  isReady(): boolean;
  /** Only while it is ready. */
  push(item: Item): void;
  /**
   * No item follows.
   *
   * @param isHeld the client reconnects by itself, which it would not after being told that the subscription is complete
   */
  end(isHeld: boolean): void;
  /** No item follows, because of an error. */
  fail(error: unknown): void;
}

export interface LiveStream<Item> {
  /** Begins. Called once. */
  pushTo(sink: Sink<Item>): void;
  /** The sink may be ready again. */
  wake(): void;
  /** Releases everything at once. The sink hears nothing any more. */
  stop(): void;
}

/** An iterator over a stream: for those who ask for one item after the other. */
export const pull = <Item>(stream: LiveStream<Item>): AsyncIterableIterator<Item, undefined> => {
  type Result = IteratorResult<Item, undefined>;
  const asked: { resolve: (result: Result) => void; reject: (error: unknown) => void }[] = [];
  /** Pushed without having been asked for: a last item. */
  const waiting: Item[] = [];
  let hasBegun = false;
  let hasEnded = false;

  const complete = () => {
    hasEnded = true;
    for (const { resolve } of asked.splice(0)) resolve({ done: true, value: undefined });
  };

  const sink: Sink<Item> = {
    isReady: () => asked.length > 0,
    push: (value) => {
      const first = asked.shift();
      if (first === undefined) waiting.push(value);
      else first.resolve({ done: false, value });
    },
    // One that is held open never completes by itself.
    end: (isHeld) => isHeld || complete(),
    fail: (error) => {
      asked.shift()?.reject(error);
      complete();
    },
  };

  const iterator: AsyncIterableIterator<Item, undefined> = {
    next: () =>
      new Promise<Result>((resolve, reject) => {
        if (waiting.length > 0) return resolve({ done: false, value: waiting.shift()! });
        if (hasEnded) return resolve({ done: true, value: undefined });
        asked.push({ resolve, reject });
        if (hasBegun) return stream.wake();
        hasBegun = true;
        stream.pushTo(sink);
      }),
    return: () => {
      stream.stop();
      complete();
      return Promise.resolve({ done: true, value: undefined });
    },
    throw: (error: unknown) => {
      stream.stop();
      complete();
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
};

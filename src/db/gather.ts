/** Reads that are asked for in one turn of the event loop, made in one statement. */
import DataLoader from 'dataloader';

interface GatherOptions<Key> {
  most?: number;
  keyOf?: (key: Key) => unknown;
}

/**
 * A read begins after all that it answers were asked for, and no answer is used for what is asked later: each is as fresh as if it
 * had been read alone.
 *
 * @param read answers as many keys at once, in their order; an Error for a key is that key's alone
 * @param options.most how many keys go into one read
 * @param options.keyOf what is equal for equal keys, which are then read once; without it, every key is read
 */
export const gather = <Key, Row>(
  read: (keys: readonly Key[]) => Promise<readonly (Row | Error)[]>,
  { most = 1000, keyOf }: GatherOptions<Key> = {},
): ((key: Key) => Promise<Row>) => {
  const loader = new DataLoader<Key, Row, unknown>(read, {
    cache: keyOf !== undefined,
    ...(keyOf && { cacheKeyFn: keyOf }),
    maxBatchSize: most,
    // After the callbacks of all sockets that had something to read.
    batchScheduleFn: (dispatch) =>
      void setImmediate(() => {
        loader.clearAll();
        dispatch();
      }),
  });
  return (key) => loader.load(key);
};

/** Reads that are asked for in one turn of the event loop, made in one statement. */
import DataLoader from 'dataloader';

/**
 * A read begins after all that it answers were asked for, and no answer is used twice: each is as fresh as if it had been read alone.
 *
 * @param read answers as many keys at once, in their order
 */
export const gather = <Key, Row>(
  read: (keys: readonly Key[]) => Promise<readonly Row[]>,
  { most = 1000 } = {},
): ((key: Key) => Promise<Row>) => {
  const loader = new DataLoader<Key, Row, unknown>(read, {
    cache: false,
    maxBatchSize: most,
    // After the callbacks of all sockets that had something to read.
    batchScheduleFn: (dispatch) => void setImmediate(dispatch),
  });
  return (key) => loader.load(key);
};

/**
 * A subscription's results on their way to the client. If the server ends their carrier (see `Ending`), the source emits one
 * last result and then stays silent. This stream waits until that result is taken, and then cuts the source.
 */
import type { ExecutionResult } from 'graphql';
import type { Ending } from '../domain/streams/ending.js';

export interface ResultStream extends AsyncIterableIterator<ExecutionResult, void> {
  /** The client should reconnect by itself, so it must not be told that the subscription is complete. */
  readonly wasCut: boolean;
  readonly deliveries: number;
  /** Resolves once the stream has ended. */
  readonly over: Promise<void>;
  next(): Promise<IteratorResult<ExecutionResult, void>>;
  /** Ends the stream at once. */
  return(): Promise<IteratorResult<ExecutionResult, void>>;
}

interface ResultStreamOptions {
  ending: Ending;
  /** Called just before a cut stream ends. */
  onCut?: () => void;
}

// The last result is already waiting in the source: after this silence, it has been taken.
const SILENCE_MS = 50;

export const createResultStream = (
  source: AsyncIterable<ExecutionResult>,
  { ending, onCut }: ResultStreamOptions,
): ResultStream => {
  const iterator = source[Symbol.asyncIterator]();
  let hasEnded = false;
  let givenSinceEnd = 0;
  let deliveries = 0;
  let wasCut = false;
  let isOver = false;
  let silence: NodeJS.Timeout | undefined;
  let settle: (result: IteratorResult<ExecutionResult, void>) => void = () => undefined;
  let announceOver: () => void;
  const over = new Promise<void>((resolve) => (announceOver = resolve));

  const finish = () => {
    isOver = true;
    clearTimeout(silence);
    stopListening();
    announceOver();
  };

  const cut = () => {
    wasCut = true;
    finish();
    onCut?.();
    settle({ done: true, value: undefined });
    // The source releases its resources. Nobody waits for that, and its errors concern no client.
    void Promise.resolve(iterator.return?.()).catch(() => undefined);
  };

  const stopListening = ending.onEnd(() => (hasEnded = true));

  const next = async (): Promise<IteratorResult<ExecutionResult, void>> => {
    if (isOver) return { done: true, value: undefined };
    if (hasEnded && givenSinceEnd > 0) silence = setTimeout(cut, SILENCE_MS);
    try {
      const pulled = iterator.next();
      const result = await new Promise<IteratorResult<ExecutionResult, void>>((resolve, reject) => {
        settle = resolve;
        pulled.then(resolve, reject);
      });
      clearTimeout(silence);
      if (result.done) finish();
      else {
        deliveries++;
        if (hasEnded) givenSinceEnd++;
      }
      return result;
    } catch (error) {
      finish();
      throw error;
    }
  };

  const stream: ResultStream = {
    get wasCut() {
      return wasCut;
    },
    get deliveries() {
      return deliveries;
    },
    over,
    next,
    return: async () => {
      if (!isOver) {
        finish();
        settle({ done: true, value: undefined });
        await iterator.return?.();
      }
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => stream,
  };
  return stream;
};

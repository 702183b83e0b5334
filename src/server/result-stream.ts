/**
 * A subscription's results on their way to the client. Where the server ends what carries them (see `Ending`), the
 * stream says so in one last result and then stays silent; here it is seen to have been taken, and the stream is cut.
 */
import type { ExecutionResult } from 'graphql';
import type { Ending } from '../domain/streams/ending.js';

export interface ResultStream extends AsyncIterableIterator<ExecutionResult, void> {
  /** The client is to come back by itself: it must not be told that the subscription is complete. */
  readonly wasCut: boolean;
  readonly deliveries: number;
  /** Resolves once nothing more comes out of it. */
  readonly over: Promise<void>;
  next(): Promise<IteratorResult<ExecutionResult, void>>;
  /** Lets go of everything at once. */
  return(): Promise<IteratorResult<ExecutionResult, void>>;
}

interface ResultStreamOptions {
  ending: Ending;
  /** Called just before a stream that was cut comes to its end. */
  onCut?: () => void;
}

// The last result waits in the stream already; what is not there by then was it.
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
    // It lets go of what it holds; nobody waits for that, and what goes wrong there concerns no client.
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

/**
 * The common part of every live stream: pulled, woken, ended with a last item, and retried while the database is away. Its
 * parts decide what it delivers.
 */
import { UnavailableError } from '../../db/database.js';
import type { Ending } from './ending.js';
import { createPulledStream } from './pulled-stream.js';
import type { EndCode } from './stream-item.js';

export interface EndedItem {
  kind: 'ended';
  code: EndCode;
  reason: string;
}

export interface SubscriptionParts<Item> {
  /** The next waiting item; undefined if there is none. */
  take: () => Item | Promise<Item> | undefined;
  /** Does the next piece of work, once nothing waits; undefined if there is nothing to do until it is woken. */
  work: () => Promise<void> | undefined;
  /** The database did not answer `work`, which is retried. Rethrow the error to fail the stream instead. */
  onUnavailable: (error: UnavailableError) => void;
  /** Drops the waiting items. */
  clear: () => void;
  /** Stops following and releases what it holds. */
  letGo: () => void;
}

export interface Subscription<Item> {
  stream: AsyncIterableIterator<Item | EndedItem>;
  /** An item waits, or there is work to do. */
  wake: () => void;
  /** @param isInOrder after the waiting items; otherwise those are dropped */
  end: (code: EndCode, reason: string, options?: { isInOrder?: boolean }) => void;
  /** Ends with a last item other than `ended`. */
  endWith: (last: Item | EndedItem, options?: { isInOrder?: boolean; isHeld?: boolean }) => void;
  /** Until it has ended or the subscriber has gone. Check again after each await. */
  isOpen: () => boolean;
  /** Whether it takes more items: it is open. If the subscriber has taken nothing for too long, this call ends it. */
  accepts: () => boolean;
}

/** The wait before an unavailable database is tried again. */
const RETRY_MS = 500;

/**
 * @param ending of the socket or request that carries this, ended by the server
 * @param slowReaderMs how long the subscriber may take nothing
 */
export const createSubscription = <Item>(
  parts: SubscriptionParts<Item>,
  { ending, slowReaderMs = Infinity }: { ending: Ending; slowReaderMs?: number },
): Subscription<Item> => {
  /** open → ending (the last item waits) → held (until the subscriber goes) or over */
  let state = 'open' as 'open' | 'ending' | 'held' | 'over';
  let last: { item: Item | EndedItem; isInOrder: boolean; isHeld: boolean } | null = null;
  let wakeUp: (() => void) | null = null;
  let stopEnding = () => {};

  const wake = () => {
    wakeUp?.();
    wakeUp = null;
  };
  /** Nothing may be awaited between the check that found nothing to do and this. */
  const sleep = (ms?: number) =>
    new Promise<void>((resolve) => {
      wakeUp = resolve;
      if (ms !== undefined) setTimeout(resolve, ms);
    });

  const letGo = () => {
    stopEnding();
    parts.letGo();
  };

  const endWith: Subscription<Item>['endWith'] = (item, { isInOrder = false, isHeld = false } = {}) => {
    if (state !== 'open') return;
    state = 'ending';
    last = { item, isInOrder, isHeld };
    if (!isInOrder) parts.clear();
    letGo();
    wake();
  };

  const end: Subscription<Item>['end'] = (code, reason, { isInOrder = false } = {}) =>
    endWith({ kind: 'ended', code, reason }, { isInOrder, isHeld: staysOpen(code) });

  const pull = async (): Promise<IteratorResult<Item | EndedItem>> => {
    for (;;) {
      const item = state === 'open' || (state === 'ending' && last!.isInOrder) ? parts.take() : undefined;
      if (item !== undefined) return { done: false, value: item instanceof Promise ? await item : item };
      if (state === 'ending') {
        state = last!.isHeld ? 'held' : 'over';
        return { done: false, value: last!.item };
      }
      if (state === 'over') return { done: true, value: undefined };
      const work = state === 'open' ? parts.work() : undefined;
      if (work === undefined) await sleep();
      else await work.catch(waitForDatabase);
    }
  };

  const waitForDatabase = (error: unknown) => {
    if (!(error instanceof UnavailableError)) throw error;
    parts.onUnavailable(error);
    return sleep(RETRY_MS);
  };

  const stop = () => {
    const wasOpen = state === 'open';
    state = 'over';
    parts.clear();
    if (wasOpen) letGo();
    wake();
  };

  const { stream, idleMs } = createPulledStream<Item | EndedItem>({ pull, stop });

  const accepts = () => {
    if (state !== 'open') return false;
    if (idleMs() < slowReaderMs) return true;
    const seconds = Math.round(slowReaderMs / 1000);
    end('TOO_SLOW', `The client took nothing for ${seconds} s: subscribe again with the last cursor`);
    return false;
  };

  stopEnding = ending.onEnd(end);
  if (state !== 'open') stopEnding();

  return { stream, wake, end, endWith, isOpen: () => state === 'open', accepts };
};

/** After these codes the client resubscribes by itself, which it would not after `complete`: the stream stays open until released. */
const staysOpen = (code: EndCode) => code === 'SIGNED_OUT' || code === 'SHUTTING_DOWN';

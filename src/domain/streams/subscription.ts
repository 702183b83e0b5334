/**
 * The common part of every live stream: items are pushed while the subscriber takes them, it is ended with a last item, and retried
 * while the database is away. Its parts decide what it delivers.
 */
import { UnavailableError } from '../../db/database.js';
import { turnTime } from '../../turn-time.js';
import type { Ending } from './ending.js';
import type { LiveStream, Sink } from './live-stream.js';
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
  stream: LiveStream<Item | EndedItem>;
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
export const createSubscription = <Item extends object>(
  parts: SubscriptionParts<Item>,
  { ending, slowReaderMs = Infinity }: { ending: Ending; slowReaderMs?: number },
): Subscription<Item> => {
  /** open → ending (the last item waits) → over */
  let state = 'open' as 'open' | 'ending' | 'over';
  let last: { item: Item | EndedItem; isInOrder: boolean; isHeld: boolean } | null = null;
  let sink: Sink<Item | EndedItem> | null = null;
  /** Running right now, or until some work is done. */
  let isBusy = false;
  /** Since when the subscriber has taken nothing; null while it takes items. */
  let refusedAt: number | null = null;
  let stopEnding = () => {};
  let cutPauseShort: (() => void) | null = null;

  const wake = () => {
    cutPauseShort?.();
    if (!isBusy) run();
  };

  /** Pushes what waits, then does what there is to do, until neither is left or the subscriber takes nothing more. */
  const run = () => {
    isBusy = true;
    try {
      while (sink !== null && state !== 'over') {
        if (!sink.isReady()) {
          refusedAt ??= turnTime();
          break;
        }
        refusedAt = null;
        const next = step(sink);
        if (next === undefined) break;
        if (next instanceof Promise) return void goOnAfter(next, sink);
        sink.push(next);
      }
    } catch (error) {
      fail(error);
    }
    isBusy = false;
  };

  /** The next item, or the work before it; undefined if there is nothing to do. */
  const step = (to: Sink<Item | EndedItem>): Item | EndedItem | Promise<Item | undefined> | undefined => {
    if (state === 'open' || last!.isInOrder) {
      const item = parts.take();
      if (item !== undefined) return item;
    }
    if (state === 'open') return parts.work()?.then(() => undefined, waitForDatabase);
    state = 'over';
    to.push(last!.item);
    to.end(last!.isHeld);
    return undefined;
  };

  const goOnAfter = async (work: Promise<Item | undefined>, to: Sink<Item | EndedItem>) => {
    try {
      const item = await work;
      if (item !== undefined && state !== 'over') to.push(item);
    } catch (error) {
      fail(error);
    }
    run();
  };

  /** A bug, or a stream that could not begin. */
  const fail = (error: unknown) => {
    if (state === 'over') return;
    stop();
    sink?.fail(error);
  };

  const waitForDatabase = (error: unknown) => {
    if (!(error instanceof UnavailableError)) throw error;
    parts.onUnavailable(error);
    return new Promise<undefined>((resolve) => {
      const goOn = () => {
        clearTimeout(timer);
        cutPauseShort = null;
        resolve(undefined);
      };
      const timer = setTimeout(goOn, RETRY_MS);
      cutPauseShort = goOn;
    });
  };

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

  const stop = () => {
    const wasOpen = state === 'open';
    state = 'over';
    parts.clear();
    if (wasOpen) letGo();
    cutPauseShort?.();
  };

  const accepts = () => {
    if (state !== 'open') return false;
    if (refusedAt === null || performance.now() - refusedAt < slowReaderMs) return true;
    const seconds = Math.round(slowReaderMs / 1000);
    end('TOO_SLOW', `The client took nothing for ${seconds} s: subscribe again with the last cursor`);
    return false;
  };

  stopEnding = ending.onEnd(end);
  if (state !== 'open') stopEnding();

  const stream: LiveStream<Item | EndedItem> = {
    pushTo: (to) => {
      sink = to;
      run();
    },
    wake,
    stop,
  };
  return { stream, wake, end, endWith, isOpen: () => state === 'open', accepts };
};

/** After these codes the client resubscribes by itself, which it would not after `complete`: the stream stays open until released. */
const staysOpen = (code: EndCode) => code === 'SIGNED_OUT' || code === 'SHUTTING_DOWN';

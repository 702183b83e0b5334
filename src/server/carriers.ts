/**
 * What carries subscriptions: sockets, and answers of Server-Sent Events. A stopping node ends them one after the other; a
 * running one ends each when it is old, so that its client comes back to whichever node has room, one added since too.
 */

export interface Carrier {
  /** Says goodbye to everything it carries, then closes; resolves once that is done. */
  end(reason: string): Promise<void>;
  /** Closes at once. */
  terminate(): void;
}

export interface Carriers {
  readonly size: number;
  add(carrier: Carrier): { remove(): void };
  /**
   * Ends all of them, not all at once, so that not all of their clients turn to the other nodes at once; those added meanwhile
   * at once.
   *
   * @returns once each has ended
   */
  endAll(withinMs: number): Promise<void>;
  terminateAll(): void;
}

export interface CarriersOptions {
  /** How old one grows at most, in minutes; 0: as old as it wants. */
  mostMinutes: number;
}

const STOPPING = 'This node is shutting down: connect again, to another';
const OLD = 'This connection is old: connect again, to whichever node has room';

/** What the other nodes can take with ease. */
const EACH_MS = 10;

/** For how long so many are ended one after the other: a few at once, many over all the time that there is. */
export const spreadMs = (count: number, withinMs: number): number =>
  Math.min(withinMs, Math.max(0, count - 1) * EACH_MS);

/** Drawn, so that those that came together, after a restart, do not go together. @param draw from 0 to 1 */
export const lifeMs = (mostMinutes: number, draw: number): number => mostMinutes * 60_000 * (0.5 + draw / 2);

export const createCarriers = ({ mostMinutes }: CarriersOptions): Carriers => {
  const carriers = new Set<Carrier>();
  let isEnding = false;

  return {
    get size() {
      return carriers.size;
    },
    add: (carrier) => {
      carriers.add(carrier);
      if (isEnding) void carrier.end(STOPPING);
      const timer =
        mostMinutes === 0
          ? undefined
          : setTimeout(() => void carrier.end(OLD), lifeMs(mostMinutes, Math.random())).unref();
      return {
        remove: () => {
          clearTimeout(timer);
          carriers.delete(carrier);
        },
      };
    },
    endAll: async (withinMs) => {
      isEnding = true;
      const all = [...carriers];
      const inAllMs = spreadMs(all.length, withinMs);
      await Promise.all(
        all.map(async (carrier, place) => {
          await delay((inAllMs * place) / all.length);
          if (carriers.has(carrier)) await carrier.end(STOPPING);
        }),
      );
    },
    terminateAll: () => {
      for (const carrier of carriers) carrier.terminate();
    },
  };
};

const delay = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

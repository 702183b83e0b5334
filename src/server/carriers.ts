/**
 * Carriers of subscriptions: sockets and Server-Sent Events responses. A stopping node ends them one after the other. A running
 * node ends each when it is old, so that its client reconnects to any node that has room, including new ones.
 */

export interface Carrier {
  /** Ends every stream it carries with a last event, then closes. Resolves once that is done. */
  end(reason: string): Promise<void>;
  /** Closes at once. */
  terminate(): void;
}

export interface Carriers {
  readonly size: number;
  add(carrier: Carrier): { remove(): void };
  /**
   * Ends all carriers, spread over time so that their clients do not all reconnect to the other nodes at once. Carriers added
   * meanwhile end at once.
   *
   * @returns once each has ended
   */
  endAll(withinMs: number): Promise<void>;
  terminateAll(): void;
}

export interface CarriersOptions {
  /** The maximum age of a carrier, in minutes. 0: no limit. */
  mostMinutes: number;
}

const STOPPING = 'This node is shutting down: connect again, to another';
const OLD = 'This connection is old: connect again, to whichever node has room';

/** A pace of reconnections that the other nodes handle easily. */
const EACH_MS = 10;

/** Over what time to end `count` carriers: few within moments, many over all of the time. */
export const spreadMs = (count: number, withinMs: number): number =>
  Math.min(withinMs, Math.max(0, count - 1) * EACH_MS);

/** Random, so that carriers opened together after a restart do not end together. @param draw from 0 to 1 */
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

/** What carries subscriptions: sockets, and answers of Server-Sent Events. A stopping node ends them one after the other. */
import { setTimeout as delay } from 'node:timers/promises';

export interface Carrier {
  /** Says goodbye to everything it carries, then closes; resolves once that is done. */
  end(): Promise<void>;
  /** Closes at once. */
  terminate(): void;
}

export interface Carriers {
  readonly size: number;
  add(carrier: Carrier): { remove(): void };
  /**
   * Ends all of them, spread evenly over `withinMs` so that not all of their clients turn to the other nodes at once;
   * those added meanwhile at once.
   *
   * @returns once each has ended
   */
  endAll(withinMs: number): Promise<void>;
  terminateAll(): void;
}

export const createCarriers = (): Carriers => {
  const carriers = new Set<Carrier>();
  let isEnding = false;

  return {
    get size() {
      return carriers.size;
    },
    add: (carrier) => {
      carriers.add(carrier);
      if (isEnding) void carrier.end();
      return { remove: () => void carriers.delete(carrier) };
    },
    endAll: async (withinMs) => {
      isEnding = true;
      const all = [...carriers];
      await Promise.all(
        all.map(async (carrier, place) => {
          await delay((withinMs * place) / all.length);
          if (carriers.has(carrier)) await carrier.end();
        }),
      );
    },
    terminateAll: () => {
      for (const carrier of carriers) carrier.terminate();
    },
  };
};

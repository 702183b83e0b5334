/** The bus of a single node: in process, in order, nothing lost. */
import type { Bus, Topic, Unsubscribe } from './bus.js';

export const createMemoryBus = (onError: (error: unknown) => void): Bus => {
  const listeners = new Map<string, Set<(event: unknown) => void>>();

  const deliver = (topic: string, event: unknown) => {
    for (const listener of [...(listeners.get(topic) ?? [])]) {
      try {
        listener(event);
      } catch (error) {
        onError(error);
      }
    }
  };

  return {
    publish: <Event>(topic: Topic<Event>, event: Event) => {
      // Later, as with Redis: who publishes is never re-entered by a listener.
      if (listeners.has(topic)) queueMicrotask(() => deliver(topic, event));
    },
    subscribe: <Event>(topic: Topic<Event>, listener: (event: Event) => void): Promise<Unsubscribe> => {
      const own = (event: unknown) => listener(event as Event);
      const those = listeners.get(topic) ?? new Set();
      listeners.set(topic, those.add(own));
      return Promise.resolve(() => {
        those.delete(own);
        if (those.size === 0 && listeners.get(topic) === those) listeners.delete(topic);
      });
    },
    close: () => {
      listeners.clear();
      return Promise.resolve();
    },
  };
};

/** The bus of a single node: in process, in order, nothing lost. */
import type { Bus, Topic, Unsubscribe } from './bus.js';

export const createMemoryBus = (onError: (error: unknown) => void): Bus => {
  const listeners = new Map<string, Set<(event: unknown) => void>>();

  const deliver = (name: string, event: unknown) => {
    for (const listener of [...(listeners.get(name) ?? [])]) {
      try {
        listener(event);
      } catch (error) {
        onError(error);
      }
    }
  };

  return {
    publish: <Event>(topic: Topic<Event>, event: Event) => {
      if (!listeners.has(topic.name)) return;
      // Deferred, as with Redis: a listener never runs inside `publish`.
      queueMicrotask(() => deliver(topic.name, event));
    },
    subscribe: <Event>(topic: Topic<Event>, listener: (event: Event) => void): Promise<Unsubscribe> => {
      const own = (event: unknown) => listener(event as Event);
      const those = listeners.get(topic.name) ?? new Set();
      listeners.set(topic.name, those.add(own));
      return Promise.resolve(() => {
        those.delete(own);
        if (those.size === 0 && listeners.get(topic.name) === those) listeners.delete(topic.name);
      });
    },
    close: () => {
      listeners.clear();
      return Promise.resolve();
    },
  };
};

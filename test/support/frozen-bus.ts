import type { Bus } from '../../src/bus/bus.js';
import { createMemoryBus } from '../../src/bus/memory.js';

const freeze = (value: unknown): void => {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  Object.values(value).forEach(freeze);
};

/** The bus of a single node, on which changing an event that was published throws, for its publisher and listeners alike. */
export const createFrozenBus = (onError: (error: unknown) => void): Bus => {
  const bus = createMemoryBus(onError);
  return {
    ...bus,
    publish: (topic, event) => {
      freeze(event);
      bus.publish(topic, event);
    },
  };
};

/** Writes what the wires of a node have queued, once per turn of the event loop: many frames of a socket go out in one write. */

interface Flushable {
  flush(): void;
}

export interface FlushQueue {
  /** At the end of this turn. A wire may be added only once before it is flushed. */
  add(wire: Flushable): void;
}

export const createFlushQueue = (): FlushQueue => {
  let wires: Flushable[] = [];

  const flush = () => {
    const those = wires;
    wires = [];
    for (const wire of those) wire.flush();
  };

  return {
    add: (wire) => {
      if (wires.length === 0) setImmediate(flush);
      wires.push(wire);
    },
  };
};

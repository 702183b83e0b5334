/** The queue of one subscriber: bounded by count and by bytes, pulled one item at a time. */

/** Beyond these the queue is dropped, and read again from the log once the subscriber has caught up. */
const MAX_ITEMS = 1000;
const MAX_BYTES = 2 * 1024 * 1024;

export interface Outbox<Item> {
  /** @returns false if there is no room; nothing was added then */
  push: (item: Item, bytes: number) => boolean;
  /** Adds an item that is bounded in another way, even if there is no room. */
  append: (item: Item) => void;
  shift: () => Item | undefined;
  /** Drops the items that may be lost, to make room. */
  drop: (mayGo: (item: Item) => boolean) => void;
  clear: () => void;
  readonly isEmpty: () => boolean;
}

export const createOutbox = <Item>(): Outbox<Item> => {
  let queue: { item: Item; bytes: number }[] = [];
  let start = 0;
  let bytes = 0;
  return {
    push: (item, size) => {
      // One item always fits, however long its text: otherwise it would be read over and over.
      const isEmpty = start === queue.length;
      if (!isEmpty && (queue.length - start >= MAX_ITEMS || bytes + size > MAX_BYTES)) return false;
      queue.push({ item, bytes: size });
      bytes += size;
      return true;
    },
    append: (item) => void queue.push({ item, bytes: 0 }),
    shift: () => {
      const first = queue[start];
      if (first === undefined) return undefined;
      start += 1;
      bytes -= first.bytes;
      if (start === queue.length) {
        queue = [];
        start = 0;
      } else if (start === MAX_ITEMS) {
        // With a subscriber who is always behind the queue is never empty: items already taken must not stay in memory.
        queue = queue.slice(start);
        start = 0;
      }
      return first.item;
    },
    drop: (mayGo) => {
      queue = queue.slice(start).filter(({ item }) => !mayGo(item));
      start = 0;
      bytes = queue.reduce((sum, entry) => sum + entry.bytes, 0);
    },
    clear: () => {
      queue = [];
      start = 0;
      bytes = 0;
    },
    isEmpty: () => start === queue.length,
  };
};

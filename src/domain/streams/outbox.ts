/** The queue of one subscriber: bounded by count and by bytes, taken one item at a time. */

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
  /** Parallel, so that an item that is taken at once costs no object. */
  let items: Item[] = [];
  let sizes: number[] = [];
  let start = 0;
  let bytes = 0;

  const empty = () => {
    items = [];
    sizes = [];
    start = 0;
    bytes = 0;
  };

  const add = (item: Item, size: number) => {
    items.push(item);
    sizes.push(size);
    bytes += size;
  };

  const shift = (): Item | undefined => {
    if (start === items.length) return undefined;
    const item = items[start];
    bytes -= sizes[start]!;
    start += 1;
    if (start === items.length) {
      items.length = 0;
      sizes.length = 0;
      start = 0;
    } else if (start === MAX_ITEMS) {
      // With a subscriber who is always behind the queue is never empty: items already taken must not stay in memory.
      items = items.slice(start);
      sizes = sizes.slice(start);
      start = 0;
    }
    return item;
  };

  return {
    push: (item, size) => {
      // One item always fits, however long its text: otherwise it would be read over and over.
      const isEmpty = start === items.length;
      if (!isEmpty && (items.length - start >= MAX_ITEMS || bytes + size > MAX_BYTES)) return false;
      add(item, size);
      return true;
    },
    append: (item) => add(item, 0),
    shift,
    drop: (mayGo) => {
      const those = items.slice(start);
      const theirs = sizes.slice(start);
      empty();
      for (const [index, item] of those.entries()) if (!mayGo(item)) add(item, theirs[index]!);
    },
    clear: empty,
    isEmpty: () => start === items.length,
  };
};

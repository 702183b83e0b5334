/** A binary heap: gives the least of what it holds first. */

export interface MinHeap<Item> {
  push(item: Item): void;
  /** Removes the least item; undefined if there is none. */
  pop(): Item | undefined;
}

/** @param rankOf the least comes first; the rank of an item that the heap holds must not change */
export const createMinHeap = <Item>(rankOf: (item: Item) => number): MinHeap<Item> => {
  const items: Item[] = [];
  const isBefore = (one: Item, other: Item) => rankOf(one) < rankOf(other);

  const rise = (item: Item, from: number) => {
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(item, items[parent]!)) break;
      items[index] = items[parent]!;
      index = parent;
    }
    items[index] = item;
  };

  const sink = (item: Item) => {
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && isBefore(items[child + 1]!, items[child]!)) child += 1;
      if (!isBefore(items[child]!, item)) break;
      items[index] = items[child]!;
      index = child;
    }
    items[index] = item;
  };

  return {
    push: (item) => rise(item, items.length),
    pop: () => {
      const least = items[0];
      const last = items.pop();
      if (items.length > 0) sink(last!);
      return least;
    },
  };
};

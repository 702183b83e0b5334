/**
 * The source of a subscription field, written out by hand: an async generator would only be left at its next event, and here
 * `return()` acts at once. What the source throws comes out as one last item, so that the client gets a result that says so,
 * rather than its transport an exception.
 */

/** Unwrapped where the field is resolved. */
export type Delivery<Value> = { value: Value } | { error: unknown };

/** What becomes of one item: it is delivered, delivered and the source let go of, or not for this field. */
export type Selected<Value> = Delivery<Value> | { last: Delivery<Value> } | null;

/** @param select throws what is then delivered as the last result's error */
export const createEventSource = <Item, Value>(
  source: AsyncIterator<Item, unknown>,
  select: (item: Item) => Selected<Value>,
): AsyncIterableIterator<Delivery<Value>, undefined> => {
  let isOver = false;

  const letGo = async () => {
    isOver = true;
    await source.return?.();
  };

  const last = async (delivery: Delivery<Value>): Promise<IteratorResult<Delivery<Value>, undefined>> => {
    await letGo();
    return { done: false, value: delivery };
  };

  const next = async (): Promise<IteratorResult<Delivery<Value>, undefined>> => {
    try {
      for (;;) {
        if (isOver) return { done: true, value: undefined };
        const result = await source.next();
        // Let go of meanwhile: nobody is there for it.
        if (isOver || result.done) break;
        const selected = select(result.value);
        if (selected === null) continue;
        return 'last' in selected ? await last(selected.last) : { done: false, value: selected };
      }
      isOver = true;
      return { done: true, value: undefined };
    } catch (error) {
      return isOver ? { done: true, value: undefined } : last({ error });
    }
  };

  const iterator: AsyncIterableIterator<Delivery<Value>, undefined> = {
    next,
    return: async () => {
      await letGo();
      return { done: true, value: undefined };
    },
    throw: async (error: unknown) => {
      await letGo();
      throw error;
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
};

export const unwrap = <Value>(delivery: Delivery<Value>): Value => {
  if ('error' in delivery) throw delivery.error;
  return delivery.value;
};

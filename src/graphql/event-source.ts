/**
 * The source of a subscription field, written by hand: an async generator would only return at its next event, but here
 * `return()` acts at once. An error of the source becomes one last item, so that the client gets a result with that error
 * instead of the transport getting an exception.
 */

/** Unwrapped when the field is resolved. */
export type Delivery<Value> = { value: Value } | { error: unknown };

/** An item is delivered, delivered as the last one before the source is released, or not for this field. */
export type Selected<Value> = Delivery<Value> | { last: Delivery<Value> } | null;

/** @param select what it throws is delivered as the error of the last result */
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
        // Released in the meantime: nobody is listening.
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

/**
 * The source of a subscription field: a live stream, of which the field selects items. An error of the stream becomes one last item,
 * so that the client gets a result with that error instead of the transport getting an exception.
 */
import { pull, type LiveStream, type Sink } from '../domain/streams/live-stream.js';

/** Unwrapped when the field is resolved. */
export type Delivery<Value> = { value: Value } | { error: unknown };

/** An item is delivered, delivered as the last one before the stream is released, or not for this field. */
export type Selected<Value> = Delivery<Value> | { last: Delivery<Value> } | null;

/** Iterable too, as GraphQL wants a source to be; only those who do not know of streams iterate over it. */
export type EventSource<Value> = LiveStream<Delivery<Value>> & AsyncIterable<Delivery<Value>>;

/** @param select what it throws is delivered as the error of the last result */
export const createEventSource = <Item, Value>(
  stream: LiveStream<Item>,
  select: (item: Item) => Selected<Value>,
): EventSource<Value> => {
  const pushTo = (sink: Sink<Delivery<Value>>) => {
    const pushLast = (delivery: Delivery<Value>) => {
      stream.stop();
      sink.push(delivery);
      sink.end(false);
    };
    stream.pushTo({
      isReady: () => sink.isReady(),
      push: (item) => {
        const selected = selectSafely(select, item);
        if (selected === null) return;
        if ('last' in selected) pushLast(selected.last);
        else sink.push(selected);
      },
      end: (isHeld) => sink.end(isHeld),
      fail: (error) => pushLast({ error }),
    });
  };

  const source: EventSource<Value> = {
    pushTo,
    wake: () => stream.wake(),
    stop: () => stream.stop(),
    [Symbol.asyncIterator]: () => pull(source),
  };
  return source;
};

const selectSafely = <Item, Value>(select: (item: Item) => Selected<Value>, item: Item): Selected<Value> => {
  try {
    return select(item);
  } catch (error) {
    return { last: { error } };
  }
};

export const unwrap = <Value>(delivery: Delivery<Value>): Value => {
  if ('error' in delivery) throw delivery.error;
  return delivery.value;
};

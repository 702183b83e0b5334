/** Where a chat reader puts its items: an outbox that makes room by dropping who is typing. */
import type { Put } from './chat-reader.js';
import type { Outbox } from './outbox.js';
import type { ResyncCause, StreamItem } from './stream-item.js';

/** The client is told to query a chat again. */
export type OnResync = (cause: ResyncCause) => void;

export const putInto =
  (outbox: Outbox<StreamItem>, onResync?: OnResync): Put =>
  (item, bytes) => {
    if (!outbox.push(item, bytes)) {
      outbox.drop(({ kind }) => kind === 'typing');
      if (!outbox.push(item, bytes)) return false;
    }
    if (item.kind === 'resync') onResync?.(item.cause);
    return true;
  };

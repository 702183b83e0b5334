/**
 * Ids of Server-Sent Events: the cursors of what they tell. A client that comes back by itself shows the last one that it has seen
 * (`Last-Event-ID`), and its subscription goes on from there.
 */
import { UnavailableError } from '../db/database.js';
import type { StreamItem } from '../domain/streams/stream-item.js';
import { encodeCursor } from '../log/cursor.js';

export interface EventIds {
  /** What the client has seen last, as it says; null where it begins. */
  readonly last: string | null;
  /** Of the event that goes out next; null where it has none. */
  next: string | null;
  /** Whether a subscription that is complete may be begun again from the last id. */
  canResume: boolean;
}

/** Notes the id of each item of one chat's stream as it is taken. */
export const noteEventIds = (source: AsyncIterator<StreamItem>, ids: EventIds): AsyncIterator<StreamItem> => ({
  next: async () => {
    const result = await source.next().catch((error: unknown) => {
      // It ends with that, and the client's coming back is right.
      ids.canResume ||= error instanceof UnavailableError;
      throw error;
    });
    ids.next = null;
    if (result.done) return result;
    const item = result.value;
    if (item.kind === 'event') ids.next = encodeCursor(item.event);
    if (item.kind === 'ready') ids.next = encodeCursor({ chatId: item.chat.id, seq: item.headSeq, mark: item.mark });
    if (item.kind === 'ended') ids.canResume = item.code === 'TOO_SLOW';
    return result;
  },
  return: async () => {
    await source.return?.();
    return { done: true, value: undefined };
  },
});

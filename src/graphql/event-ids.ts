/**
 * Ids of Server-Sent Events: the cursors of the events that they carry. A client that reconnects sends the last one that it has seen
 * (`Last-Event-ID`), and its subscription resumes from there.
 */
import { UnavailableError } from '../db/database.js';
import type { Stream } from '../domain/streams/stream-item.js';
import { encodeCursor } from '../log/cursor.js';

export interface EventIds {
  /** The last id the client says it has seen; null on its first connection. */
  readonly last: string | null;
  /** The id of the next event to send; null if it has none. */
  next: string | null;
  /** Whether the client may resume a completed subscription from the last id. */
  canResume: boolean;
}

/** Notes the id of each item of one chat's stream as it is pushed. */
export const noteEventIds = (stream: Stream, ids: EventIds): Stream => ({
  ...stream,
  pushTo: (sink) =>
    stream.pushTo({
      ...sink,
      push: (item) => {
        ids.next = null;
        if (item.kind === 'event') ids.next = encodeCursor(item.event);
        if (item.kind === 'ready')
          ids.next = encodeCursor({ chatId: item.chat.id, seq: item.headSeq, mark: item.mark });
        if (item.kind === 'ended') ids.canResume = item.code === 'TOO_SLOW';
        sink.push(item);
      },
      fail: (error) => {
        // This error ends the stream, and the client is right to reconnect.
        ids.canResume ||= error instanceof UnavailableError;
        ids.next = null;
        sink.fail(error);
      },
    }),
});

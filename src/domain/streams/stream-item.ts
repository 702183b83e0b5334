/** The items of a live stream, in order. GraphQL translates each into a type of its schema. */
import type { Ephemeral } from '../../log/doorbell.js';
import type { ChatRow, LogEvent, UserFacts } from '../../log/event.js';
import type { Viewer } from '../viewer.js';

export type EndCode = 'REMOVED' | 'TAKEN_OVER' | 'SIGNED_OUT' | 'CHAT_GONE' | 'TOO_SLOW' | 'SHUTTING_DOWN';

export type ResyncCause = 'restored' | 'tooFar';

export const RESYNC_REASONS: Record<ResyncCause, string> = {
  restored: 'The log is not the one this cursor was made from, or no longer reaches back to it: query the chat again',
  tooFar: 'More than 10,000 events behind: query the chat again',
};

export type StreamItem =
  /** Durable: numbered, in order, each once. */
  | { kind: 'event'; event: LogEvent }
  | Extract<Ephemeral, { kind: 'typing' }>
  | { kind: 'read'; chatId: bigint; user: UserFacts; lastReadSeq: number }
  /** `chat` as read when the replay ended: its `headSeq` and cursor are the stream's position. */
  | { kind: 'ready'; chat: ChatRow; headSeq: number; mark: number }
  | { kind: 'resync'; chatId: bigint; cause: ResyncCause; reason: string }
  /** `chat` in its current state; its events follow from after `seq`, which may lie before its head. */
  | { kind: 'chatAdded'; chat: ChatRow; seq: number; mark: number }
  | { kind: 'chatRemoved'; chatId: bigint }
  | { kind: 'viewerReady' }
  /** The last item. */
  | { kind: 'ended'; code: EndCode; reason: string };

/** Pull it: items not yet pulled wait in a bounded queue, then in the log. `return()` releases everything at once. */
export type Stream = AsyncIterableIterator<StreamItem>;

/** An item's memory besides its text. */
export const ITEM_BYTES = 400;

/** A user's own typing is no news to them; in large chats a read position concerns its reader alone. */
export const isFor = (viewer: Viewer, event: Ephemeral): boolean =>
  event.kind === 'typing' ? event.user.id !== viewer.id : !event.isOwnOnly || event.user.id === viewer.id;

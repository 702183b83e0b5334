/** What a live stream hands out, in order. GraphQL translates each into a type of its schema. */
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
  /** Durable: numbered, in order, once. */
  | { kind: 'event'; event: LogEvent }
  | Extract<Ephemeral, { kind: 'typing' }>
  | { kind: 'read'; chatId: bigint; user: UserFacts; lastReadSeq: number }
  /** `chat` as read when the replay was over: its `headSeq` and cursor are those of the stream's place. */
  | { kind: 'ready'; chat: ChatRow; headSeq: number; mark: number }
  | { kind: 'resync'; chatId: bigint; cause: ResyncCause; reason: string }
  /** `chat` as it is now; what follows of it begins after `seq`, which may lie before its head. */
  | { kind: 'chatAdded'; chat: ChatRow; seq: number; mark: number }
  | { kind: 'chatRemoved'; chatId: bigint }
  | { kind: 'viewerReady' }
  /** The last one. */
  | { kind: 'ended'; code: EndCode; reason: string };

/** Pull it: what is not pulled waits in a bounded queue, then in the log. `return()` lets go of everything at once. */
export type Stream = AsyncIterableIterator<StreamItem>;

/** An item's share of memory beside its text. */
export const ITEM_BYTES = 400;

/** One's own typing is no news; in large chats a read position concerns its reader alone. */
export const isFor = (viewer: Viewer, event: Ephemeral): boolean =>
  event.kind === 'typing' ? event.user.id !== viewer.id : !event.isOwnOnly || event.user.id === viewer.id;

/** What a live stream hands out, in order. GraphQL translates each into a type of its schema. */
import type { Ephemeral } from '../../log/doorbell.js';
import type { ChatRow, LogEvent, UserFacts } from '../../log/event.js';

export type EndCode = 'REMOVED' | 'TAKEN_OVER' | 'SIGNED_OUT' | 'CHAT_GONE' | 'TOO_SLOW' | 'SHUTTING_DOWN';

export type StreamItem =
  /** Durable: numbered, in order, once. */
  | { kind: 'event'; event: LogEvent }
  | Extract<Ephemeral, { kind: 'typing' }>
  | { kind: 'read'; chatId: bigint; user: UserFacts; lastReadSeq: number }
  /** `chat` as read when the replay was over: its `headSeq` and cursor are those of the stream's place. */
  | { kind: 'ready'; chat: ChatRow; headSeq: number; mark: number }
  | { kind: 'resync'; chatId: bigint; reason: string }
  /** `chat` as it is now; what follows of it begins after `seq`, which may lie before its head. */
  | { kind: 'chatAdded'; chat: ChatRow; seq: number; mark: number }
  | { kind: 'chatRemoved'; chatId: bigint }
  | { kind: 'viewerReady' }
  /** The last one. */
  | { kind: 'ended'; code: EndCode; reason: string };

/** Pull it: what is not pulled waits in a bounded queue, then in the log. `return()` lets go of everything at once. */
export type Stream = AsyncIterableIterator<StreamItem>;

/** The items of a live stream, in order. GraphQL translates each into a type of its schema. */
import type { Ephemeral } from '../../log/doorbell.js';
import { textBytesOf, type ChatRow, type LogEvent, type UserFacts } from '../../log/event.js';
import type { Viewer } from '../viewer.js';
import type { LiveStream } from './live-stream.js';

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
  /** The viewer's own settings of the chat changed. */
  | { kind: 'settings'; chatId: bigint }
  /** `chat` as read when the replay ended: its `headSeq` and cursor are the stream's position. */
  | { kind: 'ready'; chat: ChatRow; headSeq: number; mark: number }
  | { kind: 'resync'; chatId: bigint; cause: ResyncCause; reason: string }
  /** `chat` in its current state; its events follow from after `seq`, which may lie before its head. */
  | { kind: 'chatAdded'; chat: ChatRow; seq: number; mark: number }
  | { kind: 'chatRemoved'; chatId: bigint }
  | { kind: 'viewerReady' }
  /** The last item. */
  | { kind: 'ended'; code: EndCode; reason: string };

export type Stream = LiveStream<StreamItem>;

/** An item's memory besides its text. */
export const ITEM_BYTES = 400;

/** An item as it waits in a queue. */
export interface SizedItem {
  readonly item: StreamItem;
  readonly bytes: number;
}

const itemsOfEvents = new WeakMap<LogEvent, SizedItem>();

/** One object for all subscribers of a node: what is made of it for one of them may be kept for the others. */
export const itemOf = (event: LogEvent): SizedItem => {
  let sized = itemsOfEvents.get(event);
  if (sized === undefined) {
    sized = { item: { kind: 'event', event }, bytes: ITEM_BYTES + textBytesOf(event) };
    itemsOfEvents.set(event, sized);
  }
  return sized;
};

/** A user's own typing is no news to them. */
export const isFor = (viewer: Viewer, event: Ephemeral): boolean =>
  event.kind !== 'typing' || event.user.id !== viewer.id;

/** What the client has to read again if it cannot be told: `ready` says so. */
export const isState = ({ kind }: Ephemeral): boolean => kind !== 'typing';

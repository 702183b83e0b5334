/**
 * One viewer's reading of one chat: which events go into the subscriber's queue, and what to do next. There is no clock, no
 * database and no promise in here. A stream brings what it has read, was told or has delivered, and does what it is answered.
 *
 *     unsure ── access ──▶ reading ── the head is queued ──▶ live
 *        ▲                    ▲ │                             │
 *        │                    │ └── a page with a hole, or with the viewer's own removal
 *        │                    └──── an event is missing, or the queue was full
 *        └── another log, another role: from any state
 *
 *     departed: the viewer may not be told what comes after this; nothing leads out of it
 *
 * Catching up and overflowing are the same here: the log is read from the last event that was delivered.
 */
import type { LogPosition } from '../../log/cursor.js';
import { textBytesOf, type ChatRow, type LogEvent } from '../../log/event.js';
import { checkPosition, type LogPage, type Removal } from '../../log/read.js';
import { ITEM_BYTES, RESYNC_REASONS, type ResyncCause, type StreamItem } from './stream-item.js';

export type ReaderState = 'unsure' | 'reading' | 'live' | 'departed';

/** Why the viewer is told nothing more. */
export type Departure =
  /** By their own doing, which is the last event. */
  | 'left'
  /** By another's doing, which is the last event. */
  | 'removed'
  /** Without that event: what comes before it was changed after it. */
  | 'cutOff'
  /** They may not see it, as far as the access tells. */
  | 'unseen'
  /** There is no such chat any more. */
  | 'gone';

/** What the stream does next. */
export type Next =
  | 'wait'
  /** Read a page of the log after `queued`, once the queue is empty: `takePage`. */
  | 'read'
  /** Read what the viewer is to the chat: `takeAccess`. */
  | 'checkAccess'
  /** Drop what waits in the queue and tell each reader that shares it: `rewind`. */
  | 'dropQueue'
  | Departure;

/** @returns false where the queue is full; the item is not in it then */
export type Put = (item: StreamItem, bytes: number) => boolean;

export interface ChatReader {
  readonly chatId: bigint;
  readonly viewerId: bigint;
  /** The position that the client came with. */
  readonly cursor: LogPosition | null;
  state: ReaderState;
  /** Up to where events are in the queue or were delivered; null until the first access tells the head to begin at. */
  queued: LogPosition | null;
  delivered: LogPosition | null;
  /** The newest number that is known to exist. */
  knownHead: number;
  /** Whether the client is owed a `ready`, or it waits in the queue. */
  ready: 'owed' | 'queued' | 'told';
  /** The client is to be told to query the chat again. */
  resync: ResyncCause | null;
  /** The head when the viewer was last seen to have access. Removals up to there were made good since. */
  entitledSeq: number;
  /** The viewer's own removals up to there that are to be made sure of, and those that were: they are a member in spite of them. */
  doubted: readonly Removal[];
  madeGood: readonly Removal[];
  /** By their role: no removal ends their reading. */
  seesWithoutMembership: boolean;
  departure: Departure | null;
  /** Grows with each rewind: what was asked for before is of no use after it. */
  generation: number;
}

/** What was known when a page or the access was asked for. */
export interface Request {
  generation: number;
  knownHead: number;
}

export const createChatReader = ({
  chatId,
  viewerId,
  cursor,
  ready,
}: Pick<ChatReader, 'chatId' | 'viewerId' | 'cursor' | 'ready'>): ChatReader => ({
  chatId,
  viewerId,
  cursor,
  ready,
  state: 'unsure',
  queued: cursor === null ? null : { ...cursor },
  delivered: cursor === null ? null : { ...cursor },
  knownHead: 0,
  resync: null,
  entitledSeq: 0,
  doubted: [],
  madeGood: [],
  seesWithoutMembership: false,
  departure: null,
  generation: 0,
});

export const requestOf = ({ generation, knownHead: head }: ChatReader): Request => ({ generation, knownHead: head });

/** Reads from `position`, for a viewer who has access since the event at `entitledSeq`. */
export const begin = (reader: ChatReader, position: LogPosition, entitledSeq: number): Next => {
  reader.queued = { ...position };
  reader.delivered = { ...position };
  reader.entitledSeq = entitledSeq;
  return become(reader, 'reading');
};

/** Events as they are committed, in order; `removals` as known after they were read. */
export const takeEvents = (
  reader: ChatReader,
  events: readonly LogEvent[],
  removals: readonly Removal[],
  put: Put,
): Next => {
  reader.knownHead = Math.max(reader.knownHead, events.at(-1)?.seq ?? 0);
  if (reader.state !== 'live') return nextOf(reader); // the log is read anyway
  for (const event of events) {
    if (event.seq <= reader.queued!.seq) continue;
    if (event.seq !== reader.queued!.seq + 1) return become(reader, 'reading');
    const outcome = queueEvent(reader, event, removals, put);
    if (outcome === 'full') return 'dropQueue';
    if (outcome === 'departed') break;
  }
  return nextOf(reader);
};

/**
 * A page of the log after `queued`.
 *
 * @param page null where the chat is gone
 * @param since what is older may not be replayed after the client's own cursor
 */
export const takePage = (
  reader: ChatReader,
  request: Request,
  page: LogPage | null,
  since: Date | undefined,
  put: Put,
): Next => {
  if (reader.state !== 'reading' || request.generation !== reader.generation) return nextOf(reader);
  if (page === null) return depart(reader, 'gone');
  const isAtCursor = reader.cursor !== null && isSame(reader.queued!, reader.cursor);
  const resumability = checkPosition(reader.queued!, page, isAtCursor ? since : undefined);
  if (resumability !== 'ok') {
    // What is passed over may hold their removal, and another log may never have had their joining.
    reader.resync = resumability;
    return become(reader, 'unsure');
  }
  // Made good since, unless the log is another one by now than when the access was read.
  const removals = page.removals.filter(({ userId, seq }) => userId === reader.viewerId && seq <= reader.entitledSeq);
  if (!reader.seesWithoutMembership && !removals.every((one) => reader.madeGood.some((good) => isSame(good, one)))) {
    reader.doubted = removals;
    return become(reader, 'unsure');
  }
  for (const event of page.events) {
    // Of a full queue the rest is read again once this much is taken: dropping it all would read the same page again and again.
    if (queueEvent(reader, event, page.removals, put) !== 'queued') return nextOf(reader);
  }
  learnHead(reader, request, page.chat);
  return catchUp(reader, page.chat, put);
};

/** What the viewer is to the chat; null where they may not see it, or there is none. */
export const takeAccess = (
  reader: ChatReader,
  request: Request,
  access: { chat: ChatRow; seesWithoutMembership: boolean } | null,
  put: Put,
): Next => {
  if (access !== null) {
    // Whatever came meanwhile: the stream may have told of the chat as of here, and another log is known by its mark.
    reader.queued ??= headOf(access.chat);
    reader.delivered ??= headOf(access.chat);
  }
  if (reader.state !== 'unsure' || request.generation !== reader.generation) return nextOf(reader);
  if (access === null) return depart(reader, 'unseen');
  const { chat } = access;
  const head = headOf(chat);
  reader.entitledSeq = chat.headSeq;
  reader.seesWithoutMembership = access.seesWithoutMembership;
  reader.madeGood = reader.doubted;
  if (reader.resync !== null) {
    const { chatId, resync } = reader;
    if (!put({ kind: 'resync', chatId, cause: resync, reason: RESYNC_REASONS[resync] }, ITEM_BYTES)) {
      return nextOf(reader);
    }
    reader.resync = null;
    reader.queued = head;
    reader.ready = 'owed';
  }
  if (!isSame(reader.queued!, head)) return become(reader, 'reading');
  // Before anything that came meanwhile: what the client queries after a resync must be no older than this.
  if (reader.ready === 'owed') queueReady(reader, chat, put);
  learnHead(reader, request, chat);
  return catchUp(reader, chat, put);
};

/** The client has this item, or is about to. */
export const deliver = (reader: ChatReader, item: Extract<StreamItem, { kind: 'event' | 'ready' }>): void => {
  if (item.kind === 'event') {
    move(reader.delivered!, item.event.seq, item.event.mark);
  } else {
    move(reader.delivered!, item.headSeq, item.mark);
    if (reader.ready === 'queued') reader.ready = 'told';
  }
};

/** The queue was dropped: what waited there is read again from what was delivered. */
export const rewind = (reader: ChatReader): Next => {
  if (!isWaiting(reader)) return nextOf(reader);
  goBack(reader);
  return reader.state === 'live' ? become(reader, 'reading') : nextOf(reader);
};

/** Their role is another one, and the queue was dropped. */
export const doubtAccess = (reader: ChatReader): Next => {
  if (reader.state === 'departed') return nextOf(reader);
  if (isWaiting(reader)) goBack(reader);
  else reader.generation += 1;
  return become(reader, 'unsure');
};

/** The log does not continue what was told of it, and what waited in the queue was dropped. */
export const replaceLog = (reader: ChatReader): Next => {
  if (reader.state === 'departed') return nextOf(reader);
  goBack(reader);
  reader.resync = null;
  // What was known to exist is of the log that was.
  reader.knownHead = 0;
  return become(reader, 'unsure');
};

export const nextOf = (reader: ChatReader): Next => {
  switch (reader.state) {
    case 'unsure':
      return 'checkAccess';
    case 'reading':
      return 'read';
    case 'live':
      return 'wait';
    case 'departed':
      return reader.departure!;
  }
};

export const headOf = (chat: ChatRow): LogPosition => ({ seq: chat.headSeq, mark: chat.headMark });

export const isSame = (one: LogPosition, other: LogPosition): boolean =>
  one.seq === other.seq && one.mark === other.mark;

const become = (reader: ChatReader, state: 'unsure' | 'reading' | 'live'): Next => {
  reader.state = state;
  return nextOf(reader);
};

const depart = (reader: ChatReader, departure: Departure): Next => {
  reader.state = 'departed';
  reader.departure = departure;
  return departure;
};

/** In place, since it is done for each event of each subscriber. */
const move = (position: LogPosition, seq: number, mark: number) => {
  position.seq = seq;
  position.mark = mark;
};

/** Something of this chat was in the queue. */
const isWaiting = ({ queued, delivered, ready }: ChatReader): boolean =>
  queued !== null && (ready === 'queued' || !isSame(queued, delivered!));

const goBack = (reader: ChatReader) => {
  reader.generation += 1;
  if (reader.queued !== null) move(reader.queued, reader.delivered!.seq, reader.delivered!.mark);
  reader.ready = 'owed';
};

const queueEvent = (
  reader: ChatReader,
  event: LogEvent,
  removals: readonly Removal[],
  put: Put,
): 'queued' | 'full' | 'departed' => {
  const { viewerId, entitledSeq, seesWithoutMembership } = reader;
  const removal = seesWithoutMembership
    ? undefined
    : removals.find((one) => one.userId === viewerId && one.seq > entitledSeq && one.seq >= event.seq);
  if (removal !== undefined && event.messages.some((message) => message.changedSeq > removal.seq)) {
    depart(reader, 'cutOff');
    return 'departed';
  }
  if (!put({ kind: 'event', event }, ITEM_BYTES + textBytesOf(event))) return 'full';
  move(reader.queued!, event.seq, event.mark);
  const isOwnRemoval = event.type === 'MEMBER_REMOVED' && event.userId === viewerId && event.seq > entitledSeq;
  if (isOwnRemoval && !seesWithoutMembership) {
    depart(reader, event.actorId === viewerId ? 'left' : 'removed');
    return 'departed';
  }
  return 'queued';
};

/** A read that began after `request` did not find what was known then: it is of a log that was lost. */
const learnHead = (reader: ChatReader, request: Request, chat: ChatRow) => {
  if (reader.knownHead === request.knownHead) reader.knownHead = Math.max(reader.queued!.seq, chat.headSeq);
};

const catchUp = (reader: ChatReader, chat: ChatRow, put: Put): Next => {
  const isCaughtUp =
    reader.queued!.seq >= reader.knownHead && (reader.ready !== 'owed' || queueReady(reader, chat, put));
  return become(reader, isCaughtUp ? 'live' : 'reading');
};

const queueReady = (reader: ChatReader, chat: ChatRow, put: Put): boolean => {
  const { seq, mark } = reader.queued!;
  const isQueued = put({ kind: 'ready', chat, headSeq: seq, mark }, ITEM_BYTES);
  reader.ready = isQueued ? 'queued' : 'owed';
  return isQueued;
};

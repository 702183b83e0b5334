/**
 * One viewer's reading of one chat: which events go into the subscriber's queue, and what to do next. It uses no clock, no
 * database and no promise. A stream passes in what it has read, received or delivered, and does what the reader returns.
 *
 *     unsure ── access ──▶ reading ── the head is queued ──▶ live
 *        ▲                    ▲ │                             │
 *        │                    │ └── a page with a gap, or with the viewer's own removal
 *        │                    └──── an event is missing, or the queue was full
 *        └── another log, another role: from any state
 *
 *     departed: the viewer may not get any later event; this state is final
 *
 * Catching up and overflowing work alike: the log is read from the last event that was delivered.
 */
import type { LogPosition } from '../../log/cursor.js';
import type { ChatRow, LogEvent, MessageRow } from '../../log/event.js';
import { checkPosition, type LogPage, type Removal } from '../../log/read.js';
import { ITEM_BYTES, itemOf, RESYNC_REASONS, type ResyncCause, type StreamItem } from './stream-item.js';

export type ReaderState = 'unsure' | 'reading' | 'live' | 'departed';

/** Why the viewer gets no more events. */
export type Departure =
  /** They left; that is the last event. */
  | 'left'
  /** Another user removed them; that is the last event. */
  | 'removed'
  /** Without that event: messages before it were changed after it. */
  | 'cutOff'
  /** They may not see the chat, according to the access check. */
  | 'unseen'
  /** The chat no longer exists. */
  | 'gone';

/** What the stream does next. */
export type Next =
  | 'wait'
  /** Read a page of the log after `queued`, once the queue is empty: `takePage`. */
  | 'read'
  /** Read the viewer's access to the chat: `takeAccess`. */
  | 'checkAccess'
  /** Drop what waits in the queue and tell each reader that shares it: `rewind`. */
  | 'dropQueue'
  | Departure;

/** @returns false if the queue is full; the item was not added */
export type Put = (item: StreamItem, bytes: number) => boolean;

export interface ChatReader {
  readonly chatId: bigint;
  readonly viewerId: bigint;
  /** The position that the client started from. */
  readonly cursor: LogPosition | null;
  state: ReaderState;
  /** Events up to here are queued or delivered; null until the first access check gives the head to begin at. */
  queued: LogPosition | null;
  delivered: LogPosition | null;
  /** The newest seq known to exist. */
  knownHead: number;
  /** Whether the client still has to get a `ready`, or it waits in the queue. */
  ready: 'owed' | 'queued' | 'told';
  /** The client has to query the chat again. */
  resync: ResyncCause | null;
  /** The head when the viewer was last seen to have access. They have been added again after any removal up to there. */
  entitledSeq: number;
  /** The viewer's own removals up to there: those still to be verified, and those verified as followed by a new membership. */
  doubted: readonly Removal[];
  madeGood: readonly Removal[];
  /** By their role: a removal does not end their reading. */
  seesWithoutMembership: boolean;
  departure: Departure | null;
  /** Grows with each rewind: results requested before it are ignored. */
  generation: number;
}

/** What was known when a page or the access was requested. */
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

/** Events as they are committed, in order; `removals` as of after the events were read. */
export const takeEvents = (
  reader: ChatReader,
  events: readonly LogEvent[],
  removals: readonly Removal[],
  put: Put,
): Next => {
  reader.knownHead = Math.max(reader.knownHead, events.at(-1)?.seq ?? 0);
  if (reader.state !== 'live') return nextOf(reader); // the log will be read anyway
  for (const event of events) {
    if (event.seq <= reader.queued!.seq) continue;
    if (event.seq !== reader.queued!.seq + 1) return become(reader, 'reading');
    const outcome = queueEvent(reader, event, removals, put);
    if (outcome === 'full') {
      // Also if nothing of this chat waits: other chats may have filled the queue.
      reader.ready = 'owed';
      become(reader, 'reading');
      return 'dropQueue';
    }
    if (outcome === 'departed') break;
  }
  return nextOf(reader);
};

/**
 * A page of the log after `queued`.
 *
 * @param page null if the chat no longer exists
 * @param since events older than this may not be replayed after the client's own cursor
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
    // Skipping ahead may skip the viewer's own removal, and a restored log may lack their MEMBER_ADDED: check access again.
    reader.resync = resumability;
    return become(reader, 'unsure');
  }
  // They were added again since, unless this is another log than when the access was read.
  const removals = page.removals.filter(({ userId, seq }) => userId === reader.viewerId && seq <= reader.entitledSeq);
  if (!reader.seesWithoutMembership && !removals.every((one) => reader.madeGood.some((good) => isSame(good, one)))) {
    reader.doubted = removals;
    return become(reader, 'unsure');
  }
  for (const event of page.events) {
    // If the queue is full, the rest is read again once this much is taken: dropping it all would read the same page over and over.
    if (queueEvent(reader, event, page.removals, put) !== 'queued') return nextOf(reader);
  }
  learnHead(reader, request, page.chat);
  return catchUp(reader, page.chat, put);
};

/** The viewer's access to the chat; null if they may not see it, or it does not exist. */
export const takeAccess = (
  reader: ChatReader,
  request: Request,
  access: { chat: ChatRow; seesWithoutMembership: boolean } | null,
  put: Put,
): Next => {
  if (access !== null) {
    // Start at this head, whatever came meanwhile: the stream may have reported the chat as of it, and its mark identifies the log.
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
  // Before any event that came meanwhile: what the client queries after a resync must not be older than this.
  if (reader.ready === 'owed') queueReady(reader, chat, put);
  learnHead(reader, request, chat);
  return catchUp(reader, chat, put);
};

/** The client has this item, or is about to get it. */
export const deliver = (reader: ChatReader, item: Extract<StreamItem, { kind: 'event' | 'ready' }>): void => {
  if (item.kind === 'event') {
    move(reader.delivered!, item.event.seq, item.event.mark);
  } else {
    move(reader.delivered!, item.headSeq, item.mark);
    if (reader.ready === 'queued') reader.ready = 'told';
  }
};

/** A read position is missing from the queue, and no log has it: a `ready` makes the client read the positions again. */
export const missRead = (reader: ChatReader): Next => {
  // Even if one waits: older positions may wait behind it.
  if (reader.state !== 'departed') reader.ready = 'owed';
  return reader.state === 'live' ? become(reader, 'reading') : nextOf(reader);
};

/** The queue was dropped: what waited in it is read again, from the last delivered event. */
export const rewind = (reader: ChatReader): Next => {
  if (!isWaiting(reader)) return nextOf(reader);
  goBack(reader);
  return reader.state === 'live' ? become(reader, 'reading') : nextOf(reader);
};

/** The viewer's role changed, and the queue was dropped. */
export const doubtAccess = (reader: ChatReader): Next => {
  if (reader.state === 'departed') return nextOf(reader);
  if (isWaiting(reader)) goBack(reader);
  else reader.generation += 1;
  return become(reader, 'unsure');
};

/** The log does not continue the one delivered so far, and the queue was dropped. */
export const replaceLog = (reader: ChatReader): Next => {
  if (reader.state === 'departed') return nextOf(reader);
  goBack(reader);
  reader.resync = null;
  // The known head was of the previous log.
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

/** In place, since this runs for each event of each subscriber. */
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
  if (removal !== undefined && event.messages.some((message) => lastChangeOf(message) > removal.seq)) {
    depart(reader, 'cutOff');
    return 'departed';
  }
  const { item, bytes } = itemOf(event);
  if (!put(item, bytes)) return 'full';
  move(reader.queued!, event.seq, event.mark);
  const isOwnRemoval = event.type === 'MEMBER_REMOVED' && event.userId === viewerId && event.seq > entitledSeq;
  if (isOwnRemoval && !seesWithoutMembership) {
    depart(reader, event.actorId === viewerId ? 'left' : 'removed');
    return 'departed';
  }
  return 'queued';
};

/** A message shows the one that it replies to. */
const lastChangeOf = ({ changedSeq, repliedTo }: MessageRow): number =>
  Math.max(changedSeq, repliedTo?.changedSeq ?? 0);

/** A read that began after `request` did not find the head known then: that head was of a lost log. */
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

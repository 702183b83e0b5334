/**
 * All of a viewer's chats over one subscription, including those they join later: one reader per chat over one queue. What the
 * readers ask for is read for many chats at once.
 */
import type { Queryable } from '../../db/database.js';
import type { ChatPosition } from '../../log/cursor.js';
import type { ChatRow } from '../../log/event.js';
import { readPages } from '../../log/read.js';
import { replayableSince } from '../../log/retention.js';
import type { Follower, Tail } from '../../log/tail.js';
import type { Viewer } from '../viewer.js';
import {
  begin,
  createChatReader,
  deliver,
  headOf,
  isSame,
  missRead,
  nextOf,
  replaceLog,
  requestOf,
  rewind,
  takeAccess,
  takeEvents,
  takePage,
  type ChatReader,
  type Next,
} from './chat-reader.js';
import type { Ending } from './ending.js';
import { createOutbox } from './outbox.js';
import { putInto, type OnResync } from './put-into.js';
import { isFor, isState, ITEM_BYTES, type Stream, type StreamItem } from './stream-item.js';
import { createSubscription, type Subscription } from './subscription.js';
import { createTypists } from './typists.js';
import { readViewerChats, type Memberships, type ViewerChat } from './viewer-chats.js';

export interface ViewerStreamOptions {
  db: Queryable;
  tail: Tail;
  memberships: Memberships;
  viewer: Viewer;
  /** The last event that the client saw of each chat; null: nothing is replayed. */
  after: readonly ChatPosition[] | null;
  ending: Ending;
  slowReaderMs: number;
  /** Older cursors are not replayed from; 0: all are. */
  retentionDays: number;
  onResync?: OnResync | undefined;
}

/** The number of logs read together, and of events from all of them. */
const CHATS_AT_ONCE = 200;
const EVENTS_AT_ONCE = 600;

export const createViewerStream = ({
  db,
  tail,
  memberships,
  viewer,
  after,
  ending,
  slowReaderMs,
  retentionDays,
  onResync,
}: ViewerStreamOptions): Stream => {
  const outbox = createOutbox<StreamItem>();
  const put = putInto(outbox, onResync);
  const typists = createTypists();
  /** Delivered before anything else of their chats; bounded by the number of chats. */
  let announcements: StreamItem[] = [];
  const readers = new Map<bigint, ChatReader>();
  /** Readers whose access is to be read, and readers of which a page is to be read. */
  const accessUnsure = new Set<ChatReader>();
  const toRead = new Set<ChatReader>();
  const cursors = new Map((after ?? []).map((cursor) => [cursor.chatId, cursor]));
  /** Chats that the viewer may have joined; null: any chat. */
  let chatsMaybeJoined: Set<bigint> | null = new Set();
  let isStarted = false;
  let isViewerReadyDue = true;
  let stopWatching = () => {};

  const follow = (chatId: bigint): ChatReader => {
    const cursor = cursors.get(chatId) ?? null;
    const reader = createChatReader({ chatId, viewerId: viewer.id, cursor, ready: 'told' });
    readers.set(chatId, reader);
    accessUnsure.add(reader);
    return reader;
  };

  const forget = (reader: ChatReader) => {
    readers.delete(reader.chatId);
    accessUnsure.delete(reader);
    toRead.delete(reader);
    tail.unfollow([reader.chatId], follower);
  };

  const goOn = (reader: ChatReader, next: Next) => {
    if (next === 'dropQueue') return dropQueue();
    accessUnsure.delete(reader);
    toRead.delete(reader);
    if (next === 'checkAccess') accessUnsure.add(reader);
    else if (next === 'read') toRead.add(reader);
    else if (next !== 'wait') leave(reader);
    subscription.wake();
  };

  const dropQueue = () => {
    const missed = new Set<bigint>();
    outbox.drop((item) => {
      if (item.kind === 'read' || item.kind === 'settings') missed.add(item.chatId);
      return item.kind !== 'chatRemoved'; // which no log would deliver again
    });
    for (const reader of readers.values()) {
      rewind(reader);
      goOn(reader, missed.has(reader.chatId) ? missRead(reader) : nextOf(reader));
    }
  };

  /** Reported after the chat's waiting items. */
  const leave = (reader: ChatReader) => {
    forget(reader);
    outbox.append({ kind: 'chatRemoved', chatId: reader.chatId });
    // They may have been added again.
    chatsMaybeJoined?.add(reader.chatId);
  };

  const follower: Follower = {
    viewerId: viewer.id,
    onEvents: (chatId, events, removals) => {
      const reader = readers.get(chatId);
      if (reader === undefined || !subscription.accepts()) return;
      goOn(reader, takeEvents(reader, events, removals, put));
    },
    onEphemeral: (event) => {
      const reader = readers.get(event.chatId);
      if (reader === undefined || !isFor(viewer, event) || !subscription.accepts()) return;
      const isPut = reader.state === 'live' && put(event, ITEM_BYTES);
      if (!isPut && isState(event)) goOn(reader, missRead(reader));
      subscription.wake();
    },
    onReset: (chatId) => {
      const reader = readers.get(chatId);
      if (reader === undefined) return;
      outbox.drop((item) => isOf(chatId, item));
      goOn(reader, replaceLog(reader));
    },
  };

  const start = async (): Promise<void> => {
    stopWatching = await memberships.watch(viewer.id, (chatIds) => {
      if (chatIds === null) chatsMaybeJoined = null;
      else for (const chatId of chatIds) if (!readers.has(chatId)) chatsMaybeJoined?.add(chatId);
      subscription.wake();
    });
    if (!subscription.isOpen()) return stopWatching();
    const before = (await readViewerChats(db, viewer.id, null)).map(({ chat }) => chat.id);
    if (!subscription.isOpen()) return;
    for (const chatId of before) follow(chatId);
    await tail.follow(before, follower);
    if (!subscription.isOpen()) return tail.unfollow(before, follower);
    const requests = requestsOf(readers.values());
    // Read again after following began: earlier commits are in these heads, later ones are delivered live.
    const mine = new Map((await readViewerChats(db, viewer.id, null)).map(({ chat }) => [chat.id, chat]));
    if (!subscription.isOpen()) return;
    isStarted = true;
    for (const chatId of cursors.keys()) if (!mine.has(chatId)) announcements.push({ kind: 'chatRemoved', chatId });
    for (const chatId of mine.keys()) if (!readers.has(chatId)) chatsMaybeJoined?.add(chatId); // joined just now
    for (const [reader, request] of requests) {
      const chat = mine.get(reader.chatId);
      if (chat === undefined) {
        forget(reader);
        continue;
      }
      const head = headOf(chat);
      if (after !== null && reader.cursor === null) announcements.push({ kind: 'chatAdded', chat, ...head });
      if (reader.cursor !== null && !isSame(reader.cursor, head)) reader.ready = 'owed';
      goOn(reader, takeAccess(reader, request, { chat, seesWithoutMembership: false }, put));
    }
  };

  /** Chats joined since: announced, then followed from where the viewer joined. */
  const join = async () => {
    const asked = chatsMaybeJoined === null ? null : [...chatsMaybeJoined].filter((chatId) => !readers.has(chatId));
    chatsMaybeJoined = new Set();
    if (asked?.length === 0) return;
    const joined = (await readViewerChats(db, viewer.id, asked)).filter(({ chat }) => !readers.has(chat.id));
    if (!subscription.isOpen() || joined.length === 0) return;
    const chatIds = joined.map(({ chat }) => chat.id);
    try {
      await tail.follow(chatIds, follower);
    } catch (error) {
      tail.unfollow(chatIds, follower); // and start over with the next try
      throw error;
    }
    if (!subscription.isOpen()) return tail.unfollow(chatIds, follower);
    for (const one of joined) beginWith(one);
  };

  const beginWith = ({ chat, joined }: ViewerChat) => {
    const position = joined ?? headOf(chat);
    announcements.push({ kind: 'chatAdded', chat, ...position });
    // A removal after they joined counts, even one before the head as read now.
    const reader = follow(chat.id);
    goOn(reader, begin(reader, position, joined?.seq ?? chat.headSeq));
  };

  const checkAccess = async () => {
    const requests = requestsOf([...accessUnsure].slice(0, CHATS_AT_ONCE));
    const mine = await readMine([...requests.keys()].map(({ chatId }) => chatId));
    for (const [reader, request] of requests) {
      const chat = mine.get(reader.chatId);
      const access = chat === undefined ? null : { chat, seesWithoutMembership: false };
      if (isFollowed(reader)) goOn(reader, takeAccess(reader, request, access, put));
    }
  };

  /** Those of these chats that the viewer is in. */
  const readMine = async (chatIds: readonly bigint[]): Promise<Map<bigint, ChatRow>> =>
    new Map((await readViewerChats(db, viewer.id, chatIds)).map(({ chat }) => [chat.id, chat]));

  const readOn = async () => {
    const requests = requestsOf([...toRead].slice(0, CHATS_AT_ONCE));
    const positions = [...requests.keys()].map(({ chatId, queued }) => ({ chatId, seq: queued!.seq }));
    const pages = await readPages(db, positions, Math.max(5, Math.floor(EVENTS_AT_ONCE / requests.size)));
    const since = replayableSince(retentionDays);
    for (const [index, [reader, request]] of [...requests].entries()) {
      if (isFollowed(reader)) goOn(reader, takePage(reader, request, pages[index]!, since, put));
    }
  };

  /** Still followed, and not replaced by another reader after the viewer joined again. */
  const isFollowed = (reader: ChatReader) => readers.get(reader.chatId) === reader;

  const work = (): Promise<void> | undefined => {
    if (!isStarted) return start();
    if (chatsMaybeJoined === null || chatsMaybeJoined.size > 0) return join();
    if (accessUnsure.size > 0) return checkAccess();
    return toRead.size > 0 ? readOn() : undefined;
  };

  const isIdle = () => isStarted && chatsMaybeJoined?.size === 0 && accessUnsure.size === 0 && toRead.size === 0;

  const take = (): StreamItem | undefined => {
    const item = announcements.shift() ?? typists.take(outbox.shift);
    if (item === undefined && isViewerReadyDue && isIdle()) {
      isViewerReadyDue = false;
      return { kind: 'viewerReady' };
    }
    if (item?.kind === 'chatRemoved') typists.forget(item.chatId);
    if (item?.kind === 'event' || item?.kind === 'ready') {
      const reader = readers.get(item.kind === 'event' ? item.event.chatId : item.chat.id);
      if (reader !== undefined) deliver(reader, item);
    }
    return item;
  };

  const subscription: Subscription<StreamItem> = createSubscription<StreamItem>(
    {
      take,
      work,
      onUnavailable: (error) => {
        if (!isStarted) throw error;
        chatsMaybeJoined = null;
      },
      clear: () => {
        outbox.clear();
        announcements = [];
      },
      letGo: () => {
        stopWatching();
        tail.unfollow(readers.keys(), follower);
        readers.clear();
        accessUnsure.clear();
        toRead.clear();
      },
    },
    { ending, slowReaderMs },
  );
  return subscription.stream;
};

const requestsOf = (readers: Iterable<ChatReader>) =>
  new Map([...readers].map((reader) => [reader, requestOf(reader)]));

/** Whether the item is from this chat's log, rather than about its being added or removed. */
const isOf = (chatId: bigint, item: StreamItem): boolean => {
  switch (item.kind) {
    case 'event':
      return item.event.chatId === chatId;
    case 'ready':
      return item.chat.id === chatId;
    case 'typing':
    case 'read':
    case 'settings':
    case 'resync':
      return item.chatId === chatId;
    default:
      return false;
  }
};

/**
 * All of a viewer's chats over one subscription, those joined later included. As in `chat-stream.ts`, catching up and
 * overflowing are the same: logs are read on from what was handed out last, many chats in one go.
 */
import { UnavailableError, type Queryable } from '../../db/database.js';
import type { Place } from '../../log/cursor.js';
import type { Ephemeral } from '../../log/doorbell.js';
import { textBytesOf, type ChatRow, type LogEvent } from '../../log/event.js';
import { checkPlace, readPages, type LogPage, type Removal } from '../../log/read.js';
import { replayableSince } from '../../log/retention.js';
import type { Follower, Tail } from '../../log/tail.js';
import { isFor, ITEM_BYTES, RESYNC_REASONS, RETRY_MS, staysOpen } from './chat-stream.js';
import type { Ending } from './ending.js';
import { createOutbox } from './outbox.js';
import { createPulledStream } from './pulled-stream.js';
import type { EndCode, Stream, StreamItem } from './stream-item.js';
import { createTypists } from './typists.js';
import type { Viewer } from '../viewer.js';
import { readViewerChats, type Memberships, type ViewerChat } from './viewer-chats.js';

export interface ViewerStreamOptions {
  db: Queryable;
  tail: Tail;
  memberships: Memberships;
  viewer: Viewer;
  /** The last event that the client saw of each chat; null: nothing is replayed. */
  after: readonly Place[] | null;
  ending: Ending;
  slowReaderMs: number;
  /** Cursors that are further behind are not replayed; 0: all are. */
  retentionDays: number;
  /** The client is told to read a chat again. */
  onResync?: ((reason: keyof typeof RESYNC_REASONS) => void) | undefined;
}

interface At {
  seq: number;
  mark: number;
}

/** How one chat is followed. */
interface Followed {
  /** Up to where events were put into the outbox, and up to where they were handed out. */
  place: At;
  handed: At;
  /** The newest number that is known to exist. */
  known: number;
  /** Otherwise its log is read. */
  isLive: boolean;
  isReadyDue: boolean;
  /** It is in the outbox. */
  isReadyWaiting: boolean;
  /** The head when the viewer was seen to be a member: removals up to there were made good since. */
  entitledSeq: number;
}

/** So many logs are read in one go, and so many events of them all. */
const CHATS_AT_ONCE = 200;
const EVENTS_AT_ONCE = 600;

type State = 'starting' | 'live' | 'ended' | 'over';

export const createViewerStream = (options: ViewerStreamOptions): Stream => {
  const { db, tail, memberships, viewer, after, ending, slowReaderMs, retentionDays } = options;
  let state = 'starting' as State;
  /** Read anew after each await, since anything may have happened meanwhile. */
  const is = (other: State) => state === other;
  const outbox = createOutbox<StreamItem>();
  const typists = createTypists();
  /** Said before anything of the chats they name; as many as there are chats. */
  let news: StreamItem[] = [];
  const chats = new Map<bigint, Followed>();
  /** Places that the client has come with. */
  const cursors = new Map((after ?? []).map((place) => [place.chatId, place]));
  /** Those whose logs have to be read. */
  const due = new Set<bigint>();
  /** Of these the log is another one than it was, in which the viewer may be no member. */
  const unsure = new Set<bigint>();
  /** Those that the viewer may have joined: null for any. */
  let maybeJoined: Set<bigint> | null = new Set();
  let isViewerReadyDue = true;
  let isHeld = false;
  let wake: (() => void) | null = null;
  let stopWatching = () => {};
  let stopEnding = () => {};

  const notify = () => {
    wake?.();
    wake = null;
  };

  const letGo = () => {
    stopEnding();
    stopWatching();
    tail.unfollow(chats.keys(), follower);
    chats.clear();
    due.clear();
    unsure.clear();
  };

  const end = (code: EndCode, reason: string) => {
    if (is('ended') || is('over')) return;
    outbox.clear();
    news = [{ kind: 'ended', code, reason }];
    state = 'ended';
    isHeld = staysOpen(code);
    letGo();
    notify();
  };

  const readLog = (chatId: bigint, chat: Followed) => {
    chat.isLive = false;
    due.add(chatId);
    notify();
  };

  /** What waits of the chats is dropped, and read again when the subscriber takes on. */
  const fallBack = () => {
    outbox.clear();
    for (const [chatId, chat] of chats) {
      if (chat.place === chat.handed && !chat.isReadyWaiting) continue;
      chat.place = chat.handed;
      chat.isReadyWaiting = false;
      chat.isReadyDue = true;
      readLog(chatId, chat);
    }
  };

  /** @returns false where there is no room: what is missing is read from the log once this much is taken */
  const put = (item: StreamItem, bytes = ITEM_BYTES): boolean => {
    if (outbox.push(item, bytes)) return true;
    outbox.drop((other) => other.kind === 'typing' || other.kind === 'read');
    return outbox.push(item, bytes);
  };

  const leave = (chatId: bigint) => {
    chats.delete(chatId);
    due.delete(chatId);
    unsure.delete(chatId);
    tail.unfollow([chatId], follower);
    // Whatever waits, this is said after it; where there is no room what waits is dropped for it.
    if (!outbox.push({ kind: 'chatRemoved', chatId }, 0)) {
      fallBack();
      outbox.push({ kind: 'chatRemoved', chatId }, 0);
    }
    // They may have been added again.
    maybeJoined?.add(chatId);
  };

  const apply = (
    chatId: bigint,
    chat: Followed,
    event: LogEvent,
    removals: readonly Removal[],
  ): 'applied' | 'left' | 'full' => {
    const removal = removals.find(
      (one) => one.userId === viewer.id && one.seq > chat.entitledSeq && one.seq >= event.seq,
    );
    if (removal !== undefined && event.messages.some((message) => message.changedSeq > removal.seq)) {
      leave(chatId);
      return 'left';
    }
    const bytes = ITEM_BYTES + textBytesOf(event);
    if (!put({ kind: 'event', event }, bytes)) return 'full';
    chat.place = { seq: event.seq, mark: event.mark };
    if (event.type === 'MEMBER_REMOVED' && event.userId === viewer.id && event.seq > chat.entitledSeq) {
      leave(chatId);
      return 'left';
    }
    return 'applied';
  };

  const follower: Follower = {
    onEvents: (chatId, events, removals) => {
      const chat = chats.get(chatId);
      if (chat === undefined || isTooSlow()) return;
      chat.known = Math.max(chat.known, events.at(-1)?.seq ?? 0);
      if (!chat.isLive) return; // its log is read anyway
      for (const event of events) {
        if (event.seq <= chat.place.seq) continue;
        if (event.seq !== chat.place.seq + 1) return readLog(chatId, chat);
        const outcome = apply(chatId, chat, event, removals);
        if (outcome === 'full') return fallBack();
        if (outcome === 'left') break;
      }
      notify();
    },
    onEphemeral: (event: Ephemeral) => {
      if (!chats.get(event.chatId)?.isLive || !isFor(viewer, event)) return;
      if (outbox.push(event, ITEM_BYTES)) notify();
    },
    onReset: (chatId) => {
      const chat = chats.get(chatId);
      if (chat === undefined) return;
      // Another object, by which whoever reads the log just now knows that it has read an older one.
      chat.place = chat.handed = { ...chat.handed };
      chat.isReadyDue = true;
      // What waits is of the log that was.
      outbox.drop((item) => item.kind === 'event' && item.event.chatId === chatId);
      unsure.add(chatId);
      readLog(chatId, chat);
    },
  };

  const isTooSlow = (): boolean => {
    if (!is('live') || idleMs() < slowReaderMs) return false;
    end(
      'TOO_SLOW',
      `Nothing was taken for ${Math.round(slowReaderMs / 1000)} s: subscribe again with the last cursors`,
    );
    return true;
  };

  const enter = ({ chat }: ViewerChat, place: At, isReadyDue: boolean) => {
    const followed: Followed = {
      place,
      handed: place,
      known: chat.headSeq,
      isLive: false,
      isReadyDue,
      isReadyWaiting: false,
      entitledSeq: chat.headSeq,
    };
    chats.set(chat.id, followed);
    return followed;
  };

  const start = async () => {
    stopWatching = await memberships.watch(viewer.id, (chatIds) => {
      if (chatIds === null) maybeJoined = null;
      else for (const chatId of chatIds) if (!chats.has(chatId)) maybeJoined?.add(chatId);
      notify();
    });
    if (!is('starting')) return stopWatching();
    const before = await readViewerChats(db, viewer.id, null);
    if (!is('starting')) return;
    for (const mine of before) enter(mine, headOf(mine.chat), false);
    await tail.follow([...chats.keys()], follower);
    if (!is('starting'))
      return tail.unfollow(
        before.map(({ chat }) => chat.id),
        follower,
      );
    // Again, after following: what was committed before is in these heads, what comes later is told.
    const mine = new Map((await readViewerChats(db, viewer.id, null)).map((one) => [one.chat.id, one]));
    if (!is('starting')) return;
    beginWith(mine);
    state = 'live';
  };

  const beginWith = (mine: ReadonlyMap<bigint, ViewerChat>) => {
    for (const chatId of cursors.keys()) if (!mine.has(chatId)) news.push({ kind: 'chatRemoved', chatId });
    for (const chatId of chats.keys()) {
      if (mine.has(chatId)) continue;
      chats.delete(chatId);
      tail.unfollow([chatId], follower);
    }
    for (const one of mine.values()) {
      const { chat } = one;
      if (!chats.has(chat.id)) {
        maybeJoined?.add(chat.id); // joined this moment, and not followed yet
        continue;
      }
      const { known } = chats.get(chat.id)!;
      const cursor = cursors.get(chat.id);
      const head = headOf(chat);
      if (after !== null && cursor === undefined) news.push({ kind: 'chatAdded', chat, ...head });
      const isBehind = cursor !== undefined && (cursor.seq !== head.seq || cursor.mark !== head.mark);
      const followed = enter(one, isBehind ? cursor : head, isBehind);
      followed.known = Math.max(known, chat.headSeq);
      if (followed.known > followed.place.seq || isBehind) readLog(chat.id, followed);
      else followed.isLive = true;
    }
  };

  /** Chats joined since: told, then followed from the viewer's own beginning in them. */
  const join = async () => {
    const asked = maybeJoined === null ? null : [...maybeJoined].filter((chatId) => !chats.has(chatId));
    maybeJoined = new Set();
    if (asked?.length === 0) return;
    const joined = (await readViewerChats(db, viewer.id, asked)).filter(({ chat }) => !chats.has(chat.id));
    if (!is('live') || joined.length === 0) return;
    const chatIds = joined.map(({ chat }) => chat.id);
    try {
      await tail.follow(chatIds, follower);
    } catch (error) {
      tail.unfollow(chatIds, follower); // and begin anew with the next try
      throw error;
    }
    if (!is('live')) return tail.unfollow(chatIds, follower);
    for (const one of joined) {
      const place = one.joined ?? headOf(one.chat);
      news.push({ kind: 'chatAdded', chat: one.chat, ...place });
      due.add(one.chat.id);
      // A removal after joining ends it, also one before the head as read now.
      enter(one, place, false).entitledSeq = one.joined?.seq ?? one.chat.headSeq;
    }
  };

  const readDue = async () => {
    const some = [...due].slice(0, CHATS_AT_ONCE).map((chatId) => {
      const { place, known } = chats.get(chatId)!;
      return { chatId, place, known };
    });
    const places = some.map(({ chatId, place }) => ({ chatId, seq: place.seq }));
    const pages = await readPages(db, places, Math.max(5, Math.floor(EVENTS_AT_ONCE / some.length)));
    // What is passed over may hold the viewer's removal, and another log may never have had their joining.
    const doubtful = some.filter(({ chatId, place }) => {
      const page = pages.get(chatId);
      return page !== undefined && (unsure.has(chatId) || resumability(chatId, place, page) !== 'ok');
    });
    const mine = await readMine(doubtful.map(({ chatId }) => chatId));
    for (const { chatId, place, known } of some) {
      const chat = chats.get(chatId);
      // Fell back, was reset, left or joined anew meanwhile: the next time.
      if (!is('live') || chat?.place !== place) continue;
      const page = pages.get(chatId);
      const isDoubtful = doubtful.some((one) => one.chatId === chatId);
      const now = mine.get(chatId);
      if (page === undefined || (isDoubtful && now === undefined)) {
        leave(chatId);
        continue;
      }
      if (now !== undefined) {
        unsure.delete(chatId);
        chat.entitledSeq = now.headSeq;
      }
      takePage(chatId, chat, now === undefined ? page : { ...page, chat: now }, known);
    }
  };

  /** Those of these chats that the viewer is in. */
  const readMine = async (chatIds: readonly bigint[]): Promise<Map<bigint, ChatRow>> => {
    const mine = chatIds.length === 0 ? [] : await readViewerChats(db, viewer.id, chatIds);
    return new Map(mine.map(({ chat }) => [chat.id, chat]));
  };

  const resumability = (chatId: bigint, place: At, page: LogPage) =>
    checkPlace(place, page, place === cursors.get(chatId) ? replayableSince(retentionDays) : undefined);

  const takePage = (chatId: bigint, chat: Followed, page: LogPage, knownBefore: number) => {
    const outcome = resumability(chatId, chat.place, page);
    if (outcome !== 'ok') {
      if (!put({ kind: 'resync', chatId, reason: RESYNC_REASONS[outcome] })) return;
      options.onResync?.(outcome);
      chat.place = headOf(page.chat);
      // Before anything that came meanwhile: what the client reads again is to be no older than this.
      putReady(chat, page.chat);
    } else {
      for (const event of page.events) if (apply(chatId, chat, event, page.removals) !== 'applied') return;
    }
    // This read began after that was known: what it did not find is of a log that was lost.
    if (chat.known === knownBefore) chat.known = Math.max(chat.place.seq, page.chat.headSeq);
    if (chat.place.seq < chat.known) return; // the next page
    due.delete(chatId);
    chat.isLive = true;
    if (chat.isReadyDue) putReady(chat, page.chat);
  };

  const putReady = (followed: Followed, chat: ChatRow) => {
    followed.isReadyWaiting = put({ kind: 'ready', chat, headSeq: followed.place.seq, mark: followed.place.mark });
    followed.isReadyDue = !followed.isReadyWaiting;
  };

  const work = async () => {
    try {
      if (is('starting')) await start();
      else if (maybeJoined === null || maybeJoined.size > 0) await join();
      else if (due.size > 0) await readDue();
    } catch (error) {
      if (!(error instanceof UnavailableError) || is('starting')) throw error;
      maybeJoined = null;
      await new Promise<void>((resolve) => {
        wake = resolve;
        setTimeout(resolve, RETRY_MS);
      });
    }
  };

  const take = (): StreamItem | undefined => {
    const item = news.shift() ?? typists.take(() => outbox.shift());
    if (item?.kind === 'chatRemoved') typists.forget(item.chatId);
    if (item?.kind === 'event') handOut(item.event.chatId, item.event);
    if (item?.kind === 'ready') handOut(item.chat.id, { seq: item.headSeq, mark: item.mark }).isReadyWaiting = false;
    return item;
  };

  /** Nothing where the chat was left meanwhile. */
  const handOut = (chatId: bigint, { seq, mark }: At): { isReadyWaiting: boolean } => {
    const chat = chats.get(chatId);
    if (chat === undefined) return { isReadyWaiting: false };
    // The same object where nothing waits any more, by which that is told.
    chat.handed = chat.place.seq === seq && chat.place.mark === mark ? chat.place : { seq, mark };
    return chat;
  };

  const isIdle = () => is('live') && due.size === 0 && maybeJoined?.size === 0;

  const pull = async (): Promise<IteratorResult<StreamItem>> => {
    for (;;) {
      const item = take();
      if (item !== undefined) return { done: false, value: item };
      if (is('ended') && !isHeld) state = 'over';
      if (is('over')) return { done: true, value: undefined };
      if (isIdle() && isViewerReadyDue) {
        isViewerReadyDue = false;
        return { done: false, value: { kind: 'viewerReady' } };
      }
      if (isIdle() || is('ended')) await new Promise<void>((resolve) => (wake = resolve));
      else await work();
    }
  };

  const stop = () => {
    if (!is('over')) {
      state = 'over';
      outbox.clear();
      news = [];
      letGo();
      notify();
    }
  };

  stopEnding = ending.onEnd(end);
  if (is('ended')) stopEnding();

  const { stream, idleMs } = createPulledStream<StreamItem>({ pull, stop });
  return stream;
};

const headOf = (chat: ChatRow): At => ({ seq: chat.headSeq, mark: chat.headMark });

/**
 * The tail of each log that somebody on this node follows: events as they are committed, in order, without gaps. The doorbell
 * brings them; if one is missing, the node reads the log; and once a second a round says what moved in any chat.
 */
import type { Bus, Unsubscribe } from '../bus/bus.js';
import type { Queryable } from '../db/database.js';
import { gather } from '../db/gather.js';
import { createHistogram, type Histogram } from '../meters.js';
import type { LogPosition } from './cursor.js';
import { chatTopic, type Ephemeral, type Ring } from './doorbell.js';
import type { LogEvent } from './event.js';
import { checkPosition, readHeads, readPages, type Head, type LogPage, type Removal } from './read.js';
import type { Moved, Rounds } from './rounds.js';

export interface Follower {
  /** Whose read positions it is told of even in a large chat. */
  readonly viewerId: bigint;
  /** In order, each once. `removals`: members known to have been removed after these events, if the log had to be read. */
  onEvents(chatId: bigint, events: LogEvent[], removals: Removal[]): void;
  onEphemeral(event: Ephemeral): void;
  /** What follows does not continue what came before: the log is another one, or is too far ahead. */
  onReset(chatId: bigint): void;
}

export interface Tail {
  /** Resolves once every later commit is sure to be delivered, at most a second late. Chats that no longer exist deliver nothing. */
  follow(chatIds: readonly bigint[], follower: Follower): Promise<void>;
  unfollow(chatIds: Iterable<bigint>, follower: Follower): void;
  /** How often the log had to be read because the doorbell had not brought the next event. */
  readonly gapReads: () => number;
  readonly followedChats: () => number;
  /** Seconds from each event's own time to its delivery, counted once per event for any number of followers. */
  readonly lag: Histogram;
  close(): void;
}

/** How long an event that came early, or a round that was faster than the bell, waits for the bell before the log is read. */
const GRACE_MS = 100;
/** If the database did not answer: the wait before a gap is read again. */
const RETRY_MS = 1000;
/** Events of a log that are read at once; of all logs that are read together. */
const MIN_PAGE = 20;
const PAGE = 500;
const PAGES = 4000;
const MAX_EARLY = 1000;
/** How long the read positions of a chat that nobody follows any longer are kept: another node may hold one back for a second. */
const KEEP_READ_MS = 5000;

interface ChatTail {
  followers: Set<Follower>;
  /** Null until it is needed. */
  byViewer: Map<bigint, Set<Follower>> | null;
  /** The last event delivered; null until the head was read once. */
  position: LogPosition | null;
  /** Events that came before their predecessors, or are being delivered; each with the mark of the event before it. */
  early: Map<number, { event: LogEvent; markBefore: number }>;
  /** The newest seq known to exist. */
  knownHead: number;
  /** Each reader's read position, as last delivered. */
  read: Map<bigint, number>;
  ready: Promise<unknown>;
  unsubscribe: Unsubscribe | null;
  graceTimer: NodeJS.Timeout | null;
  isReading: boolean;
}

export const createTail = (
  { db, bus, rounds }: { db: Queryable; bus: Bus; rounds: Rounds },
  onError: (error: unknown) => void,
): Tail => {
  const chats = new Map<bigint, ChatTail>();
  /** Of chats that were followed until just now, oldest first. */
  const left = new Map<bigint, { read: ChatTail['read']; since: number }>();
  let gapReads = 0;
  const lag = createHistogram();
  let compareTimer: NodeJS.Timeout | null = null;
  let isClosed = false;

  // Without the bell a round tells of all that moved at once; and after a restart all clients follow at once.
  const readPage = gather<{ chatId: bigint; seq: number }, LogPage | null>(
    (positions) => readPages(db, positions, Math.max(MIN_PAGE, Math.min(PAGE, Math.floor(PAGES / positions.length)))),
    { most: 200 },
  );
  const readHead = gather<bigint, Head | undefined>(async (chatIds) => {
    const heads = new Map((await readHeads(db, chatIds)).map((head) => [head.chatId, head]));
    return chatIds.map((chatId) => heads.get(chatId));
  });

  const hand = (chatId: bigint, chat: ChatTail, events: LogEvent[], removals: Removal[]) => {
    const last = events.at(-1);
    if (last === undefined) return;
    chat.position = { seq: last.seq, mark: last.mark };
    rounds.saw({ chatId, ...chat.position });
    const now = Date.now();
    for (const event of events) lag.observe(Math.max(0, now - event.createdAt.getTime()) / 1000);
    for (const follower of [...chat.followers]) follower.onEvents(chatId, events, removals);
  };

  /** Delivers the early events that are next in order. */
  const advance = (chatId: bigint, chat: ChatTail) => {
    if (chat.position === null || chat.isReading) return;
    const next: LogEvent[] = [];
    let { mark } = chat.position;
    for (let seq = chat.position.seq + 1; ; seq += 1) {
      const early = chat.early.get(seq);
      if (early === undefined) break;
      chat.early.delete(seq);
      // Its predecessor is not the event that was delivered: it is from a log before or after a restore. The log decides.
      if (early.markBefore !== mark) break;
      next.push(early.event);
      ({ mark } = early.event);
    }
    hand(chatId, chat, next, []);
    if (chat.knownHead > chat.position.seq) waitThenRead(chatId, chat);
  };

  const waitThenRead = (chatId: bigint, chat: ChatTail) => {
    chat.graceTimer ??= setTimeout(() => again(chatId, chat), GRACE_MS);
  };

  const again = (chatId: bigint, chat: ChatTail) => {
    chat.graceTimer = null;
    if (chats.get(chatId) === chat && chat.position !== null && chat.knownHead > chat.position.seq)
      void readGap(chatId, chat);
  };

  const readGap = async (chatId: bigint, chat: ChatTail) => {
    if (chat.isReading || chat.position === null) return;
    chat.isReading = true;
    try {
      for (;;) {
        gapReads += 1;
        const position: LogPosition = chat.position;
        const knownBefore = chat.knownHead;
        const page = await readPage({ chatId, seq: position.seq });
        if (chats.get(chatId) !== chat || page === null) return;
        if (checkPosition(position, page) !== 'ok') {
          chat.position = { seq: page.chat.headSeq, mark: page.chat.headMark };
          chat.knownHead = page.chat.headSeq;
          chat.early.clear();
          chat.read.clear();
          for (const follower of [...chat.followers]) follower.onReset(chatId);
          return;
        }
        hand(chatId, chat, page.events, page.removals);
        if (chat.position.seq >= page.chat.headSeq) {
          // This read began after that head was known, so a seq that it did not find is from a lost log.
          if (chat.knownHead === knownBefore) chat.knownHead = chat.position.seq;
          return;
        }
      }
    } catch (error) {
      if (isClosed) return;
      onError(error);
      if (chats.get(chatId) === chat) chat.graceTimer ??= setTimeout(() => again(chatId, chat), RETRY_MS);
    } finally {
      chat.isReading = false;
      const { position } = chat;
      if (position !== null) {
        for (const seq of chat.early.keys()) if (seq <= position.seq) chat.early.delete(seq);
        advance(chatId, chat);
      }
    }
  };

  /** Read positions only move forward, while the bells of two nodes may overtake each other. */
  const isBehind = ({ read }: ChatTail, event: Ephemeral): boolean => {
    if (event.kind !== 'read') return false;
    if (event.lastReadSeq <= (read.get(event.user.id) ?? 0)) return true;
    read.set(event.user.id, event.lastReadSeq);
    return false;
  };

  /** All, but for what concerns one reader alone: in a large chat all its readers would else look at all positions. */
  const toldOf = (chat: ChatTail, event: Ephemeral): Iterable<Follower> => {
    const ownerId = ownerOf(event);
    if (ownerId === null) return chat.followers;
    if (chat.byViewer === null) {
      chat.byViewer = new Map();
      for (const follower of chat.followers) addTo(chat.byViewer, follower);
    }
    return chat.byViewer.get(ownerId) ?? [];
  };

  const onRing = (chatId: bigint, chat: ChatTail, ring: Ring) => {
    if ('ephemerals' in ring) {
      for (const ephemeral of ring.ephemerals) {
        if (isBehind(chat, ephemeral)) continue;
        for (const follower of [...toldOf(chat, ephemeral)]) follower.onEphemeral(ephemeral);
      }
      return;
    }
    let { markBefore } = ring;
    for (const event of ring.events) {
      if (chat.position === null || event.seq > chat.position.seq) {
        chat.knownHead = Math.max(chat.knownHead, event.seq);
        if (chat.early.size < MAX_EARLY) chat.early.set(event.seq, { event, markBefore });
      }
      markBefore = event.mark;
    }
    advance(chatId, chat);
  };

  /** Compares every followed log with the database after an outage: it may be another database now. */
  const compareAll = async (): Promise<void> => {
    compareTimer = null;
    try {
      await compareHeads();
    } catch (error) {
      // The database may be closed by then, too.
      if (isClosed) return;
      onError(error);
      compareTimer ??= setTimeout(() => void compareAll(), RETRY_MS);
    }
  };

  const compareHeads = async () => {
    const heads = new Map((await readHeads(db, [...chats.keys()])).map((head) => [head.chatId, head]));
    for (const [chatId, chat] of chats) {
      const head = heads.get(chatId);
      if (head === undefined) {
        // Its followers learn that it is gone before a new chat can get its id.
        for (const follower of [...chat.followers]) follower.onReset(chatId);
        continue;
      }
      if (chat.position === null) {
        // It could not be read when following began.
        setHead(chatId, head);
        for (const follower of [...chat.followers]) follower.onReset(chatId);
        continue;
      }
      if (head.seq !== chat.position.seq || head.mark !== chat.position.mark) {
        chat.knownHead = Math.max(head.seq, chat.position.seq);
        void readGap(chatId, chat);
      }
    }
  };

  const onMoved = (moved: Moved) => {
    if (moved.isAfterFailure) void compareAll();
    for (const [chatId, seq] of moved.chats) {
      const chat = chats.get(chatId);
      if (chat === undefined || seq <= chat.knownHead) continue;
      chat.knownHead = seq;
      if (chat.position !== null) waitThenRead(chatId, chat);
    }
  };
  const stopListening = rounds.onMoved(onMoved);

  /** Otherwise one who comes back could be told an older position than before. */
  const takeRead = (chatId: bigint): ChatTail['read'] => {
    const now = performance.now();
    for (const [id, { since }] of left) {
      if (now - since < KEEP_READ_MS) break;
      left.delete(id);
    }
    const read = left.get(chatId)?.read ?? new Map<bigint, number>();
    left.delete(chatId);
    return read;
  };

  const open = (chatId: bigint): ChatTail => {
    const chat: ChatTail = {
      followers: new Set(),
      byViewer: null,
      position: null,
      early: new Map(),
      knownHead: 0,
      read: takeRead(chatId),
      ready: Promise.resolve(),
      unsubscribe: null,
      graceTimer: null,
      isReading: false,
    };
    chats.set(chatId, chat);
    chat.ready = bus
      .subscribe(chatTopic(chatId), (ring) => onRing(chatId, chat, ring))
      .then((unsubscribe) => {
        if (chats.get(chatId) === chat) chat.unsubscribe = unsubscribe;
        else unsubscribe();
      });
    return chat;
  };

  const shut = (chatId: bigint, chat: ChatTail) => {
    chats.delete(chatId);
    if (chat.read.size > 0) left.set(chatId, { read: chat.read, since: performance.now() });
    chat.unsubscribe?.();
    if (chat.graceTimer !== null) clearTimeout(chat.graceTimer);
  };

  const setHead = (chatId: bigint, head: Head) => {
    const chat = chats.get(chatId);
    if (chat === undefined || chat.position !== null) return;
    chat.position = { seq: head.seq, mark: head.mark };
    for (const seq of chat.early.keys()) if (seq <= head.seq) chat.early.delete(seq);
    advance(chatId, chat);
  };

  return {
    follow: async (chatIds, follower) => {
      const followed = chatIds.map((chatId) => {
        const chat = chats.get(chatId) ?? open(chatId);
        chat.followers.add(follower);
        if (chat.byViewer !== null) addTo(chat.byViewer, follower);
        return chat;
      });
      await Promise.all(followed.map((chat) => chat.ready));
      // After the bell is connected: later commits ring, earlier ones are in the head.
      const begun = chatIds.filter((chatId) => chats.get(chatId)?.position === null);
      for (const head of await Promise.all(begun.map(readHead))) if (head !== undefined) setHead(head.chatId, head);
    },
    unfollow: (chatIds, follower) => {
      for (const chatId of chatIds) {
        const chat = chats.get(chatId);
        if (chat === undefined) continue;
        chat.followers.delete(follower);
        if (chat.byViewer !== null) removeFrom(chat.byViewer, follower);
        if (chat.followers.size === 0) shut(chatId, chat);
      }
    },
    gapReads: () => gapReads,
    followedChats: () => chats.size,
    lag,
    close: () => {
      isClosed = true;
      stopListening();
      if (compareTimer !== null) clearTimeout(compareTimer);
      for (const [chatId, chat] of chats) shut(chatId, chat);
    },
  };
};

/** Whose devices alone are told; null: everybody's. */
const ownerOf = (event: Ephemeral): bigint | null => {
  if (event.kind === 'settings') return event.userId;
  return event.kind === 'read' && event.isOwnOnly ? event.user.id : null;
};

type ByViewer = Map<bigint, Set<Follower>>;

const addTo = (byViewer: ByViewer, follower: Follower) => {
  const own = byViewer.get(follower.viewerId) ?? new Set();
  byViewer.set(follower.viewerId, own.add(follower));
};

const removeFrom = (byViewer: ByViewer, follower: Follower) => {
  const own = byViewer.get(follower.viewerId);
  own?.delete(follower);
  if (own?.size === 0) byViewer.delete(follower.viewerId);
};

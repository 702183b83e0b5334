/**
 * One chat, followed by one viewer: the log after a cursor, then ChatReady, then live. Catching up and overflowing are the same
 * thing here: the log is read on from the last event handed out, a page at a time, as fast as the subscriber takes it.
 */
import { UnavailableError, type Queryable } from '../../db/database.js';
import type { Ephemeral } from '../../log/doorbell.js';
import { textBytesOf, type ChatRow, type LogEvent } from '../../log/event.js';
import { checkPlace, readPage, type Removal } from '../../log/read.js';
import { replayableSince } from '../../log/retention.js';
import type { Role } from '../../generated/prisma/enums.js';
import type { Follower, Tail } from '../../log/tail.js';
import { readAccess, type ChatAccess } from '../rules/chat-access.js';
import type { Ending } from './ending.js';
import { createOutbox } from './outbox.js';
import { createPulledStream } from './pulled-stream.js';
import type { Place, Places } from './places.js';
import { canSee, needsPresence } from '../rules/policy.js';
import type { EndCode, Stream, StreamItem } from './stream-item.js';
import { createTypists } from './typists.js';
import type { Viewer } from '../viewer.js';

export interface ChatStreamOptions {
  db: Queryable;
  tail: Tail;
  viewer: Viewer;
  chatId: bigint;
  /** The event that the client saw last; without it nothing is replayed. */
  after: { seq: number; mark: number } | null;
  places: Pick<Places, 'take'>;
  /** What it comes over: counted once for each chat, however much it follows of it. */
  connectionId: string;
  /** Whether following by this is joining: from `ready` on. */
  isJoining: boolean;
  /** Tells of the viewer's role, should it change. */
  watch: WatchViewer;
  /** Told once the socket, the session or the server ends what it carries. */
  ending: Ending;
  slowReaderMs: number;
  /** Cursors that are further behind are not replayed; 0: all are. */
  retentionDays: number;
  /** The client is told to read the chat again. */
  onResync?: ((reason: keyof typeof RESYNC_REASONS) => void) | undefined;
}

/** As `Credentials` has it. */
export type WatchViewer = (viewer: Viewer, onChange: (what: 'ended' | 'role', role: Role) => void) => () => void;

const PAGE = 200;
/** Events that came during the last page of a replay, so that no further one is needed. */
const EARLY_MOST = 500;
export const RETRY_MS = 500;
/** An item's share of memory beside its text. */
export const ITEM_BYTES = 400;

export const RESYNC_REASONS = {
  restored: 'The log is not the one this cursor was made from, or no longer reaches back to it: query the chat again',
  tooFar: 'More than 10,000 events behind: query the chat again',
};

/** After these the client subscribes again by itself, which it would not after `complete`: the stream stays open until let go. */
export const staysOpen = (code: EndCode) => code === 'SIGNED_OUT' || code === 'SHUTTING_DOWN';

type State = 'starting' | 'replaying' | 'live' | 'ended' | 'over';

export const createChatStream = ({
  db,
  tail,
  viewer,
  chatId,
  after,
  places,
  connectionId,
  isJoining,
  watch,
  ending,
  slowReaderMs,
  retentionDays,
  onResync,
}: ChatStreamOptions): Stream => {
  /** starting → replaying ⇄ live → ended (its last item waits) → over */
  let state = 'starting' as State;
  /** Read anew after each await, since anything may have happened meanwhile. */
  const is = (other: State) => state === other;
  const outbox = createOutbox<StreamItem>();
  const typists = createTypists();
  /** Up to where events were put into the outbox, and up to where they were handed out. */
  let place = after;
  let handed = after;
  let isReadyDue = true;
  let early: LogEvent[] = [];
  let isEarlyWhole = true;
  /** The head when the viewer was last seen to be entitled; a removal up to there was made good since. */
  let entitledSeq = 0;
  let isHeld = false;
  let wake: (() => void) | null = null;

  const notify = () => {
    wake?.();
    wake = null;
  };

  let stopEnding = () => {};
  let stopWatching = () => {};
  let held: Place | null = null;
  const letGo = () => {
    held?.release();
    stopEnding();
    stopWatching();
    tail.unfollow([chatId], follower);
    early = [];
  };

  /** The stream's last item. What was queued and not yet given is dropped, except before a removal, which comes in its order. */
  const end = (code: EndCode, reason: string, { isInOrder = false } = {}) => {
    if (state === 'ended' || state === 'over') return;
    if (!isInOrder) outbox.clear();
    state = 'ended';
    isHeld = staysOpen(code);
    if (!outbox.push({ kind: 'ended', code, reason }, 0)) {
      outbox.clear();
      outbox.push({ kind: 'ended', code, reason }, 0);
    }
    letGo();
    notify();
  };

  /** Back to the log: what waits is dropped, and read again when the subscriber takes on. */
  const fallBack = () => {
    outbox.clear();
    place = handed;
    early = [];
    isEarlyWhole = false;
    isReadyDue = true;
    state = 'replaying';
    notify();
  };

  const put = (item: StreamItem, bytes: number): boolean => {
    if (outbox.push(item, bytes)) return true;
    outbox.drop((other) => other.kind === 'typing' || other.kind === 'read');
    if (outbox.push(item, bytes)) return true;
    // Of a page the rest is read again once this much is taken: dropping it all would begin the same page anew for ever.
    if (state === 'live') fallBack();
    return false;
  };

  /** @returns false where the stream ended with it, or fell back */
  const apply = (event: LogEvent, removals: readonly Removal[]): boolean => {
    const removal = removals.find((one) => one.userId === viewer.id && one.seq > entitledSeq && one.seq >= event.seq);
    const isChangedAfter = removal !== undefined && event.messages.some((message) => message.changedSeq > removal.seq);
    if (isChangedAfter) {
      end('REMOVED', 'You are no longer a member of this chat', { isInOrder: true });
      return false;
    }
    const bytes = ITEM_BYTES + textBytesOf(event);
    if (!put({ kind: 'event', event }, bytes)) return false;
    place = { seq: event.seq, mark: event.mark };
    const isOwnRemoval = event.type === 'MEMBER_REMOVED' && event.userId === viewer.id && event.seq > entitledSeq;
    if (isOwnRemoval && !seesWithoutMembership) {
      end('REMOVED', event.actorId === viewer.id ? 'You left this chat' : 'You were removed from this chat', {
        isInOrder: true,
      });
      return false;
    }
    return true;
  };

  /** By their role: should that change, or the log, it is looked whether they still see the chat, before anything else is handed out. */
  let seesWithoutMembership = false;
  let { role } = viewer;
  let isSightDue = false;

  /** They see the chat as it is in `access`. */
  const entitle = ({ chat, actor }: ChatAccess) => {
    entitledSeq = chat.headSeq;
    seesWithoutMembership = canSee({ ...actor, isMember: false }, chat);
  };

  const lookAgain = async () => {
    isSightDue = false;
    const access = await readAccess(db, { ...viewer, role }, chatId);
    if (is('ended') || is('over')) return;
    if (access === null) return end('CHAT_GONE', 'You may not see this chat any more');
    entitle(access);
  };

  const follower: Follower = {
    onEvents: (_chatId, events, removals) => {
      if (isTooSlow()) return;
      if (state === 'starting' || state === 'replaying') {
        // Kept for the seam; in the log anyway.
        if (isEarlyWhole && early.length + events.length <= EARLY_MOST && removals.length === 0) early.push(...events);
        else {
          early = [];
          isEarlyWhole = false;
        }
        return;
      }
      if (state !== 'live') return;
      for (const event of events) {
        if (event.seq <= place!.seq) continue;
        if (event.seq !== place!.seq + 1) return fallBack();
        if (!apply(event, removals)) break;
      }
      notify();
    },
    onEphemeral: (event) => {
      if (state !== 'live' || !isFor(viewer, event)) return;
      if (outbox.push(event.kind === 'typing' ? event : { ...event, kind: 'read' }, ITEM_BYTES)) notify();
    },
    onReset: () => {
      early = [];
      isEarlyWhole = false;
      isSightDue = true;
      if (state === 'live') fallBack();
    },
  };

  const isTooSlow = (): boolean => {
    if (state === 'ended' || state === 'over' || idleMs() < slowReaderMs) return false;
    end('TOO_SLOW', `Nothing was taken for ${Math.round(slowReaderMs / 1000)} s: subscribe again with the last cursor`);
    return true;
  };

  const start = async () => {
    const first = await readAccess(db, viewer, chatId);
    if (!is('starting')) return;
    if (first === null) return end('CHAT_GONE', 'There is no such chat');
    const wanted = { userId: viewer.id, chatId, connectionId, isForJoining: isJoining && needsPresence(first.chat) };
    const taken = await places.take(wanted, () => end('TAKEN_OVER', 'This chat was opened elsewhere by the same user'));
    if (!is('starting')) return taken.release();
    held = taken;
    await tail.follow([chatId], follower);
    if (!is('starting')) return tail.unfollow([chatId], follower); // let go meanwhile
    // Again, after following: what was committed before is in this head, what comes later is told.
    const access = await readAccess(db, viewer, chatId);
    if (!is('starting')) return;
    if (access === null) return end('CHAT_GONE', 'There is no such chat');
    entitle(access);
    if (seesWithoutMembership) {
      stopWatching = watch(viewer, (what, now) => {
        role = now;
        isSightDue = what === 'role';
        notify();
      });
    }
    state = 'replaying';
    if (place === null) goOnFrom(access.chat);
  };

  /** Live from the chat's head as `chat` has it. */
  const goOnFrom = (chat: ChatRow) => {
    place = { seq: chat.headSeq, mark: chat.headMark };
    handed ??= place;
    goLive(chat);
  };

  const putReady = (chat: ChatRow): boolean => {
    isReadyDue = !put({ kind: 'ready', chat, headSeq: place!.seq, mark: place!.mark }, ITEM_BYTES);
    return !isReadyDue;
  };

  /** The replay has reached `place`, the head of the log as it was read with `chat`. */
  const goLive = (chat: ChatRow) => {
    const next = early.filter((event) => event.seq > place!.seq);
    early = [];
    if (!isEarlyWhole || (next.length > 0 && next[0]!.seq !== place!.seq + 1)) {
      isEarlyWhole = true;
      return; // something came that is only in the log: one more page
    }
    if (isReadyDue && !putReady(chat)) return;
    state = 'live';
    for (const event of next) if (!apply(event, [])) break;
  };

  /** What is passed over may hold their removal, and another log never had their joining: so it is asked whether they see the chat. */
  const resync = async (kind: 'restored' | 'tooFar') => {
    // What has come so far may be of the log that was; of this one the head is read after it.
    early = [];
    isEarlyWhole = true;
    const access = await readAccess(db, { ...viewer, role }, chatId);
    if (!is('replaying')) return;
    if (access === null) return end('CHAT_GONE', 'You may not see this chat any more');
    entitle(access);
    onResync?.(kind);
    put({ kind: 'resync', chatId, reason: RESYNC_REASONS[kind] }, ITEM_BYTES);
    place = { seq: access.chat.headSeq, mark: access.chat.headMark };
    // Before anything that came meanwhile: what the client reads again is to be no older than this.
    putReady(access.chat);
    goLive(access.chat);
  };

  const readOn = async () => {
    if (place === null) {
      // Fell back before anything was handed out: nothing to replay.
      const access = await readAccess(db, viewer, chatId);
      if (!is('replaying')) return;
      if (access === null) return end('CHAT_GONE', 'There is no such chat');
      entitle(access);
      return goOnFrom(access.chat);
    }
    const from = place;
    const page = await readPage(db, chatId, from.seq, PAGE);
    if (!is('replaying')) return;
    if (page === null) return end('CHAT_GONE', 'There is no such chat');
    const resumability = checkPlace(from, page, from === after ? replayableSince(retentionDays) : undefined);
    if (resumability !== 'ok') return resync(resumability);
    for (const event of page.events) if (!apply(event, page.removals)) return;
    if (place.seq >= page.chat.headSeq) goLive(page.chat);
  };

  /** While the database is away the stream stays open and comes back to it. */
  const trying = async (read: () => Promise<void>) => {
    try {
      await read();
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
      isSightDue ||= read === lookAgain;
      await new Promise<void>((resolve) => {
        wake = resolve;
        setTimeout(resolve, RETRY_MS);
      });
    }
  };

  const pull = async (): Promise<IteratorResult<StreamItem>> => {
    for (;;) {
      if (isSightDue && !is('ended') && !is('over')) {
        await trying(lookAgain);
        continue;
      }
      const item = typists.take(() => outbox.shift());
      if (item !== undefined) {
        if (item.kind === 'event') handed = { seq: item.event.seq, mark: item.event.mark };
        if (item.kind === 'ready') {
          handed = { seq: item.headSeq, mark: item.mark };
          // Known to all nodes before its client is told, who may write through any of them.
          if (isJoining && needsPresence(item.chat)) await held?.join();
        }
        return { done: false, value: item };
      }
      if (state === 'ended' && !isHeld) state = 'over';
      if (state === 'over') return { done: true, value: undefined };
      if (state === 'starting') await start();
      else if (state === 'replaying') await trying(readOn);
      if (outbox.isEmpty() && !isSightDue && (is('live') || (is('ended') && isHeld))) {
        await new Promise<void>((resolve) => (wake = resolve));
      }
    }
  };

  const stop = () => {
    if (state !== 'over') {
      state = 'over';
      outbox.clear();
      letGo();
      notify();
    }
  };

  stopEnding = ending.onEnd(end);
  if (is('ended')) stopEnding();

  const { stream, idleMs } = createPulledStream<StreamItem>({ pull, stop });
  return stream;
};

/** One's own typing is no news; in large chats a read position concerns its reader alone. */
export const isFor = (viewer: Viewer, event: Ephemeral): boolean =>
  event.kind === 'typing' ? event.user.id !== viewer.id : !event.isOwnOnly || event.user.id === viewer.id;

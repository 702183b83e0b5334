/**
 * One chat, followed by one viewer: the log after a cursor, then `ready`, then live. A chat reader decides what is delivered; this
 * stream provides what the reader asks for, and a place in the chat.
 */
import type { LogPosition } from '../../log/cursor.js';
import type { LogPage } from '../../log/read.js';
import { replayableSince } from '../../log/retention.js';
import type { Role } from '../../generated/prisma/enums.js';
import type { Follower, Tail } from '../../log/tail.js';
import { canSee, needsPresence } from '../rules/policy.js';
import type { SeenChats } from '../rules/seen-chats.js';
import type { Viewer } from '../viewer.js';
import {
  createChatReader,
  deliver,
  doubtAccess,
  missRead,
  replaceLog,
  requestOf,
  rewind,
  takeAccess,
  takeEvents,
  takePage,
  type Departure,
  type Next,
} from './chat-reader.js';
import type { Ending } from './ending.js';
import { createOutbox } from './outbox.js';
import type { Place, Places } from './places.js';
import { putInto, type OnResync } from './put-into.js';
import { isFor, isState, ITEM_BYTES, type EndCode, type Stream, type StreamItem } from './stream-item.js';
import { createSubscription, type Subscription } from './subscription.js';
import { createTypists } from './typists.js';

export interface ChatStreamOptions {
  tail: Tail;
  seenChats: SeenChats;
  readPage: ReadPage;
  viewer: Viewer;
  chatId: bigint;
  /** The last event that the client saw; if null, nothing is replayed. */
  after: LogPosition | null;
  places: Pick<Places, 'take'>;
  /** The socket or request that carries this stream: it takes one place per chat, however many subscriptions it has to it. */
  carrierId: string;
  /** Whether this makes the viewer present in the chat, from `ready` on. */
  announcesPresence: boolean;
  /** Reports a change of the viewer's role. */
  watch: WatchViewer;
  /** Called once the socket, the session or the server ends what it carries. */
  ending: Ending;
  slowReaderMs: number;
  /** Older cursors are not replayed from; 0: all are. */
  retentionDays: number;
  onResync?: OnResync | undefined;
}

/** As in `Credentials`. */
export type WatchViewer = (viewer: Viewer, onChange: (what: 'ended' | 'role', role: Role) => void) => () => void;

/** Reads a page of a chat's log after a seq; null if the chat no longer exists. */
export type ReadPage = (position: { chatId: bigint; seq: number }) => Promise<LogPage | null>;

const ENDS: Record<Departure, [code: EndCode, reason: string, isInOrder: boolean]> = {
  left: ['REMOVED', 'You left this chat', true],
  removed: ['REMOVED', 'You were removed from this chat', true],
  cutOff: ['REMOVED', 'You are no longer a member of this chat', true],
  unseen: ['CHAT_GONE', 'You may not see this chat any more', false],
  gone: ['CHAT_GONE', 'There is no such chat', false],
};

export const createChatStream = ({
  tail,
  seenChats,
  readPage,
  viewer,
  chatId,
  after,
  places,
  carrierId,
  announcesPresence,
  watch,
  ending,
  slowReaderMs,
  retentionDays,
  onResync,
}: ChatStreamOptions): Stream => {
  const outbox = createOutbox<StreamItem>();
  const put = putInto(outbox, onResync);
  const typists = createTypists();
  const reader = createChatReader({ chatId, viewerId: viewer.id, cursor: after, ready: 'owed' });
  let isStarted = false;
  let place: Place | null = null;
  /** The current role; `viewer` has the one at the time of subscribing. */
  let { role } = viewer;
  let stopWatching: (() => void) | null = null;

  const goOn = (next: Next) => {
    if (next === 'dropQueue') {
      outbox.clear();
      rewind(reader);
    } else if (next in ENDS) {
      const [code, reason, isInOrder] = ENDS[next as Departure];
      subscription.end(code, reason, { isInOrder });
    }
    subscription.wake();
  };

  const follower: Follower = {
    viewerId: viewer.id,
    onEvents: (_chatId, events, removals) => {
      if (subscription.accepts()) goOn(takeEvents(reader, events, removals, put));
    },
    onEphemeral: (event) => {
      if (!isFor(viewer, event) || !subscription.accepts()) return;
      const isPut = reader.state === 'live' && put(event, ITEM_BYTES);
      if (!isPut && isState(event)) missRead(reader);
      subscription.wake();
    },
    onReset: () => {
      outbox.clear();
      goOn(replaceLog(reader));
    },
  };

  const start = async (): Promise<void> => {
    const first = await seenChats.read(viewer, chatId);
    if (!subscription.isOpen()) return;
    if (!first?.isSeen) return subscription.end('CHAT_GONE', 'There is no such chat');
    const wanted = {
      userId: viewer.id,
      chatId,
      carrierId,
      isForPresence: announcesPresence && needsPresence(first.chat),
    };
    const onTakenOver = () => subscription.end('TAKEN_OVER', 'This chat was opened elsewhere by the same user');
    const taken = await places.take(wanted, onTakenOver);
    if (!subscription.isOpen()) return taken.release();
    place = taken;
    await tail.follow([chatId], follower);
    if (!subscription.isOpen()) return tail.unfollow([chatId], follower); // stopped meanwhile
    // The access is read after this: earlier commits are in its head, later ones are delivered live.
    isStarted = true;
  };

  const checkAccess = async () => {
    const request = requestOf(reader);
    const seen = await seenChats.read({ ...viewer, role }, chatId);
    if (!subscription.isOpen()) return;
    if (!seen?.isSeen) return goOn(takeAccess(reader, request, null, put));
    const { chat } = seen;
    const stranger = { id: viewer.id, role, isMember: false, isPresent: false };
    const seesWithoutMembership = canSee(stranger, chat);
    if (seesWithoutMembership) stopWatching ??= watch(viewer, onViewerChange);
    goOn(takeAccess(reader, request, { chat, seesWithoutMembership }, put));
  };

  const onViewerChange: Parameters<WatchViewer>[1] = (what, now) => {
    role = now;
    if (what !== 'role') return;
    outbox.clear();
    missRead(reader);
    goOn(doubtAccess(reader));
  };

  const readOn = async () => {
    const request = requestOf(reader);
    const page = await readPage({ chatId, seq: reader.queued!.seq });
    if (subscription.isOpen()) goOn(takePage(reader, request, page, replayableSince(retentionDays), put));
  };

  const work = (): Promise<void> | undefined => {
    if (!isStarted) return start();
    if (reader.state === 'unsure') return checkAccess();
    return reader.state === 'reading' ? readOn() : undefined;
  };

  const take = () => {
    const item = typists.take(outbox.shift);
    if (item?.kind !== 'event' && item?.kind !== 'ready') return item;
    deliver(reader, item);
    if (item.kind !== 'ready' || !announcesPresence || !needsPresence(item.chat)) return item;
    // All nodes know it before the client does, which may then write through any of them.
    return place!.announce().then(() => item);
  };

  const subscription: Subscription<StreamItem> = createSubscription<StreamItem>(
    {
      take,
      work,
      onUnavailable: (error) => {
        if (!isStarted) throw error;
      },
      clear: outbox.clear,
      letGo: () => {
        place?.release();
        stopWatching?.();
        tail.unfollow([chatId], follower);
      },
    },
    { ending, slowReaderMs },
  );
  return subscription.stream;
};

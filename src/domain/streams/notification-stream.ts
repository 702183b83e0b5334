/**
 * A viewer's notifications, live, wherever they are. Nothing is queued here but the names of what may have changed: how a
 * chat's notification stands is read when the subscriber takes it, so a slow one gets the newest state and costs nothing.
 */
import type { Bus, Unsubscribe } from '../../bus/bus.js';
import { UnavailableError, type Queryable } from '../../db/database.js';
import { userTopic } from '../../log/doorbell.js';
import type { Rounds } from '../../log/rounds.js';
import type { Moment } from '../../log/since.js';
import type { Follower, Tail } from '../../log/tail.js';
import type { Ending } from './ending.js';
import type { Notifications } from '../notifications/notifications.js';
import { createPulledStream } from './pulled-stream.js';
import type { EndCode } from './stream-item.js';
import { createToldNews, type NotificationChange } from '../notifications/told-news.js';
import type { Viewer } from '../viewer.js';

export type NotificationItem =
  | NotificationChange
  /** The last one: what is known of the list is to be read again. */
  | { kind: 'resync'; reason: string }
  /** The last one. */
  | { kind: 'ended'; code: EndCode; reason: string };

export type NotificationStream = AsyncIterableIterator<NotificationItem>;

export type FollowedNotifications = Pick<Notifications, 'newMessages' | 'standing' | 'since'>;

export interface NotificationStreamOptions {
  db: Queryable;
  bus: Bus;
  tail: Tail;
  rounds: Rounds;
  notifications: FollowedNotifications;
  viewer: Viewer;
  ending: Ending;
}

const RETRY_MS = 500;
/** So many are read in one go, with their texts. */
const CHATS_AT_ONCE = 200;

const MY_CHATS = `SELECT chat.id, chat.head_seq > own.joined_seq AS "isAhead" FROM member own JOIN chat ON chat.id = own.chat_id
  WHERE own.user_id = $1`;

export const createNotificationStream = ({
  db,
  bus,
  tail,
  rounds,
  notifications,
  viewer,
  ending,
}: NotificationStreamOptions): NotificationStream => {
  let state: 'starting' | 'live' | 'ended' | 'over' = 'starting';
  const is = (other: typeof state) => state === other;
  const isOver = () => is('ended') || is('over');
  let last: NotificationItem | null = null;
  /** Of these chats the notification may stand otherwise than last told; true: or may have stood so meanwhile. */
  const touched = new Map<bigint, boolean>();
  const told = createToldNews();
  let followed = new Set<bigint>();
  let areChatsDue = true;
  let isBaseLineDue = true;
  let areChangesDue = true;
  /** A list that was read a little before this began may lack what happened since; to a person that is nothing new. */
  const earlier = rounds.earlier();
  /** Up to when changes were read; null until this has begun. */
  let moment: Moment | null = null;
  let ready: NotificationChange[] = [];
  let wake: (() => void) | null = null;
  const stops: Unsubscribe[] = [];

  const notify = () => {
    wake?.();
    wake = null;
  };

  const touch = (chatId: bigint, isDoubtful = false) => {
    touched.set(chatId, isDoubtful || touched.get(chatId) === true);
    notify();
  };

  const follower: Follower = {
    onEvents: (chatId, events) => {
      for (const event of events) {
        const isSent = event.type === 'MESSAGE_SENT';
        if (event.userId === viewer.id) areChatsDue = areChangesDue = true;
        // One that is deleted or read before this looks may be in a list that was read before that.
        if (event.messages.length > 0 && !(isSent && event.actorId === viewer.id)) touch(chatId, isSent);
      }
      notify();
    },
    onEphemeral: (event) => {
      if (event.kind === 'read' && event.user.id === viewer.id) touch(event.chatId);
    },
    onReset: (chatId) => touch(chatId, true),
  };

  const letGo = () => {
    for (const stop of stops.splice(0)) stop();
    tail.unfollow(followed, follower);
    followed = new Set();
  };

  const end = (item: NotificationItem) => {
    if (isOver()) return;
    state = 'ended';
    last = item;
    ready = [];
    letGo();
    notify();
  };

  const readChats = async () => {
    areChatsDue = false;
    const rows = await db.query<{ id: bigint; isAhead: boolean }>(MY_CHATS, [viewer.id]);
    if (isOver()) return;
    const now = new Set(rows.map((row) => row.id));
    const left = [...followed].filter((chatId) => !now.has(chatId));
    const joined = rows.filter((row) => !followed.has(row.id));
    tail.unfollow(left, follower);
    for (const chatId of left) {
      followed.delete(chatId);
      touch(chatId);
    }
    const joinedIds = joined.map(({ id }) => id);
    try {
      await tail.follow(joinedIds, follower);
    } catch (error) {
      tail.unfollow(joinedIds, follower); // and begin anew with the next try
      throw error;
    }
    if (isOver()) return tail.unfollow(joinedIds, follower);
    followed = now;
    if (!isBaseLineDue) for (const { id, isAhead } of joined) touch(id, isAhead);
  };

  /** Once all is followed: what comes later is told. */
  const readBaseLine = async () => {
    const standing = await notifications.standing(viewer, earlier, moment!);
    isBaseLineDue = false;
    for (const news of standing) {
      const isFollowed = followed.has(news.chatId);
      if (isFollowed !== news.isMember) areChatsDue = true; // joined or left this moment
      const isSure = !news.isFresh && !news.isNew && !touched.has(news.chatId);
      if (isFollowed && news.isMember) told.begin(news, isSure);
      if (!isSure && (isFollowed || !news.isMember)) touch(news.chatId, true);
    }
  };

  const readChanges = async (since: Moment, isNew: boolean) => {
    areChangesDue = false;
    const changes = await notifications.since(viewer, since);
    if (isOver()) return;
    moment = changes.moment;
    for (const notification of changes.stored) {
      const isRead = notification.readAt !== null;
      ready.push({ kind: isRead ? 'changed' : 'added', notification, isNew: isNew && !isRead });
      // One that is left has no notification any more.
      if (notification.kind === 'CHAT_REMOVED' && notification.chatId !== null) touch(notification.chatId, !isNew);
    }
    for (const chatId of changes.chatIds) touch(chatId, !isNew);
  };

  const readTouched = async () => {
    const some = [...touched].slice(0, CHATS_AT_ONCE);
    for (const [chatId] of some) touched.delete(chatId);
    const found = await readNewMessages(some);
    if (isOver()) return;
    for (const [index, notification] of found.entries()) {
      const [chatId, isDoubtful] = some[index]!;
      const change = told.tell(notification, isDoubtful);
      if (change !== null) ready.push(change);
      if (!followed.has(chatId)) told.forget(chatId);
    }
  };

  const readNewMessages = async (some: readonly [chatId: bigint, isDoubtful: boolean][]) => {
    try {
      return await notifications.newMessages(some.map(([chatId]) => ({ userId: viewer.id, chatId })));
    } catch (error) {
      // Those that were left too, of which nothing else would tell again.
      for (const [chatId, isDoubtful] of some) touch(chatId, isDoubtful);
      throw error;
    }
  };

  const start = async () => {
    // First of all: from here on all is news.
    await readChanges(earlier, false);
    areChangesDue = true;
    if (!is('starting')) return;
    const ring = await bus.subscribe(userTopic(viewer.id), ({ chatIds }) => {
      areChatsDue = areChangesDue = true;
      for (const chatId of chatIds) touch(BigInt(chatId));
    });
    stops.push(ring);
    stops.push(
      rounds.onMoved((moved) => {
        if (moved.notifiedUserIds.includes(viewer.id) || moved.isAfterFailure) areChatsDue = areChangesDue = true;
        if (moved.isAfterFailure) for (const chatId of followed) touch(chatId);
        if (moved.isOther)
          end({ kind: 'resync', reason: 'The database is another one than before, as after a restore' });
        notify();
      }),
    );
    if (!is('starting')) return letGo();
    state = 'live';
  };

  const work = async () => {
    if (state === 'starting') await start();
    if (state === 'live' && areChatsDue) await readChats();
    if (state === 'live' && isBaseLineDue) await readBaseLine();
    if (state === 'live' && areChangesDue) await readChanges(moment!, true);
    if (state === 'live' && touched.size > 0) await readTouched();
  };

  const isIdle = () =>
    state === 'live' && !areChatsDue && !isBaseLineDue && !areChangesDue && touched.size === 0 && ready.length === 0;

  const pull = async (): Promise<IteratorResult<NotificationItem>> => {
    for (;;) {
      if (last !== null && state === 'ended') {
        const item = last;
        last = null;
        if (item.kind === 'resync') state = 'over';
        return { done: false, value: item };
      }
      if (state === 'over') return { done: true, value: undefined };
      const change = ready.shift();
      if (change !== undefined) return { done: false, value: change };
      try {
        await work();
      } catch (error) {
        if (!(error instanceof UnavailableError)) throw error;
        areChatsDue = areChangesDue = true;
        for (const chatId of followed) touch(chatId);
        await new Promise<void>((resolve) => {
          wake = resolve;
          setTimeout(resolve, RETRY_MS);
        });
      }
      // After its last item it waits for the socket's end: `complete` would keep the client from coming back.
      if (isIdle() || (is('ended') && last === null)) await new Promise<void>((resolve) => (wake = resolve));
    }
  };

  const stop = () => {
    if (state !== 'over') {
      state = 'over';
      letGo();
      notify();
    }
  };

  stops.push(ending.onEnd((code, reason) => end({ kind: 'ended', code, reason })));

  return createPulledStream({ pull, stop }).stream;
};

/**
 * A viewer's notifications, live, over all chats. The queue holds only the ids of what may have changed: the state of a
 * chat's notification is read when the subscriber takes it, so a slow one gets the newest state and costs nothing.
 */
import type { Bus, Unsubscribe } from '../../bus/bus.js';
import type { Queryable } from '../../db/database.js';
import type { EventType } from '../../generated/prisma/enums.js';
import { userTopic } from '../../log/doorbell.js';
import type { Rounds } from '../../log/rounds.js';
import type { Moment } from '../../log/since.js';
import type { Follower, Tail } from '../../log/tail.js';
import type { Ending } from './ending.js';
import type { LiveStream } from './live-stream.js';
import type { Notifications } from '../notifications/notifications.js';
import { createSubscription, type EndedItem, type Subscription } from './subscription.js';
import { createToldNews, type NotificationChange } from '../notifications/told-news.js';
import type { Viewer } from '../viewer.js';

export type NotificationItem =
  | NotificationChange
  /** The last item: the client has to read the list again. */
  | { kind: 'resync'; reason: string }
  /** The last item. */
  | EndedItem;

export type NotificationStream = LiveStream<NotificationItem>;

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

/** Of a message. Nobody is notified of reactions and pins. */
const IS_NEWS: ReadonlySet<EventType> = new Set(['MESSAGE_SENT', 'MESSAGE_EDITED', 'MESSAGES_DELETED']);

/** Read together, with their texts. */
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
  /** Chats whose notification may differ from the one last delivered; true: it may also have changed back and forth meanwhile. */
  const touched = new Map<bigint, boolean>();
  const told = createToldNews();
  let followed = new Set<bigint>();
  let areChatsDue = true;
  let isBaseLineDue = true;
  let areChangesDue = true;
  /** A list that was read shortly before this began may lack what happened since; that is delivered, but not as new. */
  const earlier = rounds.earlier();
  /** Changes have been read up to here; null until this has begun. */
  let moment: Moment | null = null;
  let ready: NotificationChange[] = [];
  let isStarted = false;
  const stops: Unsubscribe[] = [];

  const touch = (chatId: bigint, isDoubtful = false) => {
    touched.set(chatId, isDoubtful || touched.get(chatId) === true);
    subscription.wake();
  };

  const follower: Follower = {
    viewerId: viewer.id,
    onEvents: (chatId, events) => {
      for (const event of events) {
        const isSent = event.type === 'MESSAGE_SENT';
        if (event.userId === viewer.id) areChatsDue = areChangesDue = true;
        // A message that is deleted or read before this looks may still be in a list that was read earlier.
        if (IS_NEWS.has(event.type) && !(isSent && event.actorId === viewer.id)) touch(chatId, isSent);
      }
      subscription.wake();
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

  const readChats = async () => {
    areChatsDue = false;
    const rows = await db.query<{ id: bigint; isAhead: boolean }>(MY_CHATS, [viewer.id]);
    if (!subscription.isOpen()) return;
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
      tail.unfollow(joinedIds, follower); // and start over with the next try
      throw error;
    }
    if (!subscription.isOpen()) return tail.unfollow(joinedIds, follower);
    followed = now;
    if (!isBaseLineDue) for (const { id, isAhead } of joined) touch(id, isAhead);
  };

  /** Runs once everything is followed: later changes are delivered. */
  const readBaseLine = async () => {
    const standing = await notifications.standing(viewer, earlier, moment!);
    isBaseLineDue = false;
    for (const news of standing) {
      const isFollowed = followed.has(news.chatId);
      if (isFollowed !== news.isMember) areChatsDue = true; // joined or left just now
      const isSure = !news.isFresh && !news.isNew && !touched.has(news.chatId);
      if (isFollowed && news.isMember) told.begin(news, isSure);
      if (!isSure && (isFollowed || !news.isMember)) touch(news.chatId, true);
    }
  };

  const readChanges = async (since: Moment, isNew: boolean) => {
    areChangesDue = false;
    const changes = await notifications.since(viewer, since);
    if (!subscription.isOpen()) return;
    moment = changes.moment;
    for (const notification of changes.stored) {
      const isRead = notification.readAt !== null;
      ready.push({ kind: isRead ? 'changed' : 'added', notification, isNew: isNew && !isRead });
      // A chat that the viewer left has no notification any longer.
      if (notification.kind === 'CHAT_REMOVED' && notification.chatId !== null) touch(notification.chatId, !isNew);
    }
    for (const chatId of changes.chatIds) touch(chatId, !isNew);
  };

  const readTouched = async () => {
    const some = [...touched].slice(0, CHATS_AT_ONCE);
    for (const [chatId] of some) touched.delete(chatId);
    const found = await readNewMessages(some);
    if (!subscription.isOpen()) return;
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
      // Including chats that were left: nothing else would report them again.
      for (const [chatId, isDoubtful] of some) touch(chatId, isDoubtful);
      throw error;
    }
  };

  const start = async () => {
    // First of all: everything from here on is news.
    await readChanges(earlier, false);
    areChangesDue = true;
    if (!subscription.isOpen()) return;
    const ring = await bus.subscribe(userTopic(viewer.id), ({ chatIds, isRegrouped }) => {
      areChangesDue = true;
      if (isRegrouped) areChatsDue = true;
      for (const chatId of chatIds) touch(BigInt(chatId));
    });
    stops.push(ring);
    stops.push(
      rounds.onMoved((moved) => {
        if (moved.isAfterFailure) areChatsDue = areChangesDue = true;
        if (moved.notifiedUserIds.has(viewer.id)) {
          areChangesDue = true;
          // A chat that they left tells its followers of that.
          if (moved.regroupedChatIds.some((chatId) => !followed.has(chatId))) areChatsDue = true;
        }
        if (moved.isAfterFailure) for (const chatId of followed) touch(chatId);
        if (moved.isOther) {
          subscription.endWith({
            kind: 'resync',
            reason: 'The database is another one than before, as after a restore',
          });
        }
        subscription.wake();
      }),
    );
    if (!subscription.isOpen()) return letGo();
    isStarted = true;
  };

  const isIdle = () => isStarted && !areChatsDue && !isBaseLineDue && !areChangesDue && touched.size === 0;

  const workOn = async (): Promise<void> => {
    if (!isStarted) await start();
    if (subscription.isOpen() && areChatsDue) await readChats();
    if (subscription.isOpen() && isBaseLineDue) await readBaseLine();
    if (subscription.isOpen() && areChangesDue) await readChanges(moment!, true);
    if (subscription.isOpen() && touched.size > 0) await readTouched();
  };

  const subscription: Subscription<NotificationItem> = createSubscription<NotificationItem>(
    {
      take: () => ready.shift(),
      work: () => (isIdle() ? undefined : workOn()),
      onUnavailable: () => {
        areChatsDue = areChangesDue = true;
        for (const chatId of followed) touch(chatId);
      },
      clear: () => void (ready = []),
      letGo,
    },
    { ending },
  );
  return subscription.stream;
};

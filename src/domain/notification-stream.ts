/**
 * A viewer's notifications, live, wherever they are. Nothing is queued here but the names of what may have changed: how a
 * chat's notification stands is read when the subscriber takes it, so a slow one gets the newest state and costs nothing.
 */
import type { Bus, Unsubscribe } from '../bus/bus.js';
import { UnavailableError, type Queryable } from '../db/database.js';
import { userTopic } from '../log/doorbell.js';
import type { Rounds } from '../log/rounds.js';
import type { Moment } from '../log/since.js';
import type { Follower, Tail } from '../log/tail.js';
import type { Ending } from './ending.js';
import type { NotificationRow } from './notification-row.js';
import type { Notifications } from './notifications.js';
import { createPulledStream } from './pulled-stream.js';
import type { EndCode } from './stream-item.js';
import type { Viewer } from './viewer.js';

export type NotificationItem =
  | { kind: 'notification'; notification: NotificationRow }
  /** The last one: what is known of the list is to be read again. */
  | { kind: 'resync'; reason: string }
  /** The last one. */
  | { kind: 'ended'; code: EndCode; reason: string };

export type NotificationStream = AsyncIterableIterator<NotificationItem>;

export interface NotificationStreamOptions {
  db: Queryable;
  bus: Bus;
  tail: Tail;
  rounds: Rounds;
  notifications: Pick<Notifications, 'newMessages' | 'since'>;
  viewer: Viewer;
  ending: Ending;
}

const RETRY_MS = 500;

/** With the chats in which something happened just now: a list that was read while this began may lack it. */
const MY_CHATS = `SELECT chat.id, head.created_at > now() - interval '10 seconds' AS "isFresh"
  FROM member JOIN chat ON chat.id = member.chat_id LEFT JOIN event head ON head.chat_id = chat.id AND head.seq = chat.head_seq
  WHERE member.user_id = $1`;

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
  let last: NotificationItem | null = null;
  /** Of these chats the notification may stand otherwise than last told. */
  const touched = new Set<bigint>();
  /** What was last told of each: so that nothing is told twice. */
  const told = new Map<bigint, string>();
  let followed = new Set<bigint>();
  let areChatsDue = true;
  let areChangesDue = true;
  /** What changed before was told, or is in the list: that may have been read a little before this began. */
  let moment: Moment = rounds.earlier();
  let ready: NotificationRow[] = [];
  let wake: (() => void) | null = null;
  const stops: Unsubscribe[] = [];

  const notify = () => {
    wake?.();
    wake = null;
  };

  const touch = (chatId: bigint) => {
    touched.add(chatId);
    notify();
  };

  const follower: Follower = {
    onEvents: (chatId, events) => {
      for (const event of events) {
        const isOwnMessage = event.type === 'MESSAGE_SENT' && event.actorId === viewer.id;
        if (event.userId === viewer.id) areChatsDue = areChangesDue = true;
        if (event.messages.length > 0 && !isOwnMessage) touched.add(chatId);
      }
      notify();
    },
    onEphemeral: (event) => {
      if (event.kind === 'read' && event.user.id === viewer.id) touch(event.chatId);
    },
    onReset: touch,
  };

  const letGo = () => {
    for (const stop of stops.splice(0)) stop();
    tail.unfollow(followed, follower);
    followed = new Set();
  };

  const end = (item: NotificationItem) => {
    if (is('over') || is('ended')) return;
    state = 'ended';
    last = item;
    ready = [];
    letGo();
    notify();
  };

  const readChats = async () => {
    areChatsDue = false;
    const rows = await db.query<{ id: bigint; isFresh: boolean }>(MY_CHATS, [viewer.id]);
    if (is('over') || is('ended')) return;
    const now = new Set(rows.map((row) => row.id));
    const left = [...followed].filter((chatId) => !now.has(chatId));
    const joined = rows.filter((row) => !followed.has(row.id));
    tail.unfollow(left, follower);
    for (const chatId of left) {
      followed.delete(chatId);
      touched.add(chatId);
    }
    for (const { id, isFresh } of joined) if (isFresh) touched.add(id);
    const joinedIds = joined.map(({ id }) => id);
    try {
      await tail.follow(joinedIds, follower);
    } catch (error) {
      tail.unfollow(joinedIds, follower); // and begin anew with the next try
      throw error;
    }
    if (is('over') || is('ended')) return tail.unfollow(joinedIds, follower);
    followed = now;
  };

  const readChanges = async () => {
    areChangesDue = false;
    const changes = await notifications.since(viewer, moment);
    moment = changes.moment;
    ready.push(...changes.stored);
    for (const chatId of changes.chatIds) touched.add(chatId);
    // One that is left has no notification any more.
    for (const { kind, chatId } of changes.stored) if (kind === 'CHAT_REMOVED' && chatId !== null) touched.add(chatId);
  };

  const readTouched = async () => {
    const chatIds = [...touched];
    touched.clear();
    const found = await readNewMessages(chatIds);
    for (const [index, notification] of found.entries()) {
      const chatId = chatIds[index]!;
      const summary = `${notification.message?.seq ?? 0}:${notification.unreadCount}:${notification.message?.changedSeq ?? 0}`;
      if (told.get(chatId) === summary) continue;
      told.set(chatId, summary);
      ready.push(notification);
    }
  };

  const readNewMessages = async (chatIds: readonly bigint[]) => {
    try {
      return await notifications.newMessages(chatIds.map((chatId) => ({ userId: viewer.id, chatId })));
    } catch (error) {
      // Those that were left too, of which nothing else would tell again.
      for (const chatId of chatIds) touched.add(chatId);
      throw error;
    }
  };

  const start = async () => {
    const ring = await bus.subscribe(userTopic(viewer.id), ({ chatIds }) => {
      areChatsDue = areChangesDue = true;
      for (const chatId of chatIds) touched.add(BigInt(chatId));
      notify();
    });
    stops.push(ring);
    stops.push(
      rounds.onMoved((moved) => {
        if (moved.notifiedUserIds.includes(viewer.id) || moved.isAfterFailure) areChatsDue = areChangesDue = true;
        if (moved.isAfterFailure) for (const chatId of followed) touched.add(chatId);
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
    if (state === 'live' && areChangesDue) await readChanges();
    if (state === 'live' && touched.size > 0) await readTouched();
  };

  const isIdle = () => state === 'live' && !areChatsDue && !areChangesDue && touched.size === 0 && ready.length === 0;

  const pull = async (): Promise<IteratorResult<NotificationItem>> => {
    for (;;) {
      if (last !== null && state === 'ended') {
        const item = last;
        last = null;
        if (item.kind === 'resync') state = 'over';
        return { done: false, value: item };
      }
      if (state === 'over') return { done: true, value: undefined };
      const notification = ready.shift();
      if (notification !== undefined) return { done: false, value: { kind: 'notification', notification } };
      try {
        await work();
      } catch (error) {
        if (!(error instanceof UnavailableError) || state === 'starting') throw error;
        areChatsDue = areChangesDue = true;
        for (const chatId of followed) touched.add(chatId);
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

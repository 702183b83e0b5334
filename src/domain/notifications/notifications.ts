/** A user's notifications, over all chats. */
import type { Bus } from '../../bus/bus.js';
import type { Database, Queryable } from '../../db/database.js';
import { committedSince, MOMENT, type Moment } from '../../log/since.js';
import { NotFoundError } from '../errors.js';
import {
  DERIVED,
  ENTRY_COLUMNS,
  ENTRY_JOINS,
  everything,
  MAY_HAVE_NEWS,
  NEWEST_NEWS,
  parseNotificationId,
  STORED,
  stored,
  toNotification,
  type EntryRow,
  type NotificationRow,
} from './notification-row.js';
import { createKeyset, pageSql, parsePage, toConnection, type Connection, type PageArgs } from '../page.js';
import type { StandingNews } from './told-news.js';
import { UNREAD_MENTIONS } from '../messages/mention-reads.js';
import { UNREAD_COUNT } from '../messages/unread.js';
import { ringUsers } from '../user-bell.js';
import type { Viewer } from '../viewer.js';

export interface Notifications {
  /** The viewer's own notifications, newest first; one statement. @throws BadUserInputError for a malformed page */
  list(viewer: Viewer, unreadOnly: boolean, page?: PageArgs): Promise<Connection<NotificationRow>>;
  /** In the order of `ids`, null for missing ones and for those of other users. Two statements. */
  byIds(viewer: Viewer, ids: readonly string[]): Promise<(NotificationRow | null)[]>;
  /**
   * Marks as read, and sets NEW_MESSAGE aside without moving the read position. Idempotent.
   *
   * @param ids null = all; null in the list stands for an id that did not decode
   * @returns how many notifications are unread now
   * @throws NotFoundError if one of them does not exist; then nothing was changed
   */
  markRead(viewer: Viewer, ids: readonly (string | null)[] | null): Promise<number>;
  /**
   * The NEW_MESSAGE notification of each pair, in order; without a message and with 0 unread if there is none. One statement.
   */
  newMessages(pairs: readonly { userId: bigint; chatId: bigint }[]): Promise<NotificationRow[]>;
  /**
   * The state of NEW_MESSAGE in each of the viewer's chats, and in those that they left since `earlier`. One statement.
   *
   * @param begun messages after this moment are new to the viewer
   */
  standing(viewer: Viewer, earlier: Moment, begun: Moment): Promise<ViewerNews[]>;
  /** What changed for the viewer since a moment. One statement. */
  since(viewer: Viewer, moment: Moment): Promise<NotificationChanges>;
}

export interface ViewerNews extends StandingNews {
  /** False: the viewer has left the chat. */
  isMember: boolean;
  /** Something happened there in the last ten seconds. */
  isFresh: boolean;
}

export interface NotificationChanges {
  /** Stored notifications that were written or read since, in their current state, oldest first. */
  stored: NotificationRow[];
  /** Chats that were read or set aside since: their NEW_MESSAGE may have changed. */
  chatIds: bigint[];
  /** The moment to ask from next. */
  moment: Moment;
}

const newest = createKeyset('notifications', 'descending', [
  ['entry.created_at', 'time'],
  ['entry.source', 'int'],
  ['entry.id', 'bigint'],
]);

const BY_IDS = `WITH entry AS (${stored('notification.id = ANY($2::bigint[])')})
  SELECT ${ENTRY_COLUMNS} FROM entry ${ENTRY_JOINS}`;

const NEW_MESSAGES = `WITH asked AS MATERIALIZED (
    SELECT user_id, chat_id, n FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS asked(user_id, chat_id, n)
  ), entry AS MATERIALIZED (
    SELECT asked.n, ${DERIVED} AS source, asked.chat_id AS id, asked.user_id, 'NEW_MESSAGE' AS kind, asked.chat_id,
      message.sender_id AS actor_id, message.seq AS message_seq, coalesce(message.created_at, now()) AS created_at,
      NULL::timestamptz AS read_at
    FROM asked
    LEFT JOIN chat ON chat.id = asked.chat_id
    LEFT JOIN member own ON own.chat_id = asked.chat_id AND own.user_id = asked.user_id
    LEFT JOIN LATERAL ${NEWEST_NEWS} message ON ${MAY_HAVE_NEWS}
  )
  SELECT ${ENTRY_COLUMNS} FROM entry ${ENTRY_JOINS} ORDER BY entry.n`;

const SINCE = `WITH entry AS (${stored(committedSince('notification.xid', '$2', '$3'))}), moment AS (SELECT ${MOMENT})
  SELECT moment.xmax, moment.xip, ARRAY(
      SELECT mine.chat_id FROM member mine WHERE mine.user_id = $1 AND ${committedSince('mine.xid', '$2', '$3')}
    ) AS "chatIds", ${ENTRY_COLUMNS}
  FROM moment LEFT JOIN (entry ${ENTRY_JOINS}) ON true ORDER BY entry.id`;

const STANDING = `SELECT own.chat_id AS "chatId", chat.head_seq AS "headSeq", message.seq AS "messageSeq",
    message.changed_seq AS "changedSeq", ${UNREAD_COUNT} AS "unreadCount", ${UNREAD_MENTIONS} AS "mentionCount", true AS "isMember",
    coalesce(${committedSince('sent.xid', '$4', '$5')}, false) AS "isNew",
    coalesce(head.created_at > now() - interval '10 seconds', false) AS "isFresh"
  FROM member own JOIN chat ON chat.id = own.chat_id
  LEFT JOIN LATERAL ${NEWEST_NEWS} message ON ${MAY_HAVE_NEWS}
  LEFT JOIN event sent ON sent.chat_id = message.chat_id AND sent.seq = message.seq
  LEFT JOIN event head ON head.chat_id = chat.id AND head.seq = chat.head_seq
  WHERE own.user_id = $1
  UNION ALL SELECT DISTINCT chat_id, 0, NULL::int, NULL::int, 0, 0, false, false, true FROM event
  WHERE type = 'MEMBER_REMOVED' AND user_id = $1 AND ${committedSince('event.xid', '$2', '$3')}
    AND NOT EXISTS (SELECT FROM member WHERE member.chat_id = event.chat_id AND member.user_id = $1)`;

const KNOWN = `SELECT (SELECT count(*)::int FROM member WHERE user_id = $1 AND chat_id = ANY($2::bigint[]))
  + (SELECT count(*)::int FROM notification WHERE user_id = $1 AND id = ANY($3::bigint[])) AS count`;

/** In the order of ids, in which sending locks them too. */
const SET_ASIDE = `WITH mine AS MATERIALIZED (
    SELECT own.chat_id, chat.head_seq FROM member own JOIN chat ON chat.id = own.chat_id
    WHERE own.user_id = $1 AND ($2::bigint[] IS NULL OR own.chat_id = ANY($2::bigint[]))
      AND chat.head_seq > greatest(own.last_read_seq, own.set_aside_seq)
    ORDER BY own.chat_id FOR NO KEY UPDATE OF own
  )
  UPDATE member SET set_aside_seq = greatest(member.set_aside_seq, mine.head_seq), xid = pg_current_xact_id() FROM mine
  WHERE member.user_id = $1 AND member.chat_id = mine.chat_id RETURNING member.chat_id AS "chatId"`;

const READ = `UPDATE notification SET read_at = now(), xid = pg_current_xact_id()
  WHERE user_id = $1 AND read_at IS NULL AND ($2::bigint[] IS NULL OR id = ANY($2::bigint[])) RETURNING chat_id AS "chatId"`;

const UNREAD = `SELECT (SELECT count(*)::int FROM notification WHERE user_id = $1 AND read_at IS NULL)
  + (SELECT count(*)::int FROM member own JOIN chat ON chat.id = own.chat_id
     WHERE own.user_id = $1 AND ${MAY_HAVE_NEWS} AND EXISTS ${NEWEST_NEWS}) AS count`;

export const createNotifications = ({ db, bus }: { db: Database; bus: Bus }): Notifications => {
  const newMessages: Notifications['newMessages'] = async (pairs) => {
    const params = [pairs.map((pair) => pair.userId), pairs.map((pair) => pair.chatId)];
    return (await db.query<EntryRow>(NEW_MESSAGES, params)).map(toNotification);
  };

  return {
    newMessages,
    standing: (viewer, earlier, begun) =>
      db.query<ViewerNews>(STANDING, [viewer.id, earlier.xmax, earlier.xip, begun.xmax, begun.xip]),

    // Costs as much as the viewer has chats with unread messages, and stored notifications; texts are read for the page only.
    list: async (viewer, unreadOnly, args = {}) => {
      const page = parsePage(newest, args);
      const { where, orderBy, limit, params } = pageSql(newest, page, 2);
      const rows = await db.query<EntryRow>(
        `WITH entry AS MATERIALIZED (
           SELECT * FROM (${everything(unreadOnly)}) entry WHERE ${where} ORDER BY ${orderBy} LIMIT ${limit}
         ) SELECT ${ENTRY_COLUMNS} FROM entry ${ENTRY_JOINS} ORDER BY ${orderBy}`,
        [viewer.id, ...params],
      );
      const connection = toConnection(rows, page, (row) => newest.cursorOf([row.entryCreatedAt, row.source, row.id]));
      const edges = connection.edges.map(({ cursor, node }) => ({ cursor, node: toNotification(node) }));
      return { ...connection, edges };
    },

    byIds: async (viewer, ids) => {
      const { chatIds, storedIds } = sortIds(ids);
      const [rows, news] = await Promise.all([
        storedIds.length === 0 ? [] : db.query<EntryRow>(BY_IDS, [viewer.id, storedIds]),
        chatIds.length === 0 ? [] : newMessages(chatIds.map((chatId) => ({ userId: viewer.id, chatId }))),
      ]);
      const there = [...rows.map(toNotification), ...news.filter((notification) => notification.message !== null)];
      const found = new Map(there.map((notification) => [notification.id, notification]));
      return ids.map((id) => found.get(id) ?? null);
    },

    // BEGIN, at most four statements, COMMIT.
    markRead: async (viewer, ids) => {
      const { left, chatIds } = await db.transaction(async (tx) => {
        const changed = ids === null ? await markAll(tx, viewer.id) : await markSome(tx, viewer.id, ids);
        const [unread] = await tx.query<{ count: number }>(UNREAD, [viewer.id]);
        return { left: unread!.count, chatIds: changed };
      });
      if (chatIds !== null) ringUsers(bus, [viewer.id], chatIds, { isRegrouped: false });
      return left;
    },

    since: async (viewer, { xmax, xip }) => {
      type Row = Moment & { chatIds: bigint[] } & { [Name in keyof EntryRow]: EntryRow[Name] | null };
      const rows = await db.query<Row>(SINCE, [viewer.id, xmax, xip]);
      const { chatIds, ...moment } = rows[0]!;
      const written = rows.filter((row): row is Row & EntryRow => row.id !== null);
      return { stored: written.map(toNotification), chatIds, moment: { xmax: moment.xmax, xip: moment.xip } };
    },
  };
};

/** The chats in which something changed; null if nothing changed, in chats or outside. */
type Changed = bigint[] | null;

const changedBy = (rows: { chatId: bigint | null }[]): Changed =>
  rows.length === 0 ? null : [...new Set(rows.flatMap((row) => (row.chatId === null ? [] : [row.chatId])))];

const markAll = async (tx: Queryable, userId: bigint): Promise<Changed> => {
  const setAside = await tx.query<{ chatId: bigint }>(SET_ASIDE, [userId, null]);
  const read = await tx.query<{ chatId: bigint | null }>(READ, [userId, null]);
  return changedBy([...setAside, ...read]);
};

const markSome = async (tx: Queryable, userId: bigint, ids: readonly (string | null)[]): Promise<Changed> => {
  const { chatIds, storedIds, isWhole } = sortIds(ids);
  if (!isWhole) throw new NotFoundError('Notification');
  const [known] = await tx.query<{ count: number }>(KNOWN, [userId, chatIds, storedIds]);
  if (known!.count < chatIds.length + storedIds.length) throw new NotFoundError('Notification');
  const setAside = chatIds.length === 0 ? [] : await tx.query<{ chatId: bigint }>(SET_ASIDE, [userId, chatIds]);
  const read = storedIds.length === 0 ? [] : await tx.query<{ chatId: bigint | null }>(READ, [userId, storedIds]);
  return changedBy([...setAside, ...read]);
};

/** @returns each id once; `isWhole`: every one could be an id */
const sortIds = (ids: readonly (string | null)[]) => {
  const parsed = [...new Set(ids)].map((id) => (id === null ? null : parseNotificationId(id)));
  const ofSource = (source: number) => parsed.flatMap((entry) => (entry?.source === source ? [entry.id] : []));
  return { chatIds: ofSource(DERIVED), storedIds: ofSource(STORED), isWhole: !parsed.includes(null) };
};

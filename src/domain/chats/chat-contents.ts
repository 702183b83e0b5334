/**
 * The contents of chats as a viewer sees them: members, messages, the last message. Each read is one statement for all that are asked
 * for in one turn of the event loop, which checks visibility at the time it runs; empty if the chat is not visible.
 */
import type { Queryable } from '../../db/database.js';
import type { MessageRow, UserFacts } from '../../log/event.js';
import { metadataOf, type JsonObject } from '../metadata.js';
import { MESSAGE_COLUMNS, toMessage, type MessageColumns } from '../messages/message-row.js';
import { MEMBER_COLUMNS, toMember, type MemberColumns, type MemberRow } from './member-row.js';
import { createKeyset, pageSql, parsePage, toConnection, type Connection, type PageArgs } from '../page.js';
import { PERSON_COLUMNS, toUser, type PersonColumns } from '../person-row.js';
import {
  ASKED,
  askedParams,
  gatherAsked,
  gatherParts,
  OWN_OF_ASKED,
  SEEN_BY_ONCE,
  FOUND_CHATS,
  SEEN_CHATS,
  toEach,
  toEachOfMany,
} from '../rules/asked-chats.js';
import { UNREAD_COUNT } from '../messages/unread.js';
import type { Viewer } from '../viewer.js';

export interface ChatContents {
  /** Separate from the chat's own row, which is read for each event, page and change. */
  metadata(viewer: Viewer, chatId: bigint): Promise<JsonObject>;
  /** Separate as `metadata`. Of an OPEN group every user knows it. */
  description(viewer: Viewer, chatId: bigint): Promise<string | null>;
  /** As `user.avatar`; so too of open groups. */
  avatar(viewer: Viewer, chatId: bigint): Promise<string | null>;
  /** The newest message that is not deleted; null if there is none. */
  lastMessage(viewer: Viewer, chatId: bigint): Promise<MessageRow | null>;
  /** The oldest message by another user that is unread and not deleted; null if there is none, and if the viewer is not a member. */
  firstUnreadMessage(viewer: Viewer, chatId: bigint): Promise<MessageRow | null>;
  /**
   * Oldest first, deleted ones as tombstones; by default the newest 50.
   *
   * @throws BadUserInputError for a malformed page; `members` too
   */
  messages(viewer: Viewer, chatId: bigint, page?: PageArgs): Promise<Connection<MessageRow>>;
  /** Newest pin first. */
  pinnedMessages(viewer: Viewer, chatId: bigint, page?: PageArgs): Promise<Connection<MessageRow>>;
  /** In the order in which their accounts were created, so that pages stay stable. */
  members(viewer: Viewer, chatId: bigint, page?: PageArgs): Promise<Connection<MemberRow>>;
  /** Reads one index entry per member. Of an OPEN group every user knows it. */
  memberCount(viewer: Viewer, chatId: bigint): Promise<number>;
  /** The two members of a chat of two (a message's receiver is the one who did not send it); empty for other chats. */
  pair(viewer: Viewer, chatId: bigint): Promise<UserFacts[]>;
}

/** For `Chat.messages`, and for other pages that use its cursors. */
export const bySeq = createKeyset('messages', 'ascending', [['message.seq', 'int']]);
const byPin = createKeyset('pinnedMessages', 'descending', [
  ['message.pinned_at', 'time'],
  ['message.seq', 'int'],
]);
const byUser = createKeyset('members', 'ascending', [['member.user_id', 'bigint']]);

interface Seen {
  /** As `n` of those who asked and see it. */
  seenBy: number[];
}

/** One of several rows of a chat: only one of them says who sees it. */
interface SeenPart {
  chatId: bigint;
  seenBy: number[] | null;
}

const AVATAR = `SELECT chat.avatar, chat.seen_by AS "seenBy" FROM ${FOUND_CHATS} WHERE chat.avatar IS NOT NULL`;
const DESCRIPTION = `SELECT chat.description, chat.seen_by AS "seenBy" FROM ${FOUND_CHATS} WHERE chat.description IS NOT NULL`;

const METADATA = `SELECT chat.metadata, chat.seen_by AS "seenBy" FROM ${SEEN_CHATS} WHERE chat.metadata IS NOT NULL`;

const LAST_MESSAGES = `SELECT ${MESSAGE_COLUMNS}, chat.seen_by AS "seenBy" FROM ${SEEN_CHATS} CROSS JOIN LATERAL (
    SELECT * FROM message WHERE message.chat_id = chat.id AND message.deleted_at IS NULL ORDER BY message.seq DESC LIMIT 1
  ) message JOIN "user" person ON person.id = message.sender_id`;

/**
 * Searched only if something is unread, so that there is one to find: it skips the viewer's own messages and deleted ones after the
 * read position, and costs the same however much follows.
 */
const FIRST_UNREAD = `SELECT ${MESSAGE_COLUMNS}, first.seen_by AS "seenBy" FROM (
    SELECT asked.id AS chat_id, found.seq, array_agg(asked.n::int) AS seen_by
    FROM ${ASKED} JOIN chat ON chat.id = asked.id JOIN ${OWN_OF_ASKED} CROSS JOIN LATERAL (
      SELECT message.seq FROM message WHERE message.chat_id = own.chat_id AND message.seq > own.last_read_seq
        AND message.sender_id <> own.user_id AND message.deleted_at IS NULL ORDER BY message.seq LIMIT 1
    ) found WHERE ${UNREAD_COUNT} > 0 GROUP BY asked.id, found.seq
  ) first JOIN message ON message.chat_id = first.chat_id AND message.seq = first.seq
  JOIN "user" person ON person.id = message.sender_id`;

const MEMBER_COUNTS = `SELECT (SELECT count(*)::int FROM member WHERE member.chat_id = chat.id) AS count, chat.seen_by AS "seenBy"
  FROM ${FOUND_CHATS}`;

const PAIRS = `SELECT member.chat_id AS "chatId", ${PERSON_COLUMNS}, chat.seen_by AS "seenBy" FROM ${SEEN_CHATS}
  JOIN member ON member.chat_id = chat.id JOIN "user" person ON person.id = member.user_id
  WHERE chat.kind IN ('DIRECT', 'RELATION') ORDER BY member.user_id`;

export const createChatContents = (db: Queryable): ChatContents => {
  const messages = gatherParts(async (asked, args: PageArgs) => {
    const page = parsePage(bySeq, args, 'backward');
    const { where, orderBy, limit, params } = pageSql(bySeq, page, 4);
    const rows = await db.query<MessageColumns & SeenPart>(
      `SELECT ${MESSAGE_COLUMNS}, ${SEEN_BY_ONCE} FROM ${SEEN_CHATS} CROSS JOIN LATERAL (
         SELECT * FROM message WHERE message.chat_id = chat.id AND ${where} ORDER BY ${orderBy} LIMIT ${limit}
       ) message JOIN "user" person ON person.id = message.sender_id ORDER BY chat.id, ${orderBy}`,
      [...askedParams(asked), ...params],
    );
    return toEachOfMany(asked, rows, (own) =>
      toConnection(own.map(toMessage), page, (message) => bySeq.cursorOf([message.seq])),
    );
  });

  const pinnedMessages = gatherParts(async (asked, args: PageArgs) => {
    const page = parsePage(byPin, args);
    const { where, orderBy, limit, params } = pageSql(byPin, page, 4);
    const rows = await db.query<MessageColumns & SeenPart>(
      `SELECT ${MESSAGE_COLUMNS}, ${SEEN_BY_ONCE} FROM ${SEEN_CHATS} CROSS JOIN LATERAL (
         SELECT * FROM message WHERE message.chat_id = chat.id AND message.seq = ANY(chat.pinned_seqs) AND ${where}
         ORDER BY ${orderBy} LIMIT ${limit}
       ) message JOIN "user" person ON person.id = message.sender_id ORDER BY chat.id, ${orderBy}`,
      [...askedParams(asked), ...params],
    );
    return toEachOfMany(asked, rows, (own) =>
      toConnection(own.map(toMessage), page, ({ pinnedAt, seq }) => byPin.cursorOf([pinnedAt!, seq])),
    );
  });

  const members = gatherParts(async (asked, args: PageArgs) => {
    const page = parsePage(byUser, args);
    const { where, orderBy, limit, params } = pageSql(byUser, page, 4);
    const rows = await db.query<MemberColumns & SeenPart>(
      `SELECT ${MEMBER_COLUMNS}, ${SEEN_BY_ONCE} FROM ${SEEN_CHATS} CROSS JOIN LATERAL (
         SELECT * FROM member WHERE member.chat_id = chat.id AND ${where} ORDER BY ${orderBy} LIMIT ${limit}
       ) member JOIN "user" person ON person.id = member.user_id ORDER BY chat.id, ${orderBy}`,
      [...askedParams(asked), ...params],
    );
    return toEachOfMany(asked, rows, (own) =>
      toConnection(own.map(toMember), page, (member) => byUser.cursorOf([member.userId])),
    );
  });

  return {
    metadata: gatherAsked(async (asked) => {
      const rows = await db.query<{ metadata: string } & Seen>(METADATA, askedParams(asked));
      return toEach<(typeof rows)[number], JsonObject>(asked, rows, {}, (row) => metadataOf(row.metadata));
    }),

    avatar: gatherAsked(async (asked) =>
      toEach<{ avatar: string } & Seen, string | null>(
        asked,
        await db.query(AVATAR, askedParams(asked)),
        null,
        ({ avatar }) => avatar,
      ),
    ),

    description: gatherAsked(async (asked) =>
      toEach<{ description: string } & Seen, string | null>(
        asked,
        await db.query(DESCRIPTION, askedParams(asked)),
        null,
        ({ description }) => description,
      ),
    ),

    lastMessage: gatherAsked(async (asked) =>
      toEach<MessageColumns & Seen, MessageRow | null>(
        asked,
        await db.query(LAST_MESSAGES, askedParams(asked)),
        null,
        toMessage,
      ),
    ),

    firstUnreadMessage: gatherAsked(async (asked) =>
      toEach<MessageColumns & Seen, MessageRow | null>(
        asked,
        await db.query(FIRST_UNREAD, askedParams(asked)),
        null,
        toMessage,
      ),
    ),

    messages: (viewer, chatId, { first, last, after, before } = {}) =>
      messages(viewer, chatId, { first, last, after, before }),

    pinnedMessages: (viewer, chatId, { first, last, after, before } = {}) =>
      pinnedMessages(viewer, chatId, { first, last, after, before }),

    members: (viewer, chatId, { first, last, after, before } = {}) =>
      members(viewer, chatId, { first, last, after, before }),

    memberCount: gatherAsked(async (asked) =>
      toEach<{ count: number } & Seen, number>(
        asked,
        await db.query(MEMBER_COUNTS, askedParams(asked)),
        0,
        ({ count }) => count,
      ),
    ),

    pair: gatherAsked(async (asked) =>
      toEachOfMany<PersonColumns & SeenPart, UserFacts[]>(asked, await db.query(PAIRS, askedParams(asked)), (people) =>
        people.map(toUser),
      ),
    ),
  };
};

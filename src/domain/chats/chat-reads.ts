/**
 * Chats as a viewer sees them. Each read of one chat is one statement for all that are asked for in one turn of the event loop, which
 * checks visibility at the time it runs: for a viewer who may no longer see a chat, or never could, the answer is null, empty or 0.
 */
import type { Queryable } from '../../db/database.js';
import { gather } from '../../db/gather.js';
import type { ChatKind } from '../../generated/prisma/enums.js';
import { CHAT_COLUMNS, type ChatRow } from '../../log/event.js';
import { isSlug, trimmedName } from '../chat-names.js';
import { orderKey, slugKey } from './new-chat.js';
import { createKeyset, pageSql, parsePage, toConnection, type Connection, type PageArgs } from '../page.js';
import {
  canClose,
  canDeleteOthers,
  canInvite,
  canLeave,
  canManageMembers,
  canMarkRead,
  canMentionEveryone,
  canPin,
  canRename,
  canWrite,
  isBlockedFrom,
  lacksPresence,
  lacksPlan,
  needsPresence,
  type Actor,
} from '../rules/policy.js';
import type { Presence } from '../rules/presence.js';
import { ASKED, askedParams, gatherAsked, OWN_OF_ASKED } from '../rules/asked-chats.js';
import { IS_ARCHIVED } from '../own-settings.js';
import { chatSearchOf } from './chat-search.js';
import type { SeenChats } from '../rules/seen-chats.js';
import { isStorable } from '../text.js';
import { UNREAD_COUNT } from '../messages/unread.js';
import { isAdmin, type Viewer } from '../viewer.js';
import { CAN_SEE, CHAT_AND_OWN, viewerParams } from '../rules/visibility.js';

export interface ChatPermissions {
  canSend: boolean;
  canReact: boolean;
  canDeleteOthers: boolean;
  canManageMembers: boolean;
  canRename: boolean;
  /** Close it, and reopen it. */
  canClose: boolean;
  canLeave: boolean;
  canMarkRead: boolean;
  canPin: boolean;
  canMentionEveryone: boolean;
  canInvite: boolean;
}

/** Identifies one chat. */
export type ChatReference = { id: bigint } | { slug: string } | { orderRef: string };

export interface ChatList {
  /** `ALL` is for administrators; for other users it means `MINE`. */
  scope: 'MINE' | 'ALL';
  kind?: ChatKind | null;
  /** Of the viewer's own chats: those that are archived, or those that are not. */
  isArchived?: boolean | null;
  /** Only those with unread messages, or marked as unread. */
  isUnread?: boolean | null;
  /** Each of its words must be found in the chat's name; of a chat of two in the other person's username, first or last name. */
  search?: string | null;
}

export interface ChatReads {
  /** @returns null if the chat does not exist, or the viewer may not see it */
  find(viewer: Viewer, reference: ChatReference): Promise<ChatRow | null>;
  /**
   * The viewer's chats, pinned ones first, then by their newest message, newest first; with `ALL` every chat they may see, newest
   * chat first.
   *
   * @throws BadUserInputError for a malformed page or search
   */
  list(viewer: Viewer, list: ChatList, page?: PageArgs): Promise<Connection<ChatRow>>;
  /** @returns null if it does not exist, or the viewer may not see it */
  visible(viewer: Viewer, chatId: bigint): Promise<ChatRow | null>;
  /** Nothing is allowed in a chat that the viewer may not see. */
  permissions(viewer: Viewer, chatId: bigint): Promise<ChatPermissions>;
  /** 0 if the viewer is not a member. */
  unreadCount(viewer: Viewer, chatId: bigint): Promise<number>;
  /** Over all chats that the viewer is a member of. */
  unreadTotal(viewer: Viewer): Promise<number>;
}

const byActivity = createKeyset('chats', 'descending', [
  ['own.is_pinned::int', 'int'],
  ['chat.activity_at', 'time'],
  ['chat.id', 'bigint'],
]);
const byMaking = createKeyset('allChats', 'descending', [['chat.id', 'bigint']]);

const SEEN = `SELECT ${CHAT_COLUMNS} FROM ${CHAT_AND_OWN}`;
const BY_ID = `${SEEN} WHERE chat.id = $3::bigint AND ${CAN_SEE}`;
const BY_KEY = `${SEEN} JOIN chat_key ON chat_key.chat_id = chat.id WHERE chat_key.key = $3::text AND ${CAN_SEE}`;
const UNREAD_COUNTS = `SELECT asked.n::int AS n, ${UNREAD_COUNT} AS unread
  FROM ${ASKED} JOIN chat ON chat.id = asked.id JOIN ${OWN_OF_ASKED}`;
const UNREAD_TOTALS = `SELECT asked.n::int AS n, sum(${UNREAD_COUNT})::int AS unread
  FROM unnest((SELECT $1::bigint[])) WITH ORDINALITY AS asked(viewer_id, n)
  JOIN member own ON own.user_id = asked.viewer_id JOIN chat ON chat.id = own.chat_id GROUP BY asked.n`;
/** In one statement: each may have a thousand chats. */
const MOST_TOTALS = 100;

interface UnreadRow {
  n: number;
  unread: number;
}

const NOTHING_ALLOWED: ChatPermissions = {
  canSend: false,
  canReact: false,
  canDeleteOthers: false,
  canManageMembers: false,
  canRename: false,
  canClose: false,
  canLeave: false,
  canMarkRead: false,
  canPin: false,
  canMentionEveryone: false,
  canInvite: false,
};

export const createChatReads = (db: Queryable, presence: Presence, seenChats: SeenChats): ChatReads => {
  const unreadCount = gatherAsked(async (asked) =>
    toCounts(asked, await db.query<UnreadRow>(UNREAD_COUNTS, askedParams(asked))),
  );
  const unreadTotal = gather<bigint, number>(
    async (viewerIds) => toCounts(viewerIds, await db.query<UnreadRow>(UNREAD_TOTALS, [viewerIds])),
    { most: MOST_TOTALS, keyOf: (viewerId) => viewerId },
  );

  return {
    find: async (viewer, reference) => {
      const [sql, value] = 'id' in reference ? [BY_ID, reference.id] : [BY_KEY, keyOf(reference)];
      if (value === null) return null;
      const [chat] = await db.query<ChatRow>(sql, [...viewerParams(viewer), value]);
      return chat ?? null;
    },

    list: (viewer, list, args = {}) =>
      list.scope === 'ALL' && isAdmin(viewer) ? listAll(db, viewer, list, args) : listMine(db, viewer, list, args),

    visible: async (viewer, chatId) => {
      const seen = await seenChats.read(viewer, chatId);
      return seen?.isSeen ? seen.chat : null;
    },

    permissions: async (viewer, chatId) => {
      const seen = await seenChats.read(viewer, chatId);
      if (!seen?.isSeen) return NOTHING_ALLOWED;
      const { chat, isMember, chatRole } = seen;
      const isPresent = needsPresence(chat) && (await presence.isPresent(viewer.id, chatId));
      return permissionsOf(chat, { id: viewer.id, role: viewer.role, isMember, chatRole, isPresent });
    },

    unreadCount,
    unreadTotal: (viewer) => unreadTotal(viewer.id),
  };
};

/** @returns in the order in which they were asked; 0 without a row */
const toCounts = (asked: readonly unknown[], rows: readonly UnreadRow[]): number[] => {
  const counts = asked.map(() => 0);
  for (const { n, unread } of rows) counts[n - 1] = unread;
  return counts;
};

const permissionsOf = (chat: ChatRow, actor: Actor): ChatPermissions => {
  const isHindered =
    isBlockedFrom('write', actor, chat) || lacksPlan('write', actor, chat) || lacksPresence(actor, chat);
  const canSend = chat.closedAt === null && canWrite(actor, chat) && !isHindered;
  return {
    canSend,
    canReact: canSend,
    canDeleteOthers:
      canDeleteOthers(actor, chat) && !lacksPlan('deleteOthers', actor, chat) && !lacksPresence(actor, chat),
    canManageMembers: canManageMembers(actor, chat),
    canRename: chat.closedAt === null && canRename(actor, chat),
    canClose: canClose(actor, chat),
    canLeave: canLeave(actor, chat),
    canMarkRead: canMarkRead(actor, chat),
    canPin: chat.closedAt === null && canPin(actor, chat),
    canMentionEveryone: canSend && canMentionEveryone(actor, chat),
    canInvite: chat.closedAt === null && canInvite(actor, chat),
  };
};

/** @returns null if no chat can have it */
const keyOf = (reference: { slug: string } | { orderRef: string }): string | null => {
  if ('slug' in reference) return isSlug(reference.slug) ? slugKey(reference.slug) : null;
  return isStorable(reference.orderRef) ? orderKey(trimmedName(reference.orderRef)) : null;
};

const IS_KIND = (param: number) => `($${param}::chat_kind IS NULL OR chat.kind = $${param}::chat_kind)`;

/** $n: null for both. */
const IS_UNREAD = (param: number) =>
  `($${param}::boolean IS NOT TRUE OR own.is_marked_unread OR coalesce(${UNREAD_COUNT}, 0) > 0)`;

/**
 * $1: the viewer; `$n`: patterns, null for none. A chat just made by a node of an older version has no key yet: it is found once it has.
 * The people of a chat of two are looked up by its key, so that this costs the same for all chats.
 */
const IS_CALLED = (param: number) => `($${param}::text[] IS NULL OR chat.name_key LIKE ALL ($${param}::text[])
  OR (chat.kind IN ('DIRECT', 'RELATION') AND EXISTS (
    SELECT FROM member other JOIN "user" person ON person.id = other.user_id
    WHERE other.chat_id = chat.id AND other.user_id <> $1::bigint
      AND coalesce(person.name_key, person.username_key) LIKE ALL ($${param}::text[]))))`;

const patternsOf = (search: string | null | undefined): string[] | null => {
  const patterns = chatSearchOf(search);
  return patterns.length === 0 ? null : patterns;
};

/** Costs as much as the viewer has chats, whatever the chats hold. */
const listMine = async (
  db: Queryable,
  viewer: Viewer,
  { kind, isArchived, isUnread, search }: ChatList,
  args: PageArgs,
) => {
  const page = parsePage(byActivity, args);
  const { where, orderBy, limit, params } = pageSql(byActivity, page, 6);
  const rows = await db.query<ChatRow & { isPinned: boolean }>(
    `SELECT ${CHAT_COLUMNS}, own.is_pinned AS "isPinned" FROM member own JOIN chat ON chat.id = own.chat_id
     WHERE own.user_id = $1 AND ${IS_KIND(2)} AND ${IS_ARCHIVED} = $3::boolean AND ${IS_UNREAD(4)} AND ${IS_CALLED(5)} AND ${where}
     ORDER BY ${orderBy} LIMIT ${limit}`,
    [viewer.id, kind ?? null, isArchived ?? false, isUnread ?? null, patternsOf(search), ...params],
  );
  const { edges, pageInfo } = toConnection(rows, page, ({ isPinned, activityAt, id }) =>
    byActivity.cursorOf([Number(isPinned), activityAt, id]),
  );
  return { edges: edges.map(({ cursor, node: { isPinned: _, ...node } }) => ({ cursor, node })), pageInfo };
};

const listAll = async (db: Queryable, viewer: Viewer, { kind, isUnread, search }: ChatList, args: PageArgs) => {
  const page = parsePage(byMaking, args);
  const { where, orderBy, limit, params } = pageSql(byMaking, page, 6);
  const rows = await db.query<ChatRow>(
    `${SEEN} WHERE ${CAN_SEE} AND ${IS_KIND(3)} AND ${IS_UNREAD(4)} AND ${IS_CALLED(5)} AND ${where} ORDER BY ${orderBy} LIMIT ${limit}`,
    [...viewerParams(viewer), kind ?? null, isUnread ?? null, patternsOf(search), ...params],
  );
  return toConnection(rows, page, (chat) => byMaking.cursorOf([chat.id]));
};

/**
 * The chats that events and messages refer to. A viewer who gets an event may no longer see its chat (the event of their own
 * removal does refer to it): they then get a bare chat, without any of its current contents.
 */
import type { Queryable } from '../../db/database.js';
import { CHAT_COLUMNS, type ChatRow } from '../../log/event.js';
import type { Viewer } from '../viewer.js';
import { CAN_SEE, CHAT_AND_OWN, viewerParams } from '../rules/visibility.js';

export interface EventChats {
  /** One statement, which checks visibility at the time it runs. */
  read(viewer: Viewer, chatIds: readonly bigint[]): Promise<Map<bigint, ChatRow>>;
}

const NAMED = `SELECT ${CHAT_COLUMNS}, ${CAN_SEE} AS "isSeen" FROM ${CHAT_AND_OWN} WHERE chat.id = ANY($3::bigint[])`;

export const createEventChats = (db: Queryable): EventChats => ({
  read: async (viewer, chatIds) => {
    const rows = await db.query<ChatRow & { isSeen: boolean }>(NAMED, [...viewerParams(viewer), chatIds]);
    return new Map(rows.map(({ isSeen, ...chat }) => [chat.id, isSeen ? chat : bare(chat)]));
  },
});

/** The chat's immutable fields; everything else as in a new chat. */
const bare = ({ id, kind, createdAt }: ChatRow): ChatRow => ({
  id,
  kind,
  createdAt,
  name: null,
  slug: null,
  orderRef: null,
  activityAt: createdAt,
  closedAt: null,
  headSeq: 0,
  headMark: 0,
  messageCount: 0,
  hasBusiness: false,
});

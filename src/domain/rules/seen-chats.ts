/** Chats as their viewers see them: one statement for all pairs of a viewer and a chat that are asked for at once. */
import { gather } from '../../db/gather.js';
import type { Queryable } from '../../db/database.js';
import { CHAT_COLUMNS, type ChatRow } from '../../log/event.js';
import { isAdmin, type Viewer } from '../viewer.js';
import { canSeeSql } from './visibility.js';

export interface SeenChat {
  chat: ChatRow;
  isMember: boolean;
  /** Whether the viewer may see the chat's current state, at the time of the statement. */
  isSeen: boolean;
}

export interface SeenChats {
  /** @returns null if the chat does not exist */
  read(viewer: Pick<Viewer, 'id' | 'role'>, chatId: bigint): Promise<SeenChat | null>;
}

const SEEN = `SELECT asked.n, ${CHAT_COLUMNS}, own.user_id IS NOT NULL AS "isMember", ${canSeeSql('asked.is_admin')} AS "isSeen"
  FROM unnest($1::bigint[], $2::boolean[], $3::bigint[]) WITH ORDINALITY AS asked(viewer_id, is_admin, chat_id, n)
  JOIN chat ON chat.id = asked.chat_id
  LEFT JOIN member own ON own.chat_id = asked.chat_id AND own.user_id = asked.viewer_id`;

interface SeenRow extends ChatRow {
  /** From 1. */
  n: bigint;
  isMember: boolean;
  isSeen: boolean | null;
}

interface Asked {
  viewer: Pick<Viewer, 'id' | 'role'>;
  chatId: bigint;
}

export const createSeenChats = (db: Queryable): SeenChats => {
  const read = gather<Asked, SeenChat | null>(async (asked) => {
    const rows = await db.query<SeenRow>(SEEN, [
      asked.map(({ viewer }) => viewer.id),
      asked.map(({ viewer }) => isAdmin(viewer)),
      asked.map(({ chatId }) => chatId),
    ]);
    const found = asked.map((): SeenChat | null => null);
    for (const { n, isMember, isSeen, ...chat } of rows) {
      found[Number(n) - 1] = { chat, isMember, isSeen: isSeen === true };
    }
    return found;
  });
  return { read: (viewer, chatId) => read({ viewer, chatId }) };
};

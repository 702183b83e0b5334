/** A viewer's access to a chat, read in one statement with the chat's row, so that both have the same age. */
import type { Queryable } from '../../db/database.js';
import { CHAT_COLUMNS, type ChatRow } from '../../log/event.js';
import { canSee, type Actor } from './policy.js';
import type { Viewer } from '../viewer.js';

export interface ChatAccess {
  chat: ChatRow;
  actor: Actor;
}

const ACCESS = `SELECT ${CHAT_COLUMNS}, member.user_id IS NOT NULL AS "isMember"
  FROM chat LEFT JOIN member ON member.chat_id = chat.id AND member.user_id = $2 WHERE chat.id = $1`;

/** @returns null if the chat does not exist, or the viewer may not see it; presence is not checked */
export const readAccess = async (db: Queryable, viewer: Viewer, chatId: bigint): Promise<ChatAccess | null> => {
  const [row] = await db.query<ChatRow & { isMember: boolean }>(ACCESS, [chatId, viewer.id]);
  if (row === undefined) return null;
  const { isMember, ...chat } = row;
  const actor = { id: viewer.id, role: viewer.role, isMember, isPresent: false };
  return canSee(actor, chat) ? { chat, actor } : null;
};

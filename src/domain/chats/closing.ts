/** Closing and reopening a chat within a change of it. Idempotent. */
import type { ChatRow, UserFacts } from '../../log/event.js';
import type { ChatTransaction } from '../../log/append.js';

const CLOSE = `UPDATE chat SET closed_at = now() WHERE id = $1 RETURNING closed_at AS "closedAt"`;
const REOPEN = `UPDATE chat SET closed_at = NULL WHERE id = $1`;

/** Two statements if it was open. @returns the chat after this change */
export const closeWithin = async (tx: ChatTransaction, actor: UserFacts): Promise<ChatRow> => {
  if (tx.chat.closedAt !== null) return { ...tx.chat };
  const [row] = await tx.query<{ closedAt: Date }>(CLOSE, [tx.chat.id]);
  await tx.append({ type: 'CHAT_UPDATED', actor });
  return { ...tx.chat, closedAt: row!.closedAt };
};

/** Two statements if it was closed. @returns the chat after this change */
export const reopenWithin = async (tx: ChatTransaction, actor: UserFacts): Promise<ChatRow> => {
  if (tx.chat.closedAt === null) return { ...tx.chat };
  await tx.query(REOPEN, [tx.chat.id]);
  await tx.append({ type: 'CHAT_UPDATED', actor });
  return { ...tx.chat, closedAt: null };
};

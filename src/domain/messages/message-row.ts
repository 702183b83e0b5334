/** A message as statements outside of the log read it, with its sender. */
import type { Queryable } from '../../db/database.js';
import { MESSAGE_COLUMNS as OWN_COLUMNS, type MessageRow } from '../../log/event.js';
import { PERSON_COLUMNS, toUser, type PersonColumns } from '../person-row.js';

/** For statements that name the tables `message` and, for its sender, `person`. */
export const MESSAGE_COLUMNS = `${OWN_COLUMNS}, ${PERSON_COLUMNS}`;

export type MessageColumns = Omit<MessageRow, 'sender'> & PersonColumns;

const ONE = `SELECT ${MESSAGE_COLUMNS} FROM message JOIN "user" person ON person.id = message.sender_id
  WHERE message.chat_id = $1 AND message.seq = $2`;

/** Whoever may see it: for the chat's lock. @returns null if there is none */
export const readMessage = async (
  tx: Queryable,
  { chatId, seq }: { chatId: bigint; seq: number },
): Promise<MessageRow | null> => {
  const [row] = await tx.query<MessageColumns>(ONE, [chatId, seq]);
  return row === undefined ? null : toMessage(row);
};

export const toMessage = (row: MessageColumns): MessageRow => ({
  chatId: row.chatId,
  seq: row.seq,
  senderId: row.senderId,
  text: row.text,
  metadata: row.metadata,
  clientMessageId: row.clientMessageId,
  createdAt: row.createdAt,
  editedAt: row.editedAt,
  deletedAt: row.deletedAt,
  changedSeq: row.changedSeq,
  reactions: row.reactions,
  replyToSeq: row.replyToSeq,
  mentionIds: row.mentionIds,
  mentionsEveryone: row.mentionsEveryone,
  pinnedAt: row.pinnedAt,
  attachmentCount: row.attachmentCount,
  sender: toUser(row),
});

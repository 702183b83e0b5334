/** A message as statements outside of the log read it, with its sender. */
import type { MessageRow } from '../../log/event.js';
import { PERSON_COLUMNS, toUser, type PersonColumns } from '../person-row.js';

/** For statements that name the tables `message` and, for its sender, `person`. */
export const MESSAGE_COLUMNS = `message.chat_id AS "chatId", message.seq, message.sender_id AS "senderId", message.text, message.metadata,
  message.client_message_id AS "clientMessageId", message.created_at AS "createdAt", message.edited_at AS "editedAt",
  message.deleted_at AS "deletedAt", message.changed_seq AS "changedSeq", ${PERSON_COLUMNS}`;

export type MessageColumns = Omit<MessageRow, 'sender'> & PersonColumns;

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
  sender: toUser(row),
});

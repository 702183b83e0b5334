/** A message as statements outside of the log read it, with its sender. */
import { MESSAGE_COLUMNS as OWN_COLUMNS, type MessageRow } from '../../log/event.js';
import { PERSON_COLUMNS, toUser, type PersonColumns } from '../person-row.js';

/** For statements that name the tables `message` and, for its sender, `person`. */
export const MESSAGE_COLUMNS = `${OWN_COLUMNS}, ${PERSON_COLUMNS}`;

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
  reactions: row.reactions,
  sender: toUser(row),
});

/** Who has read a message, as a viewer sees it. */
import type { Queryable } from '../../db/database.js';
import { createKeyset, pageSql, parsePage, toConnection, type Connection, type PageArgs } from '../page.js';
import {
  askedMessageParams,
  gatherMessageParts,
  SEEN_MESSAGE,
  SEEN_MESSAGES,
  toEachMessage,
  type MessageKey,
  type SeenOfMessage,
} from '../rules/asked-messages.js';
import type { Viewer } from '../viewer.js';
import { MEMBER_COLUMNS, toMember, type MemberColumns, type MemberRow } from './member-row.js';

export interface MessageReaders {
  /**
   * The members whose read position is at the message or after it, its sender aside, in the order in which their accounts were created.
   * One statement for all that is asked for in one turn of the event loop; empty if the viewer may not see the chat.
   *
   * @throws BadUserInputError for a malformed page
   */
  list(viewer: Viewer, key: MessageKey, page?: PageArgs): Promise<Connection<MemberRow>>;
}

const byUser = createKeyset('readBy', 'ascending', [['member.user_id', 'bigint']]);

export const createMessageReaders = (db: Queryable): MessageReaders => {
  const list = gatherMessageParts(async (asked, args: PageArgs) => {
    const page = parsePage(byUser, args);
    const { where, orderBy, limit, params } = pageSql(byUser, page, 5);
    const rows = await db.query<MemberColumns & SeenOfMessage>(
      `SELECT ${MEMBER_COLUMNS}, ${SEEN_MESSAGE} FROM ${SEEN_MESSAGES}
       JOIN message ON message.chat_id = asked.chat_id AND message.seq = asked.seq CROSS JOIN LATERAL (
         SELECT * FROM member WHERE member.chat_id = asked.chat_id AND member.last_read_seq >= asked.seq
           AND member.user_id <> message.sender_id AND ${where} ORDER BY ${orderBy} LIMIT ${limit}
       ) member JOIN "user" person ON person.id = member.user_id ORDER BY asked.chat_id, asked.seq, ${orderBy}`,
      [...askedMessageParams(asked), ...params],
    );
    return toEachMessage(asked, rows, (own) =>
      toConnection(own.map(toMember), page, (member) => byUser.cursorOf([member.userId])),
    );
  });
  return {
    list: (viewer, key, { first, last, after, before } = {}) => list(viewer, key, { first, last, after, before }),
  };
};

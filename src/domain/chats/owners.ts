/** Who owns a group: whoever made it, and whom an owner makes one. While it has members, it does not lose its last owner. */
import type { ChatTransaction } from '../../log/append.js';
import { PERSON_COLUMNS, toUser, type PersonColumns } from '../person-row.js';
import type { Person } from '../rules/chat-change.js';

/**
 * The first of owners, moderators and members, those who have been there longest before others; nobody follows themselves. Deactivated
 * accounts own nothing. `chat_role` is in this order.
 */
const SUCCEED = `UPDATE member SET role = 'OWNER' FROM "user" person
  WHERE member.chat_id = $1 AND person.id = member.user_id AND member.role <> 'OWNER' AND member.user_id = (
    SELECT heir.user_id FROM member heir JOIN "user" account ON account.id = heir.user_id
    WHERE heir.chat_id = $1 AND account.deactivated_at IS NULL ORDER BY heir.role, heir.joined_seq, heir.joined_at, heir.user_id LIMIT 1)
  RETURNING ${PERSON_COLUMNS}`;

const OTHER_OWNER = `SELECT FROM member JOIN "user" person ON person.id = member.user_id
  WHERE member.chat_id = $1 AND member.user_id <> $2 AND member.role = 'OWNER' AND person.deactivated_at IS NULL LIMIT 1`;

/**
 * After an owner is gone: if none is left, the oldest moderator, else the oldest member becomes one. One statement, one more if so.
 *
 * @param me who removed the owner, or the owner who left
 */
export const succeed = async (tx: ChatTransaction, me: Person): Promise<void> => {
  const [heir] = await tx.query<PersonColumns>(SUCCEED, [tx.chat.id]);
  if (heir !== undefined) await tx.append({ type: 'MEMBER_UPDATED', actor: me.user, user: toUser(heir) });
};

/** Whether somebody else owns it too. One statement. */
export const hasOtherOwner = async (tx: ChatTransaction, userId: bigint): Promise<boolean> =>
  (await tx.query(OTHER_OWNER, [tx.chat.id, userId])).length > 0;

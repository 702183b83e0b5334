/** A member of a chat, as statements read it. */
import type { ChatRole } from '../../generated/prisma/enums.js';
import type { UserFacts } from '../../log/event.js';
import { PERSON_COLUMNS, toUser, type PersonColumns } from '../person-row.js';

export interface MemberRow {
  chatId: bigint;
  userId: bigint;
  role: ChatRole;
  joinedAt: Date;
  /** Everything up to this seq is read. */
  lastReadSeq: number;
  user: UserFacts;
}

/** For statements that name the tables `member` and, for its user, `person`. */
export const MEMBER_COLUMNS = `member.chat_id AS "chatId", member.user_id AS "userId", member.role AS "chatRole", member.joined_at AS "joinedAt",
  member.last_read_seq AS "lastReadSeq", ${PERSON_COLUMNS}`;

export type MemberColumns = Omit<MemberRow, 'user' | 'role'> & PersonColumns & { chatRole: ChatRole };

export const toMember = (row: MemberColumns): MemberRow => ({
  chatId: row.chatId,
  userId: row.userId,
  role: row.chatRole,
  joinedAt: row.joinedAt,
  lastReadSeq: row.lastReadSeq,
  user: toUser(row),
});

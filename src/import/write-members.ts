/** Writes the members of a chat, how much they have sent and how far they have read. */
import { runOver } from '../db/bulk.js';
import type { Queryable } from '../db/database.js';
import type { Membership } from './collection.js';
import type { WriteChatsOptions, Writing } from './writing.js';

const MEMBERS = `
INSERT INTO member (chat_id, user_id, role, joined_at, joined_seq, last_read_seq, read_count, sent_count, read_sent_count, set_aside_seq)
SELECT chat_id, user_id, role::chat_role, joined_at, joined_seq, last_read_seq, read_count, sent_count, read_sent_count, joined_seq
FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::int[], $5::int[], $6::int[], $7::int[], $8::int[],
  $9::text[])
  AS given(chat_id, user_id, joined_at, joined_seq, last_read_seq, read_count, sent_count, read_sent_count, role)`;

const SENT_BY = `UPDATE member SET sent_count = sent_count + given.count
FROM unnest($1::bigint[], $2::bigint[], $3::int[]) AS given(chat_id, user_id, count)
WHERE member.chat_id = given.chat_id AND member.user_id = given.user_id`;

/** As `MARK` of `domain/messages/read-positions.ts`. */
const READ_TO = `UPDATE member SET last_read_seq = given.seq,
  read_count = coalesce((SELECT ordinal FROM message WHERE message.chat_id = given.chat_id AND message.seq <= given.seq
    ORDER BY message.seq DESC LIMIT 1), 0),
  read_sent_count = member.read_sent_count + (SELECT count(*)::int FROM message WHERE message.chat_id = given.chat_id
    AND message.sender_id = given.user_id AND message.seq > member.last_read_seq AND message.seq <= given.seq)
FROM unnest($1::bigint[], $2::bigint[], $3::int[]) AS given(chat_id, user_id, seq)
WHERE member.chat_id = given.chat_id AND member.user_id = given.user_id AND given.seq > member.last_read_seq`;
/** A small batch: for each row messages may have to be counted. */
const READ_TO_ROWS = 100;

export const writeMembers = async (
  tx: Queryable,
  writings: readonly Writing[],
  options: WriteChatsOptions,
): Promise<void> => {
  const { people, messages } = options.collection;
  const idOf = (place: number) => people[place]!.id!;
  await runOver(
    tx,
    MEMBERS,
    writings.flatMap((writing) =>
      writing.present === null ? firstMembers(writing, options) : joiningMembers(writing, idOf),
    ),
    (values) => values,
  );

  const present = writings.filter((writing) => writing.present !== null);
  const sent = present.flatMap(({ id, plan }) =>
    [...countBy(plan.rows, (row) => idOf(messages.columns.sender[row]!))].map(([userId, count]) => [id, userId, count]),
  );
  await runOver(tx, SENT_BY, sent, (values) => values);
  const read = present.flatMap((writing) =>
    readPlaces(writing, options).map(({ member, seq }) => [writing.id, idOf(member.person), seq]),
  );
  await runOver(tx, READ_TO, read, (values) => values, { rowsMost: READ_TO_ROWS });
};

/** For a new chat: members from the beginning, with all that they have sent and read there. */
const firstMembers = (writing: Writing, options: WriteChatsOptions): unknown[][] => {
  const { id, plan, since, memberIds } = writing;
  const { people, messages } = options.collection;
  const byUser = new Map(writing.work.chat.members.map((member) => [people[member.person]!.id!, member]));
  const readTo = new Map(readPlaces(writing, options).map(({ member, subject }) => [member, subject]));
  const readers = new Map<number, bigint[]>();
  for (const [member, subject] of readTo) {
    readers.set(subject, [...(readers.get(subject) ?? []), people[member.person]!.id!]);
  }

  const sent = new Map<bigint, number>();
  const readSent = new Map<bigint, number>();
  for (const [subject, row] of plan.rows.entries()) {
    const senderId = people[messages.columns.sender[row]!]!.id!;
    sent.set(senderId, (sent.get(senderId) ?? 0) + 1);
    for (const userId of readers.get(subject) ?? []) readSent.set(userId, sent.get(userId) ?? 0);
  }

  return memberIds.map((userId) => {
    const member = byUser.get(userId);
    const subject = member && readTo.get(member);
    const joinedAt = typeof member?.as.joinedAt === 'number' ? new Date(member.as.joinedAt) : since;
    const [readSeq, readCount] = subject === undefined ? [0, 0] : [plan.seqs[subject], subject + 1];
    const role = member?.as.role ?? 'MEMBER';
    return [id, userId, joinedAt, 0, readSeq, readCount, sent.get(userId) ?? 0, readSent.get(userId) ?? 0, role];
  });
};

/** Earlier messages count as read. What they send is counted together with everyone's. */
const joiningMembers = ({ id, present, joining, since }: Writing, idOf: (place: number) => bigint): unknown[][] =>
  joining.map(({ person, as }, index) => {
    const seq = present!.headSeq + 1 + index;
    const joinedAt = typeof as.joinedAt === 'number' ? new Date(as.joinedAt) : since;
    return [id, idOf(person), joinedAt, seq, seq, present!.messageCount, 0, 0, as.role ?? 'MEMBER'];
  });

interface ReadPlace {
  member: Membership;
  seq: number;
  /** The message's index in the plan; -1 for a message imported before. */
  subject: number;
}

const readPlaces = ({ work, plan }: Writing, { collection, oldSeqs }: WriteChatsOptions): ReadPlace[] => {
  const { byId } = collection.messages;
  const named = new Set(work.chat.members.flatMap(({ as }) => byId.get(as.lastReadMessage ?? '') ?? []));
  const subjectOf = new Map<number, number>();
  if (named.size > 0) {
    for (const [subject, row] of plan.rows.entries()) if (named.has(row)) subjectOf.set(row, subject);
  }
  return work.chat.members.flatMap((member): ReadPlace[] => {
    const source = member.as.lastReadMessage;
    const row = typeof source === 'string' ? byId.get(source) : undefined;
    const subject = member.as.isAllRead ? plan.rows.length - 1 : row === undefined ? undefined : subjectOf.get(row);
    if (subject !== undefined && subject >= 0) return [{ member, seq: plan.seqs[subject]!, subject }];
    const oldSeq = typeof source === 'string' ? oldSeqs.get(source) : undefined;
    return oldSeq === undefined ? [] : [{ member, seq: oldSeq, subject: -1 }];
  });
};

const countBy = <Key>(rows: Iterable<number>, keyOf: (row: number) => Key): Map<Key, number> => {
  const counts = new Map<Key, number>();
  for (const row of rows) counts.set(keyOf(row), (counts.get(keyOf(row)) ?? 0) + 1);
  return counts;
};

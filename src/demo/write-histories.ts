/** Writes generated people and chats in bulk: a few statements for thousands of rows. */
import { runOver, takeIds } from '../db/bulk.js';
import type { Queryable } from '../db/database.js';
import { accountKeysOf, chatNameKeyOf } from '../domain/keys.js';
import type { Role } from '../generated/prisma/enums.js';
import { newMarks } from '../log/mark.js';
import type { ChatHistory } from './chat-history.js';
import { writeExtras } from './write-extras.js';

export interface NewPerson {
  username: string;
  firstName: string;
  lastName: string;
  email: string;
  role: Role;
  passwordHash: string | null;
  createdAt: Date;
}

const PEOPLE = `
INSERT INTO "user" (id, username, username_key, email, email_key, first_name, last_name, name_key, password_hash, role, created_at)
SELECT id, username, username_key, email, email_key, first_name, last_name, name_key, password_hash, role::role, created_at
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
  $10::text[], $11::timestamptz[])
  AS given(id, username, username_key, email, email_key, first_name, last_name, name_key, password_hash, role, created_at)`;

const CHATS = `
INSERT INTO chat (id, kind, name, slug, order_ref, has_business, created_at, activity_at, closed_at, head_seq, head_mark, message_count, name_key,
  description, access)
SELECT id, kind::chat_kind, name, slug, order_ref, has_business, created_at, activity_at, closed_at, head_seq, head_mark, message_count, name_key,
  description, access::chat_access
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::boolean[], $7::timestamptz[], $8::timestamptz[],
  $9::timestamptz[], $10::int[], $11::int[], $12::int[], $13::text[], $14::text[], $15::text[])
  AS given(id, kind, name, slug, order_ref, has_business, created_at, activity_at, closed_at, head_seq, head_mark, message_count, name_key,
    description, access)`;

const KEYS = `INSERT INTO chat_key (key, chat_id) SELECT * FROM unnest($1::text[], $2::bigint[])`;

const EVENTS = `
INSERT INTO event (chat_id, seq, mark, type, created_at, actor_id, user_id, message_seqs, emoji)
SELECT chat_id, seq, mark, type::event_type, created_at, actor_id, user_id, message_seqs::int[], emoji
FROM unnest($1::bigint[], $2::int[], $3::int[], $4::text[], $5::timestamptz[], $6::bigint[], $7::bigint[], $8::text[], $9::text[])
  AS given(chat_id, seq, mark, type, created_at, actor_id, user_id, message_seqs, emoji)`;

// The hash is of the text as first sent; `first_text` is given only if that was different.
const MESSAGES = `
INSERT INTO message (chat_id, seq, ordinal, sender_id, text, text_hash, created_at, edited_at, deleted_at, changed_seq)
SELECT chat_id, seq, ordinal, sender_id, text, sha256(convert_to(coalesce(first_text, text), 'UTF8')), created_at, edited_at,
  deleted_at, changed_seq
FROM unnest($1::bigint[], $2::int[], $3::int[], $4::bigint[], $5::text[], $6::text[], $7::timestamptz[], $8::timestamptz[],
  $9::timestamptz[], $10::int[])
  AS given(chat_id, seq, ordinal, sender_id, text, first_text, created_at, edited_at, deleted_at, changed_seq)`;

const MEMBERS = `
INSERT INTO member (chat_id, user_id, joined_at, last_read_seq, read_count, sent_count, read_sent_count, set_aside_seq, role)
SELECT chat_id, user_id, joined_at, last_read_seq, read_count, sent_count, read_sent_count, set_aside_seq, role::chat_role
FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::int[], $5::int[], $6::int[], $7::int[], $8::int[], $9::text[])
  AS given(chat_id, user_id, joined_at, last_read_seq, read_count, sent_count, read_sent_count, set_aside_seq, role)`;

const NOTIFICATIONS = `
INSERT INTO notification (user_id, kind, chat_id, actor_id, created_at, read_at)
SELECT user_id, kind::notification_kind, chat_id, actor_id, created_at, read_at
FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::timestamptz[], $6::timestamptz[])
  AS given(user_id, kind, chat_id, actor_id, created_at, read_at)`;

/** @returns their ids, in order */
export const writePeople = async (tx: Queryable, people: readonly NewPerson[]): Promise<bigint[]> => {
  const ids = await takeIds(tx, 'user', people.length);
  await runOver(tx, PEOPLE, zip(people, ids), ([person, id]) => {
    const { username, email, firstName, lastName, passwordHash, role, createdAt } = person;
    const { usernameKey, emailKey, nameKey } = accountKeysOf(person);
    return [id, username, usernameKey, email, emailKey, firstName, lastName, nameKey, passwordHash, role, createdAt];
  });
  return ids;
};

/** Within one transaction, which then contains whole chats only. @returns the chats' ids, in order */
export const writeHistories = async (tx: Queryable, histories: readonly ChatHistory[]): Promise<bigint[]> => {
  const ids = await takeIds(tx, 'chat', histories.length);
  // Random in any case: a cursor of one database must not fit another one filled from the same seed.
  const chats = zip(histories, ids).map(([history, id]) => ({ history, id, marks: newMarks(history.events.length) }));

  await runOver(tx, CHATS, chats, ({ history, id, marks }) => [
    id,
    history.start.kind,
    history.start.name ?? null,
    history.start.slug ?? null,
    history.start.orderRef ?? null,
    history.start.hasBusiness ?? false,
    history.start.at,
    history.messages.at(-1)?.createdAt ?? history.start.at,
    history.closedAt,
    history.events.length - 1,
    marks.at(-1),
    history.messages.length,
    chatNameKeyOf(history.start.name ?? null),
    history.start.description ?? null,
    history.start.access ?? 'CLOSED',
  ]);
  const keys = chats.flatMap(({ history, id }) => (history.start.keys ?? []).map((key) => [key, id]));
  await runOver(tx, KEYS, keys, (key) => key);
  const events = chats.flatMap(({ history, id, marks }) =>
    history.events.map((event, seq) => ({ event, id, seq, mark: marks[seq] })),
  );
  await runOver(tx, EVENTS, events, ({ event, id, seq, mark }) => [
    id,
    seq,
    mark,
    event.type,
    event.at,
    event.actorId,
    event.userId,
    `{${event.messageSeqs.join(',')}}`,
    event.emoji,
  ]);
  const messages = chats.flatMap(({ history, id }) => history.messages.map((message) => ({ message, id })));
  await runOver(tx, MESSAGES, messages, ({ message, id }) => [
    id,
    message.seq,
    message.ordinal,
    message.senderId,
    message.text,
    message.text === message.firstText ? null : message.firstText,
    message.createdAt,
    message.editedAt,
    message.deletedAt,
    message.changedSeq,
  ]);
  await writeExtras(tx, messages);
  const members = chats.flatMap(({ history, id }) =>
    history.members().map((member) => ({ member, id, ownerId: history.start.ownerId })),
  );
  await runOver(tx, MEMBERS, members, ({ member, id, ownerId }) => [
    id,
    member.userId,
    member.joinedAt,
    member.lastReadSeq,
    member.readCount,
    member.sentCount,
    member.readSentCount,
    member.setAsideSeq,
    member.userId === ownerId ? 'OWNER' : 'MEMBER',
  ]);
  const notifications = chats.flatMap(({ history, id }) => history.notifications.map((told) => ({ told, id })));
  await runOver(tx, NOTIFICATIONS, notifications, ({ told, id }) => [
    told.userId,
    told.kind,
    id,
    told.actorId,
    told.at,
    told.readAt,
  ]);
  return ids;
};

const zip = <One, Other>(ones: readonly One[], others: readonly Other[]): [One, Other][] =>
  ones.map((one, index) => [one, others[index]!]);

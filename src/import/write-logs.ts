/** Writes planned events and messages. */
import { runOver } from '../db/bulk.js';
import type { Queryable } from '../db/database.js';
import { FileChangedError, parseStored } from './line.js';
import { DELETED, EDITED, SENT } from './plan-log.js';
import type { WriteChatsOptions, Writing } from './writing.js';

const EVENTS = `
INSERT INTO event (chat_id, seq, mark, type, created_at, actor_id, user_id, message_seqs)
SELECT chat_id, seq, mark, type::event_type, created_at, actor_id, user_id, CASE WHEN message_seq IS NULL THEN '{}' ELSE ARRAY[message_seq] END
FROM unnest($1::bigint[], $2::int[], $3::int[], $4::text[], $5::timestamptz[], $6::bigint[], $7::bigint[], $8::int[])
  AS given(chat_id, seq, mark, type, created_at, actor_id, user_id, message_seq)`;

const MESSAGES = `
INSERT INTO message (chat_id, seq, ordinal, sender_id, text, text_hash, created_at, edited_at, deleted_at, changed_seq)
SELECT chat_id, seq, ordinal, sender_id, CASE WHEN deleted_at IS NULL THEN text END, sha256(convert_to(text, 'UTF8')), created_at,
  edited_at, deleted_at, changed_seq
FROM unnest($1::bigint[], $2::int[], $3::int[], $4::bigint[], $5::text[], $6::timestamptz[], $7::timestamptz[], $8::timestamptz[], $9::int[])
  AS given(chat_id, seq, ordinal, sender_id, text, created_at, edited_at, deleted_at, changed_seq)`;

const TYPES = { [SENT]: 'MESSAGE_SENT', [EDITED]: 'MESSAGE_EDITED', [DELETED]: 'MESSAGES_DELETED' } as const;

export const writeLogs = async (
  tx: Queryable,
  writings: readonly Writing[],
  options: WriteChatsOptions,
): Promise<void> => {
  await runOver(tx, EVENTS, eventsOf(writings, options), (values) => values);
  await runOver(tx, MESSAGES, messagesOf(writings, options), (values) => values, { onBatch: options.onProgress });
};

/** Row 0 of a new chat, or the members who join an existing one; then the messages, with their senders. */
const eventsOf = function* (writings: readonly Writing[], { collection }: WriteChatsOptions): Iterable<unknown[]> {
  const { people, messages } = collection;
  const idOf = (place: number) => people[place]!.id;
  for (const { id, present, plan, marks, joining, since, makerId } of writings) {
    let seq = present === null ? 0 : present.headSeq + 1;
    let written = 0;
    if (present === null) yield [id, seq++, marks[written++], 'CHAT_CREATED', since, makerId, null, null];
    for (const { person } of joining) {
      // Nobody knows who added them.
      yield [id, seq++, marks[written++], 'MEMBER_ADDED', since, idOf(person), idOf(person), null];
    }
    for (let index = 0; index < plan.count; index += 1) {
      const subject = plan.subjects[index]!;
      const type = TYPES[plan.types[index] as keyof typeof TYPES];
      const sender = messages.columns.sender[plan.rows[subject]!]!;
      const about = type === 'MESSAGE_SENT' ? null : plan.seqs[subject];
      yield [id, seq++, marks[written++], type, new Date(plan.times[index]!), idOf(sender), null, about];
    }
  }
};

const messagesOf = function* (
  writings: readonly Writing[],
  { collection, readLine }: WriteChatsOptions,
): Iterable<unknown[]> {
  const { people, messages } = collection;
  const { sender, createdAt, editedAt, deletedAt, offset, length } = messages.columns;
  for (const { id, present, plan, since } of writings) {
    const timeOf = (at: number) => (Number.isNaN(at) ? null : new Date(Math.max(at, since.getTime())));
    for (const [subject, row] of plan.rows.entries()) {
      const stored = parseStored(readLine(offset[row]!, length[row]!));
      if (stored.id !== messages.ids[row]) throw new FileChangedError();
      yield [
        id,
        plan.seqs[subject],
        (present?.messageCount ?? 0) + subject + 1,
        people[sender[row]!]!.id,
        stored.text,
        timeOf(createdAt[row]!),
        timeOf(editedAt[row]!),
        timeOf(deletedAt[row]!),
        plan.changedSeqs[subject],
      ];
    }
  }
};

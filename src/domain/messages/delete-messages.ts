/** Deleting messages: those that may be deleted become tombstones, with one event for all; the others are listed. */
import type { MessageRow } from '../../log/event.js';
import type { ChatTransaction } from '../../log/append.js';
import type { Log } from '../../log/log.js';
import { changeChat, type Person } from '../rules/chat-change.js';
import { InvalidInputError, NotFoundError } from '../errors.js';
import { forgetWords } from './message-index.js';
import { MESSAGE_COLUMNS, toMessage, type MessageColumns } from './message-row.js';
import { canDelete } from '../rules/policy.js';
import type { AsPresent } from '../rules/presence.js';
import type { Viewer } from '../viewer.js';
import { refuseDeleting } from '../rules/write-refusals.js';

/** A message by the id that the client sent, which a refusal repeats. */
export interface MessageReference {
  rawId: string;
  /** Null if the id did not decode. */
  key: { chatId: bigint; seq: number } | null;
}

export interface RefusedDelete {
  rawId: string;
  code: 'NOT_FOUND' | 'FORBIDDEN';
  reason: string;
}

export interface DeleteOutcome {
  /** Tombstones, in the requested order, including those that were deleted before. */
  deleted: MessageRow[];
  refused: RefusedDelete[];
}

export interface DeleteMessages {
  /**
   * BEGIN, three statements, two more if any message is newly deleted, COMMIT.
   *
   * @param references 1 to 100; duplicates count once
   * @throws InvalidInputError; NotFoundError if none could be deleted; ForbiddenError, ChatClosedError,
   *   PlanRequiredError, NotJoinedError
   */
  delete(viewer: Viewer, chatId: bigint | null, references: readonly MessageReference[]): Promise<DeleteOutcome>;
}

const MAX_MESSAGES = 100;

const SOME = `SELECT ${MESSAGE_COLUMNS} FROM message JOIN "user" person ON person.id = message.sender_id
  WHERE message.chat_id = $1 AND message.seq = ANY($2::int[])`;
/** `$4`: those of them that are pinned; `$5`: that have files, whose bytes are swept later. */
const DELETE = `WITH gone AS MATERIALIZED (
    SELECT seq, reply_to_seq, coalesce(mention_ids, '{}') || 0::bigint AS mention_ids FROM message
    WHERE chat_id = $1 AND seq = ANY($2::int[])
  ), unreacted AS (
    DELETE FROM reaction WHERE chat_id = $1 AND message_seq = ANY($2::int[])
  ), unmentioned AS (
    DELETE FROM mention USING gone
    WHERE mention.chat_id = $1 AND mention.user_id = ANY(gone.mention_ids) AND mention.message_seq = gone.seq
  ), unreplied AS (
    DELETE FROM reply USING gone WHERE reply.chat_id = $1 AND reply.message_seq = gone.reply_to_seq AND reply.seq = gone.seq
  ), unpinned AS (
    UPDATE chat SET pinned_seqs = ARRAY(SELECT seq FROM unnest(pinned_seqs) WITH ORDINALITY AS pin(seq, n)
      WHERE seq <> ALL($4::int[]) ORDER BY n)
    WHERE id = $1 AND cardinality($4::int[]) > 0
  ), expired AS (
    UPDATE upload SET expires_at = now(), chat_id = NULL, message_seq = NULL, position = NULL
    WHERE chat_id = $1 AND message_seq = ANY($5::int[])
  ), deleted AS (
    UPDATE message SET text = NULL, metadata = NULL, reactions = NULL, mention_ids = NULL, mentions_everyone = false, pinned_at = NULL,
      attachment_count = 0, deleted_at = now.time, changed_seq = $3
    FROM (SELECT date_trunc('milliseconds', clock_timestamp()) AS time) now
    WHERE chat_id = $1 AND seq = ANY($2::int[]) RETURNING chat_id, created_at, seq, deleted_at
  ), ${forgetWords('deleted')}
  SELECT deleted_at AS "deletedAt" FROM deleted`;

export const createDeleteMessages = (log: Log, asPresent: AsPresent): DeleteMessages => ({
  delete: async (viewer, chatId, references) => {
    const reason = `must be 1 to ${MAX_MESSAGES}`;
    if (references.length === 0) throw new InvalidInputError([{ path: ['messageIds'], code: 'BLANK', reason }]);
    if (references.length > MAX_MESSAGES) {
      throw new InvalidInputError([{ path: ['messageIds'], code: 'TOO_MANY', reason, limit: MAX_MESSAGES }]);
    }
    const asked = [...new Map(references.map((reference) => [reference.rawId, reference])).values()];

    const deleteAll = async (tx: ChatTransaction, { me }: { me: Person }) => {
      const found = await readMessages(tx, asked);
      const mayGo = new Map<number, MessageRow>();
      const refused: RefusedDelete[] = [];
      for (const { rawId, key } of asked) {
        const message = key?.chatId === tx.chat.id ? found.get(key.seq) : undefined;
        if (message === undefined) refused.push({ rawId, code: 'NOT_FOUND', reason: 'Message not found' });
        else if (canDelete(me.actor, tx.chat, message)) mayGo.set(message.seq, message);
        else refused.push({ rawId, code: 'FORBIDDEN', reason: 'You may delete only your own messages here' });
      }
      if (mayGo.size === 0) throw new NotFoundError('Message');
      const messages = [...mayGo.values()];
      const areAllOwn = messages.every((message) => message.senderId === me.actor.id);
      refuseDeleting(me.actor, tx.chat, areAllOwn);
      return { deleted: await makeTombstones(tx, me, messages), refused };
    };
    if (chatId === null) throw new NotFoundError('Chat');
    return asPresent(viewer.id, chatId, (isPresent) => changeChat(log, viewer, chatId, deleteAll, { isPresent }));
  },
});

const ERASED = {
  text: null,
  metadata: null,
  reactions: null,
  mentionIds: null,
  mentionsEveryone: false,
  pinnedAt: null,
  attachmentCount: 0,
};

const readMessages = async (
  tx: ChatTransaction,
  references: readonly MessageReference[],
): Promise<Map<number, MessageRow>> => {
  const seqs = references.flatMap(({ key }) => (key?.chatId === tx.chat.id ? [key.seq] : []));
  const rows = await tx.query<MessageColumns>(SOME, [tx.chat.id, seqs]);
  return new Map(rows.map((row) => [row.seq, toMessage(row)]));
};

/** Existing tombstones stay as they are, so a retry gets the same answer and causes no event. */
const makeTombstones = async (tx: ChatTransaction, me: Person, messages: MessageRow[]): Promise<MessageRow[]> => {
  const seqs = messages.filter((message) => message.deletedAt === null).map((message) => message.seq);
  if (seqs.length === 0) return messages;
  const changedSeq = tx.nextSeq();
  const pinned = messages.filter(({ pinnedAt }) => pinnedAt !== null).map(({ seq }) => seq);
  const withFiles = messages.filter(({ attachmentCount }) => attachmentCount > 0).map(({ seq }) => seq);
  const [written] = await tx.query<{ deletedAt: Date }>(DELETE, [tx.chat.id, seqs, changedSeq, pinned, withFiles]);
  const { deletedAt } = written!;
  const tombstones = messages.map((message) =>
    message.deletedAt === null ? { ...message, ...ERASED, deletedAt, changedSeq } : message,
  );
  const fresh = tombstones.filter((message) => message.changedSeq === changedSeq);
  fresh.sort((one, other) => one.seq - other.seq);
  await tx.append({ type: 'MESSAGES_DELETED', actor: me.user, messages: fresh });
  return tombstones;
};

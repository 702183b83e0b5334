/** Messages: sent, edited, deleted, read. */
import { UnavailableError, type Database } from '../../db/database.js';
import type { MessageRow } from '../../log/event.js';
import type { ChatTransaction } from '../../log/append.js';
import type { Log } from '../../log/log.js';
import type { NewMessage, SendOutcome } from '../../log/send.js';
import { changeChat, type ChangeFacts } from '../rules/chat-change.js';
import { createDeleteMessages, type DeleteMessages } from './delete-messages.js';
import { IdempotencyConflictError, NotFoundError, RateLimitedError } from '../errors.js';
import { createMessageReads, type MessageReads } from './message-reads.js';
import { canonicalMetadata, checkedMetadata, type JsonObject } from '../metadata.js';
import { checkedExtras, checkedMentions, notMembers, refuseExtras, type DraftExtras } from './extras.js';
import { indexWords } from './message-index.js';
import { readMessage } from './message-row.js';
import type { MessageKey } from '../rules/asked-messages.js';
import { canSee } from '../rules/policy.js';
import type { AsPresent } from '../rules/presence.js';
import type { RateLimits } from '../rate-limits.js';
import { checkClientMessageId, checkNotBlank, checkText } from '../text.js';
import type { Viewer } from '../viewer.js';
import { wordsOf } from '../words.js';
import { refuseWriting } from '../rules/write-refusals.js';

export type { MessageKey };

export interface Draft extends DraftExtras {
  /** Null if the id did not decode. */
  chatId: bigint | null;
  text: string;
  metadata?: JsonObject | null | undefined;
  /** The sender's idempotency key: sending twice with the same key sends once. */
  clientMessageId?: string | null;
}

export interface Messages extends MessageReads, DeleteMessages {
  /**
   * Sends: one statement, shared with other messages sent at that moment.
   *
   * @returns the message, or, `deduplicated`, the one first sent with this key, in its current state
   * @throws TextTooLongError, TextEmptyError, InvalidInputError, NotFoundError, IdempotencyConflictError, ForbiddenError,
   *   ChatClosedError, PlanRequiredError, NotJoinedError, RateLimitedError; UnavailableError: the outcome is unknown
   */
  send(viewer: Viewer, draft: Draft): Promise<{ message: MessageRow; deduplicated: boolean }>;
  /**
   * Edits the viewer's own message; the same text and mentions change nothing.
   *
   * @param key null if the id did not decode
   * @param mentionIds undefined: the mentions stay
   * @throws TextTooLongError, TextEmptyError, InvalidInputError, NotFoundError also for others' messages and deleted ones,
   *   ForbiddenError, ChatClosedError, PlanRequiredError, NotJoinedError, RateLimitedError
   */
  edit(
    viewer: Viewer,
    key: MessageKey | null,
    text: string,
    mentionIds?: readonly (bigint | null)[] | null,
  ): Promise<MessageRow>;
}

export interface MessagesOptions {
  db: Database;
  log: Log;
  limits: RateLimits;
  asPresent: AsPresent;
  /** In code points. */
  textMaxLength: number;
}

const EDIT = `WITH edited AS (
    UPDATE message SET text = $3, mention_ids = $6, edited_at = clock_timestamp(), changed_seq = $4
    WHERE chat_id = $1 AND seq = $2 RETURNING chat_id, created_at, seq, sender_id, edited_at, attachment_count
  ), ${indexWords('edited', '$5')}
  SELECT edited_at AS "editedAt" FROM edited`;
const MEMBERS = 'SELECT user_id AS id FROM member WHERE chat_id = $1 AND user_id = ANY($2::bigint[])';
const MENTION = `WITH no_longer AS (
    DELETE FROM mention WHERE chat_id = $1 AND message_seq = $2 AND user_id = ANY($4::bigint[]))
  INSERT INTO mention (chat_id, user_id, message_seq, sender_id) SELECT $1, id, $2, $5 FROM unnest($3::bigint[]) AS mentioned(id)`;

export const createMessages = ({ db, log, limits, asPresent, textMaxLength }: MessagesOptions): Messages => {
  const send = async (viewer: Viewer, draft: CheckedDraft, extras: DraftExtras, isPresent: boolean) => {
    // Taken before it is known whether the message counts: over the limit, NotFound, a first answer or Forbidden still takes precedence.
    const taken = await limits.take('message', String(viewer.id));
    const message = { ...draft, senderId: viewer.id, isWithinLimit: taken.allowed, isPresent };
    const outcome = await log.send(message).catch((error: unknown) => {
      // The outcome is unknown, but a client that is asked to retry must not be over the limit by then.
      if (taken.allowed && error instanceof UnavailableError) taken.giveBack();
      throw error;
    });
    if (outcome.kind === 'sent') return { message: outcome.message, deduplicated: false };
    if (taken.allowed) taken.giveBack();
    const first = answerOfOther(viewer, outcome, isPresent, extras);
    if (first !== null) return { message: first, deduplicated: true };
    throw new RateLimitedError(taken.allowed ? 0 : taken.retryAfterMs);
  };

  // BEGIN, three statements, two more for an edit that changes the text, two for one that changes the mentions, COMMIT.
  const edit = async (viewer: Viewer, key: MessageKey, { text, mentionIds }: Edit, isPresent: boolean) => {
    const taken = await limits.take('edit', String(viewer.id));
    const work = async (tx: ChatTransaction, { me }: ChangeFacts) => {
      const before = await readMessage(tx, key);
      if (before === null || before.deletedAt !== null || before.senderId !== me.actor.id)
        throw new NotFoundError('Message');
      refuseWriting(me.actor, tx.chat);
      if (before.attachmentCount === 0) checkNotBlank(text);
      const mentioned = mentionIds === undefined ? before.mentionIds : await changeMentions(tx, before, mentionIds);
      if (before.text === text && mentioned === before.mentionIds) return { message: before, isChanged: false };
      if (!taken.allowed) throw new RateLimitedError(taken.retryAfterMs);
      const changedSeq = tx.nextSeq();
      const values = [key.chatId, key.seq, text, changedSeq, wordsOf(text), mentioned];
      const [written] = await tx.query<{ editedAt: Date }>(EDIT, values);
      const edited = { ...before, text, mentionIds: mentioned, editedAt: written!.editedAt, changedSeq };
      await tx.append({ type: 'MESSAGE_EDITED', actor: me.user, messages: [edited] });
      return { message: edited, isChanged: true };
    };
    const giveBack = (error: unknown) => {
      if (taken.allowed) taken.giveBack();
      throw error;
    };
    const { message, isChanged } = await changeChat(log, viewer, key.chatId, work, { isPresent }).catch(giveBack);
    if (taken.allowed && !isChanged) taken.giveBack();
    return message;
  };

  return {
    ...createMessageReads(db),
    ...createDeleteMessages(log, asPresent),

    send: async (viewer, draft) => {
      const { chatId, text, clientMessageId = null } = draft;
      checkText(text, textMaxLength);
      if (!draft.attachmentIds?.length) checkNotBlank(text);
      const metadata = checkedMetadata(draft.metadata);
      if (clientMessageId !== null) checkClientMessageId(clientMessageId);
      if (chatId === null) throw new NotFoundError('Chat');
      const extras = checkedExtras(chatId, draft);
      const checked = {
        chatId,
        text,
        words: wordsOf(text),
        clientMessageId,
        ...(metadata !== null && { metadata: { text: metadata, canonical: canonicalMetadata(metadata) } }),
        ...(extras && { extras }),
      };
      return asPresent(viewer.id, chatId, (isPresent) => send(viewer, checked, draft, isPresent));
    },

    edit: async (viewer, key, text, mentionIds) => {
      checkText(text, textMaxLength);
      if (key === null) throw new NotFoundError('Message');
      const change = { text, mentionIds: mentionIds ? checkedMentions(mentionIds) : undefined };
      return asPresent(viewer.id, key.chatId, (isPresent) => edit(viewer, key, change, isPresent));
    },
  };
};

type CheckedDraft = Pick<NewMessage, 'chatId' | 'text' | 'words' | 'metadata' | 'clientMessageId' | 'extras'>;

interface Edit {
  text: string;
  mentionIds: bigint[] | undefined;
}

/** @returns whom the message mentions now; the same list as before if nothing changes */
const changeMentions = async (tx: ChatTransaction, message: MessageRow, ids: bigint[]): Promise<bigint[] | null> => {
  const before = message.mentionIds ?? [];
  const added = ids.filter((id) => !before.includes(id));
  const gone = before.filter((id) => !ids.includes(id));
  if (added.length === 0 && gone.length === 0) return message.mentionIds;
  if (added.length > 0) {
    const members = (await tx.query<{ id: bigint }>(MEMBERS, [message.chatId, added])).map(({ id }) => id);
    const strangers = added.filter((id) => !members.includes(id));
    if (strangers.length > 0) throw notMembers(ids, strangers);
  }
  await tx.query(MENTION, [message.chatId, message.seq, added, gone, message.senderId]);
  return ids.length === 0 ? null : ids;
};

/** The answer if nothing was sent: the error, or the message first sent with this key; null if over the limit. */
const answerOfOther = (
  viewer: Viewer,
  outcome: Exclude<SendOutcome, { kind: 'sent' }>,
  isPresent: boolean,
  extras: DraftExtras,
): MessageRow | null => {
  if (outcome.kind === 'noChat') throw new NotFoundError('Chat');
  const { chat, isMember, role } = outcome;
  const actor = { id: viewer.id, role, isMember, isPresent };
  if (!canSee(actor, chat)) throw new NotFoundError('Chat');
  if (outcome.kind === 'repeated') {
    if (!outcome.isSame) throw new IdempotencyConflictError(outcome.message);
    return outcome.message;
  }
  refuseWriting(actor, chat);
  refuseExtras(extras, outcome);
  return null;
};

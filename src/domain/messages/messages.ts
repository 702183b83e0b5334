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
import { MESSAGE_COLUMNS, toMessage, type MessageColumns } from './message-row.js';
import type { MessageKey } from '../rules/asked-messages.js';
import { canSee } from '../rules/policy.js';
import type { AsPresent } from '../rules/presence.js';
import type { RateLimits } from '../rate-limits.js';
import { checkClientMessageId, checkText } from '../text.js';
import type { Viewer } from '../viewer.js';
import { refuseWriting } from '../rules/write-refusals.js';

export type { MessageKey };

export interface Draft {
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
   * Edits the viewer's own message; the same text changes nothing.
   *
   * @param key null if the id did not decode
   * @throws TextTooLongError, TextEmptyError, InvalidInputError, NotFoundError also for others' messages and deleted ones,
   *   ForbiddenError, ChatClosedError, PlanRequiredError, NotJoinedError, RateLimitedError
   */
  edit(viewer: Viewer, key: MessageKey | null, text: string): Promise<MessageRow>;
}

export interface MessagesOptions {
  db: Database;
  log: Log;
  limits: RateLimits;
  asPresent: AsPresent;
  /** In code points. */
  textMaxLength: number;
}

const ONE = `SELECT ${MESSAGE_COLUMNS} FROM message JOIN "user" person ON person.id = message.sender_id
  WHERE message.chat_id = $1 AND message.seq = $2`;
const EDIT = `UPDATE message SET text = $3, edited_at = clock_timestamp(), changed_seq = $4
  WHERE chat_id = $1 AND seq = $2 RETURNING edited_at AS "editedAt"`;

export const createMessages = ({ db, log, limits, asPresent, textMaxLength }: MessagesOptions): Messages => {
  const send = async (viewer: Viewer, draft: CheckedDraft, isPresent: boolean) => {
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
    const first = answerOfOther(viewer, outcome, isPresent);
    if (first !== null) return { message: first, deduplicated: true };
    throw new RateLimitedError(taken.allowed ? 0 : taken.retryAfterMs);
  };

  // BEGIN, three statements, two more for an edit that changes the text, COMMIT.
  const edit = async (viewer: Viewer, key: MessageKey, text: string, isPresent: boolean) => {
    const taken = await limits.take('edit', String(viewer.id));
    const work = async (tx: ChatTransaction, { me }: ChangeFacts) => {
      const [row] = await tx.query<MessageColumns>(ONE, [key.chatId, key.seq]);
      if (row === undefined || row.deletedAt !== null || row.senderId !== me.actor.id)
        throw new NotFoundError('Message');
      refuseWriting(me.actor, tx.chat);
      const before = toMessage(row);
      if (before.text === text) return { message: before, isChanged: false };
      if (!taken.allowed) throw new RateLimitedError(taken.retryAfterMs);
      const changedSeq = tx.nextSeq();
      const [written] = await tx.query<{ editedAt: Date }>(EDIT, [key.chatId, key.seq, text, changedSeq]);
      const edited = { ...before, text, editedAt: written!.editedAt, changedSeq };
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
      const metadata = checkedMetadata(draft.metadata);
      if (clientMessageId !== null) checkClientMessageId(clientMessageId);
      if (chatId === null) throw new NotFoundError('Chat');
      const checked = {
        chatId,
        text,
        clientMessageId,
        ...(metadata !== null && { metadata: { text: metadata, canonical: canonicalMetadata(metadata) } }),
      };
      return asPresent(viewer.id, chatId, (isPresent) => send(viewer, checked, isPresent));
    },

    edit: async (viewer, key, text) => {
      checkText(text, textMaxLength);
      if (key === null) throw new NotFoundError('Message');
      return asPresent(viewer.id, key.chatId, (isPresent) => edit(viewer, key, text, isPresent));
    },
  };
};

type CheckedDraft = Pick<NewMessage, 'chatId' | 'text' | 'metadata' | 'clientMessageId'>;

/** The answer if nothing was sent: the error, or the message first sent with this key; null if over the limit. */
const answerOfOther = (
  viewer: Viewer,
  outcome: Exclude<SendOutcome, { kind: 'sent' }>,
  isPresent: boolean,
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
  return null;
};

/** Messages: sent, edited, deleted, read. */
import { UnavailableError, type Database } from '../db/database.js';
import type { MessageRow } from '../log/event.js';
import type { Log, SendOutcome } from '../log/log.js';
import { changeChat } from './chat-change.js';
import { createDeleteMessages, type DeleteMessages } from './delete-messages.js';
import {
  ChatClosedError,
  ForbiddenError,
  IdempotencyConflictError,
  NotFoundError,
  RateLimitedError,
} from './errors.js';
import { createMessageReads, type MessageReads } from './message-reads.js';
import { MESSAGE_COLUMNS, toMessage, type MessageColumns } from './message-row.js';
import { canEdit, canSee, canWrite } from './policy.js';
import type { RateLimits } from './rate-limits.js';
import { checkClientMessageId, checkText } from './text.js';
import type { Viewer } from './viewer.js';

export interface MessageKey {
  chatId: bigint;
  seq: number;
}

export interface Draft {
  /** Null where the id did not decode. */
  chatId: bigint | null;
  text: string;
  /** The sender's own key: sending twice with it sends once. */
  clientMessageId?: string | null;
}

export interface Messages extends MessageReads, DeleteMessages {
  /**
   * Sends: one statement, shared with whatever else is sent at that moment.
   *
   * @returns the message, or, `deduplicated`, the one first sent with this key, as it is now
   * @throws TextTooLongError, TextEmptyError, InvalidInputError, NotFoundError, IdempotencyConflictError, ForbiddenError,
   *   ChatClosedError, RateLimitedError; UnavailableError: unknown whether it was sent
   */
  send(viewer: Viewer, draft: Draft): Promise<{ message: MessageRow; deduplicated: boolean }>;
  /**
   * Edits one's own message; to the text that it has already changes nothing.
   *
   * @param key null where the id did not decode
   * @throws TextTooLongError, TextEmptyError, InvalidInputError, NotFoundError also for others' messages and deleted ones,
   *   ForbiddenError, ChatClosedError, RateLimitedError
   */
  edit(viewer: Viewer, key: MessageKey | null, text: string): Promise<MessageRow>;
}

export interface MessagesOptions {
  db: Database;
  log: Log;
  limits: RateLimits;
  /** In code points. */
  textMaxLength: number;
}

const ONE = `SELECT ${MESSAGE_COLUMNS} FROM message JOIN "user" person ON person.id = message.sender_id
  WHERE message.chat_id = $1 AND message.seq = $2`;
const EDIT = `UPDATE message SET text = $3, edited_at = clock_timestamp(), changed_seq = $4
  WHERE chat_id = $1 AND seq = $2 RETURNING edited_at AS "editedAt"`;

export const createMessages = ({ db, log, limits, textMaxLength }: MessagesOptions): Messages => ({
  ...createMessageReads(db),
  ...createDeleteMessages(log),

  send: async (viewer, { chatId, text, clientMessageId = null }) => {
    checkText(text, textMaxLength);
    if (clientMessageId !== null) checkClientMessageId(clientMessageId);
    if (chatId === null) throw new NotFoundError('Chat');

    // Before it is known whether it counts: who is over the limit still gets NotFound, their first answer or Forbidden.
    const taken = await limits.take('message', String(viewer.id));
    const draft = { chatId, senderId: viewer.id, text, clientMessageId, isWithinLimit: taken.allowed };
    const outcome = await log.send(draft).catch((error: unknown) => {
      // Unknown whether it was sent, but who is asked to repeat it must not be out of turns by then.
      if (taken.allowed && error instanceof UnavailableError) taken.giveBack();
      throw error;
    });
    if (outcome.kind === 'sent') return { message: outcome.message, deduplicated: false };
    if (taken.allowed) taken.giveBack();
    const message = answerOfOther(viewer, outcome);
    if (message !== null) return { message, deduplicated: true };
    throw new RateLimitedError(taken.allowed ? 0 : taken.retryAfterMs);
  },

  // BEGIN, three statements, two more for an edit that changes something, COMMIT.
  edit: async (viewer, key, text) => {
    checkText(text, textMaxLength);
    if (key === null) throw new NotFoundError('Message');
    const taken = await limits.take('edit', String(viewer.id));
    const { message, isChanged } = await changeChat(log, viewer, key.chatId, async (tx, { me }) => {
      const [row] = await tx.query<MessageColumns>(ONE, [key.chatId, key.seq]);
      if (row === undefined || row.deletedAt !== null || row.senderId !== me.actor.id)
        throw new NotFoundError('Message');
      if (!canEdit(me.actor, tx.chat, row)) throw new ForbiddenError('You may not write in this chat');
      if (tx.chat.closedAt !== null) throw new ChatClosedError(tx.chat.closedAt);
      const before = toMessage(row);
      if (before.text === text) return { message: before, isChanged: false };
      if (!taken.allowed) throw new RateLimitedError(taken.retryAfterMs);
      const changedSeq = tx.nextSeq();
      const [written] = await tx.query<{ editedAt: Date }>(EDIT, [key.chatId, key.seq, text, changedSeq]);
      const edited = { ...before, text, editedAt: written!.editedAt, changedSeq };
      await tx.append({ type: 'MESSAGE_EDITED', actor: me.user, messages: [edited] });
      return { message: edited, isChanged: true };
    }).catch((error: unknown) => {
      if (taken.allowed) taken.giveBack();
      throw error;
    });
    if (taken.allowed && !isChanged) taken.giveBack();
    return message;
  },
});

/** What one is told who did not send: why not, or the message that was first sent with this key; null where over the limit. */
const answerOfOther = (viewer: Viewer, outcome: Exclude<SendOutcome, { kind: 'sent' }>): MessageRow | null => {
  if (outcome.kind === 'noChat') throw new NotFoundError('Chat');
  const { chat, isMember, role } = outcome;
  const actor = { id: viewer.id, role, isMember };
  if (!canSee(actor, chat)) throw new NotFoundError('Chat');
  if (outcome.kind === 'repeated') {
    if (!outcome.isSame) throw new IdempotencyConflictError(outcome.message);
    return outcome.message;
  }
  if (!canWrite(actor, chat)) throw new ForbiddenError('You may not write in this chat');
  if (chat.closedAt !== null) throw new ChatClosedError(chat.closedAt);
  return null;
};

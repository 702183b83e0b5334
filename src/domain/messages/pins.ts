/** Pinned messages: who manages a chat pins them; in chats of two, both do. */
import type { ChatTransaction } from '../../log/append.js';
import type { MessageRow } from '../../log/event.js';
import type { Log } from '../../log/log.js';
import { ChatClosedError, ForbiddenError, InvalidInputError, NotFoundError, RateLimitedError } from '../errors.js';
import type { RateLimits } from '../rate-limits.js';
import type { MessageKey } from '../rules/asked-messages.js';
import { changeChat, type ChangeFacts } from '../rules/chat-change.js';
import { canPin, isBlockedFrom } from '../rules/policy.js';
import { blockedError } from '../rules/write-refusals.js';
import type { Viewer } from '../viewer.js';
import { readMessage } from './message-row.js';

export interface Pins {
  /**
   * Pins a message, or unpins it. Idempotent.
   *
   * @param key null if the id did not decode
   * @returns the message after this change
   * @throws NotFoundError also for deleted messages, ForbiddenError, ChatClosedError, RateLimitedError; to pin also InvalidInputError
   */
  pin(viewer: Viewer, key: MessageKey | null): Promise<MessageRow>;
  unpin(viewer: Viewer, key: MessageKey | null): Promise<MessageRow>;
}

const MOST = 50;

const PIN_IN_CHAT = `UPDATE chat SET pinned_seqs = pinned_seqs || $2::int WHERE id = $1 AND cardinality(pinned_seqs) < ${MOST} RETURNING id`;
const UNPIN_IN_CHAT = 'UPDATE chat SET pinned_seqs = array_remove(pinned_seqs, $2::int) WHERE id = $1';
const SET = `UPDATE message SET pinned_at = CASE WHEN $3::boolean THEN clock_timestamp() END, changed_seq = $4
  WHERE chat_id = $1 AND seq = $2 RETURNING pinned_at AS "pinnedAt"`;

/** BEGIN, three statements, three more if anything changes, COMMIT. */
export const createPins = (log: Log, limits: RateLimits): Pins => {
  const set = async (viewer: Viewer, key: MessageKey | null, isPinned: boolean) => {
    if (key === null) throw new NotFoundError('Message');
    const taken = await limits.take('pin', String(viewer.id));
    const giveBack = () => taken.allowed && taken.giveBack();
    const work = async (tx: ChatTransaction, { me }: ChangeFacts) => {
      const before = await readMessage(tx, key);
      if (before === null || before.deletedAt !== null) throw new NotFoundError('Message');
      if (isBlockedFrom('pin', me.actor, tx.chat)) throw blockedError();
      if (!canPin(me.actor, tx.chat)) throw new ForbiddenError('You may not pin messages in this chat');
      if (tx.chat.closedAt !== null) throw new ChatClosedError(tx.chat.closedAt);
      if ((before.pinnedAt !== null) === isPinned) return { message: before, isChanged: false };
      if (!taken.allowed) throw new RateLimitedError(taken.retryAfterMs);
      const inChat = await tx.query(isPinned ? PIN_IN_CHAT : UNPIN_IN_CHAT, [key.chatId, key.seq]);
      if (isPinned && inChat.length === 0) throw tooMany();
      const changedSeq = tx.nextSeq();
      const [written] = await tx.query<{ pinnedAt: Date | null }>(SET, [key.chatId, key.seq, isPinned, changedSeq]);
      const message = { ...before, pinnedAt: written!.pinnedAt, changedSeq };
      await tx.append({
        type: isPinned ? 'MESSAGE_PINNED' : 'MESSAGE_UNPINNED',
        actor: me.user,
        messages: [message],
      });
      return { message, isChanged: true };
    };
    try {
      const { message, isChanged } = await changeChat(log, viewer, key.chatId, work);
      if (!isChanged) giveBack();
      return message;
    } catch (error) {
      giveBack();
      throw error;
    }
  };

  return {
    pin: (viewer, key) => set(viewer, key, true),
    unpin: (viewer, key) => set(viewer, key, false),
  };
};

const tooMany = () =>
  new InvalidInputError([
    { path: ['messageId'], code: 'TOO_MANY', limit: MOST, reason: `may be one of at most ${MOST} that are pinned` },
  ]);

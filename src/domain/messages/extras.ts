/** What a message may have besides its text: a message that it replies to, and whom it mentions. */
import type { Extras, SendFacts } from '../../log/send.js';
import { ForbiddenError, InvalidInputError, NotFoundError } from '../errors.js';
import type { MessageKey } from '../rules/asked-messages.js';

/** As the client sent it; null stands for an id that did not decode. */
export interface DraftExtras {
  replyTo?: MessageKey | null | undefined;
  mentionIds?: readonly (bigint | null)[] | null | undefined;
  mentionsEveryone?: boolean | null | undefined;
}

const MOST_MENTIONS = 50;

/**
 * @returns undefined if there are none
 * @throws NotFoundError if it replies to a message of another chat; InvalidInputError (path `mentionIds`)
 */
export const checkedExtras = (
  chatId: bigint,
  { replyTo, mentionIds, mentionsEveryone }: DraftExtras,
): Extras | undefined => {
  if (replyTo === null || (replyTo !== undefined && replyTo.chatId !== chatId)) throw new NotFoundError('Message');
  const ids = checkedMentions(mentionIds ?? []);
  if (replyTo === undefined && ids.length === 0 && !mentionsEveryone) return undefined;
  const extras = { replyToSeq: replyTo?.seq ?? null, mentionIds: ids, mentionsEveryone: mentionsEveryone ?? false };
  // Whom it mentions is a set.
  const canonical = JSON.stringify([extras.replyToSeq, ids.map(String).sort(), extras.mentionsEveryone]);
  return { ...extras, canonical };
};

/** @returns each once. @throws InvalidInputError (path `mentionIds`) */
export const checkedMentions = (given: readonly (bigint | null)[]): bigint[] => {
  if (given.length > MOST_MENTIONS) {
    const reason = `must be at most ${MOST_MENTIONS}`;
    throw new InvalidInputError([{ path: ['mentionIds'], code: 'TOO_MANY', reason, limit: MOST_MENTIONS }]);
  }
  const ids = given.filter((id) => id !== null);
  if (ids.length < given.length) throw notMembers(given, [null]);
  return [...new Set(ids)];
};

/** Names those who are no members by their places in the input. */
export const notMembers = (
  given: readonly (bigint | null)[],
  strangers: readonly (bigint | null)[],
): InvalidInputError => {
  const fields = given.flatMap((id, index) => (strangers.includes(id) ? [index] : []));
  return new InvalidInputError(
    fields.map((index) => ({
      path: ['mentionIds', String(index)],
      code: 'NOT_FOUND',
      reason: 'must be members of the chat',
    })),
  );
};

/** For one who may write. @throws NotFoundError, InvalidInputError (path `mentionIds`), ForbiddenError */
export const refuseExtras = (
  { mentionIds, mentionsEveryone }: DraftExtras,
  { isReplyFound, strangerIds, mayMentionEveryone }: SendFacts,
): void => {
  if (!isReplyFound) throw new NotFoundError('Message');
  if (strangerIds.length > 0) throw notMembers(mentionIds ?? [], strangerIds);
  if (mentionsEveryone && !mayMentionEveryone) throw new ForbiddenError('You may not mention everyone in this chat');
};

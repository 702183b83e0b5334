/** What a message may have besides its text: a message that it replies to, whom it mentions, and files. */
import type { Extras, SendFacts } from '../../log/send.js';
import { ForbiddenError, InvalidInputError, NotFoundError } from '../errors.js';
import type { MessageKey } from '../rules/asked-messages.js';

/** As the client sent it; null stands for an id that did not decode. */
export interface DraftExtras {
  replyTo?: MessageKey | null | undefined;
  mentionIds?: readonly (bigint | null)[] | null | undefined;
  mentionsEveryone?: boolean | null | undefined;
  /** The sender's own uploads. */
  attachmentIds?: readonly (bigint | null)[] | null | undefined;
}

const MOST_MENTIONS = 50;
const MOST_ATTACHMENTS = 10;

/**
 * @returns undefined if there are none
 * @throws NotFoundError if it replies to a message of another chat; InvalidInputError (paths `mentionIds`, `attachmentIds`)
 */
export const checkedExtras = (
  chatId: bigint,
  { replyTo, mentionIds, mentionsEveryone, attachmentIds }: DraftExtras,
): Extras | undefined => {
  if (replyTo === null || (replyTo !== undefined && replyTo.chatId !== chatId)) throw new NotFoundError('Message');
  const ids = checkedMentions(mentionIds ?? []);
  const files = checkedAttachments(attachmentIds ?? []);
  if (replyTo === undefined && ids.length === 0 && !mentionsEveryone && files.length === 0) return undefined;
  const extras = { replyToSeq: replyTo?.seq ?? null, mentionIds: ids, mentionsEveryone: mentionsEveryone ?? false };
  // Whom it mentions is a set. Files were added later: those without any keep the form that they were stored in.
  const parts = [extras.replyToSeq, ids.map(String).sort(), extras.mentionsEveryone];
  const canonical = JSON.stringify(files.length === 0 ? parts : [...parts, files.map(String)]);
  return { ...extras, attachmentIds: files, canonical };
};

const checkedAttachments = (given: readonly (bigint | null)[]): bigint[] => {
  if (given.length > MOST_ATTACHMENTS) {
    const reason = `must be at most ${MOST_ATTACHMENTS}`;
    throw new InvalidInputError([{ path: ['attachmentIds'], code: 'TOO_MANY', reason, limit: MOST_ATTACHMENTS }]);
  }
  const ids = given.filter((id) => id !== null);
  if (ids.length < given.length) throw notUsable(given, [null]);
  return [...new Set(ids)];
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
export const notMembers = (given: readonly (bigint | null)[], strangers: readonly (bigint | null)[]) =>
  notFound('mentionIds', 'must be members of the chat', given, strangers);

const notUsable = (given: readonly (bigint | null)[], lacking: readonly (bigint | null)[]) =>
  notFound(
    'attachmentIds',
    'must be uploads of yours whose bytes are stored and that no message has yet',
    given,
    lacking,
  );

const notFound = (
  name: string,
  reason: string,
  given: readonly (bigint | null)[],
  lacking: readonly (bigint | null)[],
): InvalidInputError => {
  const places = given.flatMap((id, index) => (lacking.includes(id) ? [String(index)] : []));
  return new InvalidInputError(places.map((index) => ({ path: [name, index], code: 'NOT_FOUND', reason })));
};

/** For one who may write. @throws NotFoundError, InvalidInputError (paths `mentionIds`, `attachmentIds`), ForbiddenError */
export const refuseExtras = (
  { mentionIds, mentionsEveryone, attachmentIds }: DraftExtras,
  { isReplyFound, strangerIds, mayMentionEveryone, lackingFileIds }: SendFacts,
): void => {
  if (!isReplyFound) throw new NotFoundError('Message');
  if (strangerIds.length > 0) throw notMembers(mentionIds ?? [], strangerIds);
  if (mentionsEveryone && !mayMentionEveryone) throw new ForbiddenError('You may not mention everyone in this chat');
  if (lackingFileIds.length > 0) throw notUsable(attachmentIds ?? [], lackingFileIds);
};

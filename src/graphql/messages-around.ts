/** A page of a chat's messages around one anchor. */
import { BadUserInputError } from '../domain/bad-user-input.js';
import type { MessageAnchor } from '../domain/chats/messages-around.js';
import { DEFAULT_PAGE_SIZE } from '../domain/page.js';
import { builder } from './builder.js';
import { Chat } from './chat.js';
import { decodeMessageId } from './global-id.js';
import { MessageConnection } from './message.js';

builder.objectFields(Chat, (t) => ({
  messagesAround: t.field({
    type: MessageConnection,
    description:
      'A page around one anchor: the anchor itself and up to `limit` messages on both sides together, as many of them before it as ' +
      'after, or more where the other side has fewer. Give exactly one of seq, time and messageId. Its cursors are those of ' +
      '`messages`: page on with `messages(before: startCursor)` and `messages(after: endCursor)`. Empty where there is no message.',
    args: {
      seq: t.arg.int({
        required: false,
        description: 'The first message with this number or a higher one; beyond the head the newest messages.',
      }),
      time: t.arg({
        type: 'DateTime',
        required: false,
        description: 'The first message sent at this time or later; after all of them the newest messages.',
      }),
      messageId: t.arg.id({
        required: false,
        description: 'This message, a deleted one too. One that is not of this chat gives an empty page.',
      }),
      limit: t.arg.int({ required: false, defaultValue: DEFAULT_PAGE_SIZE, description: '1 to 100.' }),
    },
    resolve: (chat, { limit, ...anchor }, { loaders }) =>
      loaders.messagesAround(chat.id, { anchor: anchorOf(anchor), limit: limit ?? DEFAULT_PAGE_SIZE }),
  }),
}));

interface PlaceArgs {
  seq?: number | null | undefined;
  time?: Date | null | undefined;
  messageId?: string | null | undefined;
}

const anchorOf = ({ seq, time, messageId }: PlaceArgs): MessageAnchor => {
  const given: MessageAnchor[] = [];
  if (isGiven(seq)) given.push({ seq });
  if (isGiven(time)) given.push({ time });
  if (isGiven(messageId)) given.push({ message: decodeMessageId(messageId) });
  if (given.length !== 1) throw new BadUserInputError('Give exactly one of seq, time and messageId');
  return given[0]!;
};

const isGiven = <Value>(value: Value | null | undefined): value is Value => value !== null && value !== undefined;

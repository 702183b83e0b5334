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
      'A page around one anchor: the anchor itself and up to `limit` other messages, half of them before it and half after, or more on ' +
      'one side if the other has fewer. Give exactly one of seq, time and messageId. Its cursors are those of `messages`: page on ' +
      'with `messages(before: startCursor)` and `messages(after: endCursor)`. Empty if there is no message.',
    args: {
      seq: t.arg.int({
        required: false,
        description: 'The first message with this `seq` or a higher one; beyond the head, the newest messages.',
      }),
      time: t.arg({
        type: 'DateTime',
        required: false,
        description: 'The first message sent at this time or later; if there is none, the newest messages.',
      }),
      messageId: t.arg.id({
        required: false,
        description: 'This message, even if deleted. A message of another chat gives an empty page.',
      }),
      limit: t.arg.int({
        required: false,
        defaultValue: DEFAULT_PAGE_SIZE,
        description: 'How many messages besides the anchor (1 to 100).',
      }),
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

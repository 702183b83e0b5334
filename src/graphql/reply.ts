/** What a message replies to, what replies to it, whom it mentions, and who has read it. */
import { builder } from './builder.js';
import { OF_A_SHORT_LIST } from './complexity.js';
import { ChatMemberConnection } from './chat-member.js';
import { Message, MessageConnection } from './message.js';
import { pageArgs } from './pages.js';
import { User } from './user.js';

builder.objectFields(Message, (t) => ({
  replyTo: t.field({
    type: Message,
    nullable: true,
    description: 'The message that this one replies to, as it is now; a tombstone once deleted.',
    resolve: ({ chatId, replyToSeq, repliedTo }, _args, { loaders }) =>
      replyToSeq === null ? null : (repliedTo ?? loaders.repliedTo({ chatId, seq: replyToSeq })),
  }),
  replyCount: t.int({
    description: 'Replies to this message, deleted ones not counted.',
    resolve: (message, _args, { loaders }) => loaders.replyCount(message),
  }),
  replies: t.field({
    type: MessageConnection,
    description: 'Replies to this message, oldest first, without deleted ones.',
    args: pageArgs,
    resolve: (message, page, { loaders }) => loaders.replies(message, page),
  }),
  mentions: t.field({
    type: [User],
    description: 'The members whom it mentions, in the order of the sender; empty once deleted.',
    complexity: OF_A_SHORT_LIST,
    resolve: ({ mentionIds }, _args, { loaders }) => Promise.all((mentionIds ?? []).map((id) => loaders.named(id))),
  }),
  mentionsEveryone: t.exposeBoolean('mentionsEveryone', {
    description: 'Whether it mentions every member. False once deleted.',
  }),
  readBy: t.field({
    type: ChatMemberConnection,
    description: 'Members who have read it, its sender aside, in the order in which their accounts were created.',
    args: pageArgs,
    resolve: (message, page, { loaders }) => loaders.readBy(message, page),
  }),
}));

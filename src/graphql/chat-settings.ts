/** A viewer's own settings of a chat. */
import { ForbiddenError, InvalidInputError, NotFoundError, RateLimitedError } from '../domain/errors.js';
import type { ChatSettings as Settings } from '../domain/chats/chat-settings.js';
import type { ChatRow } from '../log/event.js';
import { builder } from './builder.js';
import { Chat } from './chat.js';
import { decodeRowId } from './global-id.js';

const NotifyAbout = builder.enumType('NotifyAbout', {
  description: 'What the viewer is notified of in a chat.',
  values: {
    EVERYTHING: { description: 'Every message by others.' },
    MENTIONS: { description: 'Messages that mention the viewer, or everyone.' },
    NOTHING: { description: 'No message.' },
  } as const,
});

const ChatSettings = builder.objectRef<Settings>('ChatSettings').implement({
  description: "A member's own settings of a chat. Nobody else sees them.",
  fields: (t) => ({
    mutedUntil: t.expose('mutedUntil', {
      type: 'DateTime',
      nullable: true,
      description: 'When it stops being muted; null if it is not muted, or muted for good.',
    }),
    isMuted: t.exposeBoolean('isMuted', { description: 'Nothing notifies the viewer. Unread messages are counted.' }),
    isPinned: t.exposeBoolean('isPinned', { description: 'Comes first in `chats`.' }),
    isArchived: t.exposeBoolean('isArchived', {
      description: 'Left out of `chats` until somebody else writes; a muted one stays left out.',
    }),
    isMarkedUnread: t.exposeBoolean('isMarkedUnread', {
      description: 'Marked by the viewer as unread, until `markRead`. Counts nothing.',
    }),
    notifyAbout: t.expose('notifyAbout', { type: NotifyAbout, description: 'What the viewer is notified of.' }),
  }),
});

builder.objectFields(Chat, (t) => ({
  settings: t.field({
    type: ChatSettings,
    nullable: true,
    description: "The viewer's own; null if the viewer is not a member.",
    resolve: (chat, _args, { loaders }) => loaders.chatSettings(chat.id),
  }),
}));

const UpdateChatSettingsSuccess = builder.objectRef<{ chat: ChatRow }>('UpdateChatSettingsSuccess').implement({
  description: 'The settings are as asked for.',
  fields: (t) => ({
    chat: t.field({ type: Chat, description: 'The chat; select `settings`.', resolve: ({ chat }) => chat }),
  }),
});

builder.mutationField('updateChatSettings', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description:
      "Changes the viewer's own settings of one chat; absent fields stay. Idempotent. The viewer's other devices get ChatSettingsChanged.",
    type: UpdateChatSettingsSuccess,
    nullable: true,
    argOptions: { description: 'The settings to change.' },
    typeOptions: { description: 'The settings to change.' },
    input: {
      chatId: t.input.id({ description: 'The chat.' }),
      mutedUntil: t.input.field({
        type: 'DateTime',
        required: false,
        description: 'Mutes it until then. InvalidInputError if it lies in the past, or with `isMuted: false`.',
      }),
      isMuted: t.input.boolean({
        required: false,
        description: 'Without `mutedUntil`: mutes it for good, or unmutes it.',
      }),
      isPinned: t.input.boolean({ required: false, description: 'Whether it comes first in `chats`.' }),
      isArchived: t.input.boolean({ required: false, description: 'Whether it is archived.' }),
      isMarkedUnread: t.input.boolean({ required: false, description: 'Whether it is marked as unread.' }),
      notifyAbout: t.input.field({ type: NotifyAbout, required: false, description: 'What to be notified of.' }),
    },
    errors: { types: [NotFoundError, ForbiddenError, InvalidInputError, RateLimitedError] },
    resolve: async (_root, { input: { chatId, ...change } }, { viewer, services }) => ({
      chat: await services.chatSettings.update(viewer, decodeRowId('Chat', chatId), change),
    }),
  }),
);

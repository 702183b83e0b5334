/** What tells a user of something, wherever they are. */
import { NotFoundError } from '../domain/errors.js';
import type { NotificationRow } from '../domain/notifications/notification-row.js';
import { builder } from './builder.js';
import { Chat } from './chat.js';
import { decodeNotificationId, notificationKeyText } from './global-id.js';
import { Message } from './message.js';
import { pageArgs } from './pages.js';
import { User } from './user.js';

const NotificationKind = builder.enumType('NotificationKind', {
  description: 'What a notification tells of.',
  values: {
    NEW_MESSAGE: { description: 'New messages by others in one chat. Gone once read or set aside.' },
    CHAT_ADDED: { description: 'The viewer was added to a chat.' },
    CHAT_REMOVED: { description: 'The viewer was removed from a chat.' },
    RELATION_CREATED: { description: 'A manager and a client were brought together.' },
    MATCH_CREATED: { description: 'Two brands were matched.' },
  } as const,
});

export const Notification = builder.objectRef<NotificationRow>('Notification');

builder.node(Notification, {
  description: 'Tells its owner of something. For NEW_MESSAGE one per chat, kept when a newer message takes its place.',
  id: { resolve: notificationKeyText },
  fields: (t) => ({
    kind: t.expose('kind', { type: NotificationKind, description: 'What it tells of.' }),
    chat: t.field({
      type: Chat,
      nullable: true,
      description: 'Where; null where the viewer sees that chat no more.',
      resolve: ({ chatId }, _args, { loaders }) => (chatId === null ? null : loaders.visibleChat(chatId)),
    }),
    message: t.field({
      type: Message,
      nullable: true,
      description: 'For NEW_MESSAGE, while there is one unread: the newest.',
      resolve: ({ message }) => message,
    }),
    sender: t.field({
      type: User,
      nullable: true,
      description: "The message's sender, or who did what this tells of.",
      resolve: ({ sender }) => sender,
    }),
    unreadCount: t.exposeInt('unreadCount', {
      description: 'For NEW_MESSAGE: unread messages in that chat, this one included; otherwise 0.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it happened.' }),
    readAt: t.expose('readAt', {
      type: 'DateTime',
      nullable: true,
      description: 'Always null for NEW_MESSAGE, which is gone once read or set aside.',
    }),
  }),
});

const NotificationEdge = builder.edgeObject({
  type: Notification,
  name: 'NotificationEdge',
  description: 'A notification on a page.',
});
const NotificationConnection = builder.connectionObject(
  { type: Notification, name: 'NotificationConnection', description: 'A page of notifications.' },
  NotificationEdge,
);

builder.queryField('notifications', (t) =>
  t.field({
    authScopes: { signedIn: true },
    description: "The viewer's notifications, newest first.",
    type: NotificationConnection,
    nullable: true,
    args: {
      unreadOnly: t.arg.boolean({
        required: false,
        defaultValue: false,
        description: 'Leaves out those with `readAt`.',
      }),
      ...pageArgs,
    },
    resolve: (_root, { unreadOnly, ...page }, { viewer, services }) =>
      services.notifications.list(viewer!, unreadOnly ?? false, page),
  }),
);

const MarkNotificationsReadSuccess = builder
  .objectRef<{ unreadCount: number }>('MarkNotificationsReadSuccess')
  .implement({
    description: 'They are read.',
    fields: (t) => ({
      unreadCount: t.exposeInt('unreadCount', { description: 'Notifications that are left unread, not messages.' }),
    }),
  });

builder.mutationField('markNotificationsRead', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description:
      'Marks notifications as read. Null means all. Sets a NEW_MESSAGE notification aside without moving the read position: ' +
      'the senders are told nothing.',
    type: MarkNotificationsReadSuccess,
    nullable: true,
    argOptions: { description: 'Which.' },
    typeOptions: { description: 'Which notifications.' },
    input: {
      notificationIds: t.input.idList({
        required: false,
        description: 'Null: all. Where one is not there, none is marked (NotFoundError).',
      }),
    },
    errors: { types: [NotFoundError] },
    resolve: async (_root, { input: { notificationIds } }, { viewer, services }) => {
      const ids = notificationIds?.map((id) => decodeNotificationId(id, viewer.id)) ?? null;
      return { unreadCount: await services.notifications.markRead(viewer, ids) };
    },
  }),
);

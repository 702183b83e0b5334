/** The viewer's notifications. */
import { NotFoundError } from '../domain/errors.js';
import type { NotificationRow } from '../domain/notifications/notification-row.js';
import { builder } from './builder.js';
import { nodeId } from './node-id.js';
import { Chat } from './chat.js';
import { decodeNotificationId, notificationKeyText } from './global-id.js';
import { Message } from './message.js';
import { pageArgs } from './pages.js';
import { User } from './user.js';

const NotificationKind = builder.enumType('NotificationKind', {
  description: 'What a notification is about.',
  values: {
    NEW_MESSAGE: { description: 'New messages by others in one chat. Gone once read or set aside.' },
    CHAT_ADDED: { description: 'The viewer was added to a chat.' },
    CHAT_REMOVED: { description: 'The viewer was removed from a chat.' },
    RELATION_CREATED: { description: 'A relation between a manager and a client was created.' },
    MATCH_CREATED: { description: 'Two brands were matched.' },
  } as const,
});

export const Notification = builder.objectRef<NotificationRow>('Notification');

Notification.implement({
  description:
    'News for its owner. There is one NEW_MESSAGE per chat, which keeps its id when a newer message arrives.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id(nodeId('Notification', notificationKeyText)),
    kind: t.expose('kind', { type: NotificationKind, description: 'What it is about.' }),
    chat: t.field({
      type: Chat,
      nullable: true,
      description: 'The chat it is about; null if the viewer can no longer see that chat.',
      resolve: ({ chatId }, _args, { loaders }) => (chatId === null ? null : loaders.visibleChat(chatId)),
    }),
    message: t.field({
      type: Message,
      nullable: true,
      description: 'For NEW_MESSAGE: the newest unread message, while there is one.',
      resolve: ({ message }) => message,
    }),
    sender: t.field({
      type: User,
      nullable: true,
      description: "The message's sender, or the user who caused the notification.",
      resolve: ({ sender }) => sender,
    }),
    unreadCount: t.exposeInt('unreadCount', {
      description: 'For NEW_MESSAGE: unread messages in that chat, this one included; otherwise 0.',
    }),
    mentionCount: t.exposeInt('mentionCount', {
      description: 'How many of the unread messages mention the viewer, or everyone.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it happened.' }),
    readAt: t.expose('readAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was marked as read. Always null for NEW_MESSAGE, which is gone once read or set aside.',
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
        description: 'Whether to leave out those with `readAt`.',
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
    description: 'The notifications are marked as read.',
    fields: (t) => ({
      unreadCount: t.exposeInt('unreadCount', {
        description: 'How many notifications (not messages) are still unread.',
      }),
    }),
  });

builder.mutationField('markNotificationsRead', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description:
      'Marks notifications as read. Null means all. A NEW_MESSAGE notification is set aside without moving the read position, so the ' +
      'senders see no change.',
    type: MarkNotificationsReadSuccess,
    nullable: true,
    argOptions: { description: 'Which notifications.' },
    typeOptions: { description: 'Which notifications.' },
    input: {
      notificationIds: t.input.idList({
        required: false,
        description: 'Null: all. If one does not exist, none is marked (NotFoundError).',
      }),
    },
    errors: { types: [NotFoundError] },
    resolve: async (_root, { input: { notificationIds } }, { viewer, services }) => {
      const ids = notificationIds?.map((id) => decodeNotificationId(id, viewer.id)) ?? null;
      return { unreadCount: await services.notifications.markRead(viewer, ids) };
    },
  }),
);

/** Following the viewer's notifications: as news for a person, and as changes to their list. */
import type { NotificationRow } from '../domain/notifications/notification-row.js';
import type { NotificationItem } from '../domain/streams/notification-stream.js';
import { builder } from './builder.js';
import { SubscriptionEnded } from './chat-event-types.js';
import { createEventSource, unwrap, type Delivery, type Selected } from './event-source.js';
import { encodeGlobalId, notificationKeyText } from './global-id.js';
import { Notification } from './notification.js';
import { subscriptionEnded } from './subscription-end.js';

type ItemOf<Kind extends NotificationItem['kind']> = NotificationItem & { kind: Kind };
/** What `notificationEvents` delivers. */
type EventItem = Exclude<NotificationItem, ItemOf<'resync'>>;

const NO_REPLAY = 'No replay: query `notifications` after subscribing, and again after each lost connection';
const RESYNC = 'RESYNC_REQUIRED, after a database restore, means: subscribe again, then query the list again.';

const selectNew = (item: NotificationItem): Selected<NotificationRow> => {
  switch (item.kind) {
    case 'added':
    case 'changed':
      return item.isNew ? { value: item.notification } : null;
    case 'removed':
      return null;
    case 'resync':
      return { last: { error: subscriptionEnded('RESYNC_REQUIRED', item.reason) } };
    case 'ended':
      return { error: subscriptionEnded(item.code, item.reason) };
  }
};

const selectAll = (item: NotificationItem): Selected<EventItem> =>
  item.kind === 'resync' ? { last: { error: subscriptionEnded('RESYNC_REQUIRED', item.reason) } } : { value: item };

builder.subscriptionField('notificationReceived', (t) =>
  t.withAuth({ signedIn: true }).field({
    description:
      "News for the viewer, once each: messages by others in any of the viewer's chats, and chats the viewer was added to or removed " +
      'from. It reports no edits, reads or removals, nor anything that happened while disconnected: to keep a list, use ' +
      '`notificationEvents`. If several messages arrive at once in one chat, only the newest is sent. ' +
      `It ends with a last result that carries the error SUBSCRIPTION_ENDED and an \`endCode\`. ${RESYNC}`,
    type: Notification,
    subscribe: (_root, _args, { services, viewer, ending }) =>
      createEventSource(services.streams.notifications(viewer, { ending }), selectNew),
    resolve: (delivery: Delivery<NotificationRow>) => unwrap(delivery),
  }),
);

const NotificationAdded = builder.objectRef<ItemOf<'added'>>('NotificationAdded').implement({
  description:
    'A new notification. It replaces one with the same id, which a list queried in the meantime may already have.',
  fields: (t) => ({
    notification: t.field({ type: Notification, description: 'As it is now.', resolve: (item) => item.notification }),
  }),
});

const NotificationChanged = builder.objectRef<ItemOf<'changed'>>('NotificationChanged').implement({
  description:
    'A newer message, another count, an edit of that message, or `readAt`. It replaces the notification with its id, or is inserted ' +
    'if the list has none. The list is ordered by `createdAt`.',
  fields: (t) => ({
    notification: t.field({ type: Notification, description: 'As it is now.', resolve: (item) => item.notification }),
  }),
});

const NotificationRemoved = builder.objectRef<ItemOf<'removed'>>('NotificationRemoved').implement({
  description:
    'It is gone: read, set aside, its message deleted, or the chat left. Ignore it if the list has none with that id.',
  fields: (t) => ({
    notificationId: t.id({
      description: 'The notification to remove from the list.',
      resolve: ({ notification }) => encodeGlobalId('Notification', notificationKeyText(notification)),
    }),
  }),
});

const TYPE_NAMES = {
  added: 'NotificationAdded',
  changed: 'NotificationChanged',
  removed: 'NotificationRemoved',
  ended: 'SubscriptionEnded',
} as const;

const NotificationEvent = builder.unionType('NotificationEvent', {
  description: "A change to the viewer's list of notifications.",
  types: [NotificationAdded, NotificationChanged, NotificationRemoved, SubscriptionEnded],
  resolveType: (item: EventItem) => TYPE_NAMES[item.kind],
});

builder.subscriptionField('notificationEvents', (t) =>
  t.withAuth({ signedIn: true }).field({
    description:
      `Keeps a list of notifications current: additions, changes and removals. ${NO_REPLAY}; that list plus this stream is the ` +
      'current list. Changes of the last ten seconds before subscribing may be sent too, for a list queried in the meantime. A last ' +
      `result with the error SUBSCRIPTION_ENDED and the \`endCode\` ${RESYNC}`,
    type: NotificationEvent,
    subscribe: (_root, _args, { services, viewer, ending }) =>
      createEventSource(services.streams.notifications(viewer, { ending }), selectAll),
    resolve: (delivery: Delivery<EventItem>) => unwrap(delivery),
  }),
);

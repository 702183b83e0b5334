/** Following one's notifications: as what is new to a person, and as what changes in their list. */
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

const NO_REPLAY = 'No replay: after subscribing, and again after each loss, read `notifications`';
const RESYNC = 'RESYNC_REQUIRED, after a restore: subscribe again, then read the list again.';

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
      "What is new to the viewer, once each: new messages in any of the viewer's chats, from others; chats the viewer was added to or " +
      'removed from. Nothing is told of an edit, of what is read or gone, nor of what came while the socket was away: ' +
      'keep a list by `notificationEvents`. Several messages that come at once in one chat are told by the newest of them. ' +
      `Its end is told by a last result with the error SUBSCRIPTION_ENDED and an \`endCode\`. ${RESYNC}`,
    type: Notification,
    subscribe: (_root, _args, { services, viewer, ending }) =>
      createEventSource(services.streams.notifications(viewer, { ending }), selectNew),
    resolve: (delivery: Delivery<NotificationRow>) => unwrap(delivery),
  }),
);

const NotificationAdded = builder.objectRef<ItemOf<'added'>>('NotificationAdded').implement({
  description:
    'The list has one more. It takes the place of one with the same id, should a list that was read meanwhile have it.',
  fields: (t) => ({
    notification: t.field({ type: Notification, description: 'As it is now.', resolve: (item) => item.notification }),
  }),
});

const NotificationChanged = builder.objectRef<ItemOf<'changed'>>('NotificationChanged').implement({
  description:
    'It takes the place of the one with its id, or is put in where there is none: a newer message, another count, an edit of that ' +
    'message, or `readAt`. The list is in the order of `createdAt`.',
  fields: (t) => ({
    notification: t.field({ type: Notification, description: 'As it is now.', resolve: (item) => item.notification }),
  }),
});

const NotificationRemoved = builder.objectRef<ItemOf<'removed'>>('NotificationRemoved').implement({
  description:
    'It is gone: read, set aside, its message deleted, or the chat left. Nothing where the list has none with that id.',
  fields: (t) => ({
    notificationId: t.id({
      description: 'Which.',
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
  description: 'What changes in the list of notifications.',
  types: [NotificationAdded, NotificationChanged, NotificationRemoved, SubscriptionEnded],
  resolveType: (item: EventItem) => TYPE_NAMES[item.kind],
});

builder.subscriptionField('notificationEvents', (t) =>
  t.withAuth({ signedIn: true }).field({
    description:
      `Keeps a list of notifications right: what is added, changed or removed. ${NO_REPLAY}; that list plus this stream gives the ` +
      'list now. The last ten seconds before subscribing may be told too, for a list that was read meanwhile. A last result with ' +
      `the error SUBSCRIPTION_ENDED and the \`endCode\` ${RESYNC}`,
    type: NotificationEvent,
    subscribe: (_root, _args, { services, viewer, ending }) =>
      createEventSource(services.streams.notifications(viewer, { ending }), selectAll),
    resolve: (delivery: Delivery<EventItem>) => unwrap(delivery),
  }),
);

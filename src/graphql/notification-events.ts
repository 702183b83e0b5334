/** Following one's notifications. */
import type { NotificationRow } from '../domain/notification-row.js';
import type { NotificationItem } from '../domain/notification-stream.js';
import { builder } from './builder.js';
import { createEventSource, unwrap, type Delivery, type Selected } from './event-source.js';
import { Notification } from './notification.js';
import { subscriptionEnded } from './subscription-end.js';

const select = (item: NotificationItem): Selected<NotificationRow> => {
  switch (item.kind) {
    case 'notification':
      return { value: item.notification };
    case 'resync':
      return { last: { error: subscriptionEnded('RESYNC_REQUIRED', item.reason) } };
    case 'ended':
      return { error: subscriptionEnded(item.code, item.reason) };
  }
};

builder.subscriptionField('notificationReceived', (t) =>
  t.withAuth({ signedIn: true }).field({
    description:
      "New messages in any of the viewer's chats, from others; chats the viewer was added to or removed from. One that goes or is " +
      'read comes once more: NEW_MESSAGE with `unreadCount` 0 and no `message` (drop it), others with `readAt`. No replay: after ' +
      'subscribing read `notifications`; that list plus this stream gives the list now. Its end is told by a last result with the ' +
      'error SUBSCRIPTION_ENDED and an `endCode`. RESYNC_REQUIRED, after a restore: subscribe again, then read the list again.',
    type: Notification,
    subscribe: (_root, _args, { services, viewer, ending }) =>
      createEventSource(services.streams.notifications(viewer, { ending }), select),
    resolve: (delivery: Delivery<NotificationRow>) => unwrap(delivery),
  }),
);

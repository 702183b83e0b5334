/** A person's notifications as a client keeps them: read once the stream stands, then kept by it; read anew after each loss. */
import { ask, type Fields } from './ask.js';
import { documents } from './documents.js';
import type { Person } from './person.js';
import type { Place } from './place.js';
import { subscribe, type Subscription } from './socket.js';

export interface NotificationList {
  readonly userId: string;
  kept(): string[];
  stop(): void;
}

interface Listed {
  id: string;
  kind: string;
  unreadCount: number;
  readAt: string | null;
  message: { id: string } | null;
}

interface Change {
  __typename: string;
  notification?: Listed;
  notificationId?: string;
}

export const keepNotifications = (person: Person, place: () => Place): NotificationList => {
  let list = new Map<string, Listed>();
  let subscription: Subscription | null = null;
  let isStopped = false;
  let generation = 0;

  const open = () => {
    const own = (generation += 1);
    const at = place();
    const given: Change[] = [];
    let isRead = false;
    const read = async () => {
      const queried = await queryNotifications(at, person);
      if (own !== generation) return;
      list = new Map(queried.map((one) => [one.id, one]));
      for (const one of given.splice(0)) apply(list, one);
      isRead = true;
    };
    subscription = subscribe({
      url: at.socketUrl,
      token: person.token,
      query: documents.notificationEvents,
      variables: {},
      onBegun: () => void read().catch(() => subscription?.drop()),
      onNext: ({ notificationEvents }) => {
        const change = notificationEvents as Change;
        if (change.__typename === 'SubscriptionEnded') subscription?.drop();
        else if (isRead) apply(list, change);
        else given.push(change);
      },
      onEnd: () => {
        generation += 1;
        if (!isStopped) setTimeout(open, 200);
      },
    });
  };

  open();
  return {
    userId: person.id,
    kept: () => [...list.values()].map(textOf),
    stop: () => {
      isStopped = true;
      subscription?.drop();
    },
  };
};

const apply = (list: Map<string, Listed>, { notification, notificationId }: Change) => {
  if (notification) list.set(notification.id, notification);
  if (notificationId !== undefined) list.delete(notificationId);
};

/** All of them. */
export const queryNotifications = async (place: Place, person: Person): Promise<Listed[]> => {
  const found: Listed[] = [];
  for (let after: string | null = null; ;) {
    const { data, errors } = await ask(place, person.token, documents.notifications, { after });
    if (errors || !data?.notifications) throw new Error(JSON.stringify(errors));
    const page: Fields = data.notifications;
    found.push(...(page.nodes as Listed[]));
    const { hasNextPage, endCursor } = page.pageInfo as { hasNextPage: boolean; endCursor: string };
    if (!hasNextPage) return found;
    after = endCursor;
  }
};

/** Without its chat, which comes and goes with the right to see it. */
export const textOf = ({ id, kind, unreadCount, readAt, message }: Listed): string =>
  [id, kind, unreadCount, message?.id, readAt].join(' ');

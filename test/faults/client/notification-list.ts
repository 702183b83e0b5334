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

interface Given {
  id: string;
  kind: string;
  unreadCount: number;
  readAt: string | null;
  message: { id: string } | null;
}

export const keepNotifications = (person: Person, place: () => Place): NotificationList => {
  let list = new Map<string, Given>();
  let subscription: Subscription | null = null;
  let isStopped = false;
  let generation = 0;

  const open = () => {
    const own = (generation += 1);
    const at = place();
    const given: Given[] = [];
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
      query: documents.notificationReceived,
      variables: {},
      onBegun: () => void read().catch(() => subscription?.drop()),
      onNext: ({ notificationReceived }) => {
        if (isRead) apply(list, notificationReceived as Given);
        else given.push(notificationReceived as Given);
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

const apply = (list: Map<string, Given>, one: Given) => {
  const isGone = one.kind === 'NEW_MESSAGE' && one.unreadCount === 0 && one.message === null;
  if (isGone) list.delete(one.id);
  else list.set(one.id, one);
};

/** All of them. */
export const queryNotifications = async (place: Place, person: Person): Promise<Given[]> => {
  const found: Given[] = [];
  for (let after: string | null = null; ;) {
    const { data, errors } = await ask(place, person.token, documents.notifications, { after });
    if (errors || !data?.notifications) throw new Error(JSON.stringify(errors));
    const page: Fields = data.notifications;
    found.push(...(page.nodes as Given[]));
    const { hasNextPage, endCursor } = page.pageInfo as { hasNextPage: boolean; endCursor: string };
    if (!hasNextPage) return found;
    after = endCursor;
  }
};

/** Without its chat, which comes and goes with the right to see it. */
export const textOf = ({ id, kind, unreadCount, readAt, message }: Given): string =>
  [id, kind, unreadCount, message?.id, readAt].join(' ');

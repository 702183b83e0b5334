/**
 * A client that reads its chats once and from then on only follows: all of them by `events`, one of them by `chatEvents` besides.
 * What the contract does not tell live it asks for when it knows that it may have changed: its rights, after its own role was
 * changed, and in a MATCH after it has joined or left; read positions, which are not kept, after its socket was away.
 */
import type { Live } from '../support/live.js';
import type { Person } from '../support/people.js';
import { openSocket, type Socket } from '../support/socket.js';
import {
  CHAT_FIELDS,
  createChatState,
  NEWEST,
  viewOf,
  type ChatEvent,
  type ChatFields,
  type ChatState,
  type ChatView,
  type FreshChat,
  type MessageState,
  type WholeChat,
} from './chat-state.js';

const MEMBERS = 'members(first: 10) { nodes { user { id } lastReadSeq role } }';
const PAGED = 'messages(first: 100, after: $after) { nodes { ...MessageState } pageInfo { hasNextPage endCursor } }';

const CHATS = 'query { chats(first: 100) { nodes { id } } }';
const ONE = `${CHAT_FIELDS} query ($id: ID!, $after: String) { chat(id: $id) { ...ChatState ${MEMBERS} ${PAGED} } }`;
const FIELDS = `${CHAT_FIELDS} query ($id: ID!) { chat(id: $id) { ...ChatState ${MEMBERS} lastMessage { ...MessageState } } }`;
/** The newest messages stand for all of them: the others were compared when they were among the newest. */
const FRESH = `${CHAT_FIELDS} query ($after: String) {
  unreadCount
  chats(first: 20, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes {
      ...ChatState activityAt unreadCount unreadMentionCount lastMessage { id text } ${MEMBERS}
      messages(last: ${NEWEST}) { nodes { ...MessageState } }
    }
  } }`;

const EVENT_FIELDS = `
  __typename
  ... on DurableEvent { chatId seq cursor chat { ...ChatState } }
  ... on MessageSent { message { ...MessageState } }
  ... on MessageEdited { message { ...MessageState } }
  ... on ReactionAdded { message { ...MessageState } }
  ... on ReactionRemoved { message { ...MessageState } }
  ... on MessagePinned { message { ...MessageState } }
  ... on MessageUnpinned { message { ...MessageState } }
  ... on MessagesDeleted { messages { ...MessageState } }
  ... on MemberAdded { user { id } }
  ... on MemberRemoved { user { id } }
  ... on MemberUpdated { member { role user { id } } }
  ... on MessagesRead { chatId user { id } lastReadSeq chat { ...ChatState } }
  ... on ChatReady { chatId headSeq cursor chat { ...ChatState } }
  ... on ResyncRequired { chatId reason }
  ... on SubscriptionEnded { code }
`;
const NOTIFICATION = 'id kind unreadCount mentionCount readAt message { id text isEdited }';
const NOTIFICATIONS = `query ($after: String) {
  notifications(first: 100, after: $after) { nodes { ${NOTIFICATION} } pageInfo { hasNextPage endCursor } } }`;
const NOTIFICATION_EVENTS = `subscription {
  notificationEvents {
    __typename
    ... on NotificationAdded { notification { ${NOTIFICATION} } }
    ... on NotificationChanged { notification { ${NOTIFICATION} } }
    ... on NotificationRemoved { notificationId }
  } }`;
const EVENTS = `${CHAT_FIELDS} subscription ($after: [Cursor!]) {
  events(after: $after) { ${EVENT_FIELDS} ... on ChatAdded { chat { ...ChatState } } ... on ChatRemoved { chatId } } }`;
const CHAT_EVENTS = `${CHAT_FIELDS} subscription ($chatId: ID!, $after: Cursor) {
  chatEvents(chatId: $chatId, after: $after) { ${EVENT_FIELDS} } }`;

type Paged = { messages: WholeChat['messages'] & { pageInfo: { hasNextPage: boolean; endCursor: string | null } } };

interface FreshPage {
  unreadCount: number;
  chats: { nodes: FreshChat[]; pageInfo: { hasNextPage: boolean; endCursor: string | null } };
}

interface Notification {
  id: string;
}

interface NotificationChange {
  __typename: string;
  notification?: Notification;
  notificationId?: string;
}

type NotificationPage = {
  notifications: { nodes: Notification[]; pageInfo: { hasNextPage: boolean; endCursor: string | null } };
};

export interface ClientView {
  order: string[];
  chats: Record<string, ChatView>;
  unreadCount: number;
  notifications: Record<string, Notification>;
}

export interface Client {
  readonly person: Person;
  /** Takes in what has come since. */
  catchUp(): Promise<void>;
  view(): ClientView;
  /** What a fresh query has, as `view` has it. */
  fresh(): Promise<ClientView>;
  /** Of the chat that is followed by `chatEvents`, in the same way; null where there is none. */
  single(): { id: string; view: ChatView } | null;
  /** Drops the socket, misses what comes, and resumes with the last cursors. */
  reconnect(whileAway: () => Promise<void>): Promise<void>;
  /** Opens a chat by `chatEvents`: in a MATCH that is joining. */
  open(chatId: string): Promise<void>;
  close(): Promise<void>;
  /** Looks at its rights again, since its role was changed. */
  askAgain(): Promise<void>;
  stop(): Promise<void>;
}

export const createClient = async (person: Person): Promise<Client> => {
  const ask = <Data>(document: string, variables: object = {}): Promise<Data> =>
    person.ask<Data, object>(document, variables);
  const connect = (): Promise<Socket> => openSocket(person.node.socketUrl, { token: person.session.accessToken });

  let socket = await connect();
  let chats = new Map<string, ChatState>();
  let live: Live<{ events: ChatEvent & { chat?: ChatFields & Partial<WholeChat> } }>;
  let taken = 0;
  let notifications = new Map<string, Notification>();
  let changes: { live: Live<{ notificationEvents: NotificationChange }>; taken: number };
  let opened: { id: string; state: ChatState; live: Live<{ chatEvents: ChatEvent }>; taken: number } | null = null;

  /** Page by page. */
  const read = async (chatId: string): Promise<WholeChat | null> => {
    let whole: WholeChat | null = null;
    for (let after: string | null = null; ;) {
      const answer: { chat: (WholeChat & Paged) | null } = await ask(ONE, { id: chatId, after });
      const { chat } = answer;
      if (chat === null) return null;
      const before: MessageState[] = whole?.messages.nodes ?? [];
      // What stands on the chat, as it was before its messages were read: what came meanwhile is told.
      whole = { ...(whole ?? chat), messages: { nodes: [...before, ...chat.messages.nodes] } };
      const { hasNextPage, endCursor } = chat.messages.pageInfo;
      if (!hasNextPage) return whole;
      after = endCursor;
    }
  };

  const readNotifications = async (): Promise<Map<string, Notification>> => {
    const found: Notification[] = [];
    for (let after: string | null = null; ;) {
      const answer: NotificationPage = await ask<NotificationPage>(NOTIFICATIONS, { after });
      found.push(...answer.notifications.nodes);
      const { hasNextPage, endCursor } = answer.notifications.pageInfo;
      if (!hasNextPage) return new Map(found.map((one) => [one.id, one]));
      after = endCursor;
    }
  };

  const follow = async (after: string[]) => {
    changes = { live: socket.open(NOTIFICATION_EVENTS), taken: 0 };
    notifications = await readNotifications();
    live = socket.open<{ events: ChatEvent }, object>(EVENTS, { after });
    taken = 0;
    await until(() => live.answers.some(({ data }) => data?.events.__typename === 'ViewerReady'));
    await catchUp();
  };

  const catchUp = async () => {
    while (taken < live.answers.length) {
      const { data, errors } = live.answers[taken++]!;
      if (!data) throw new Error(JSON.stringify(errors));
      const event = data.events;
      if (event.__typename === 'ChatAdded') {
        const chat = await read((event.chat as ChatFields).id);
        if (chat !== null) chats.set(chat.id, createChatState(person.id, chat));
      } else if (event.__typename === 'ChatRemoved') chats.delete(event.chatId!);
      else if (event.__typename === 'ResyncRequired' || event.__typename === 'SubscriptionEnded')
        throw new Error(`${person.username}: ${JSON.stringify(event)}`);
      else if (event.chatId !== undefined) chats.get(event.chatId)?.apply(event);
    }
    while (changes.taken < changes.live.answers.length) {
      const { data, errors } = changes.live.answers[changes.taken++]!;
      if (!data) throw new Error(JSON.stringify(errors));
      const { notification, notificationId } = data.notificationEvents;
      if (notification) notifications.set(notification.id, notification);
      if (notificationId !== undefined) notifications.delete(notificationId);
    }
    while (opened !== null && opened.taken < opened.live.answers.length) {
      const { data, errors } = opened.live.answers[opened.taken++]!;
      if (!data) throw new Error(JSON.stringify(errors));
      if (data.chatEvents.__typename === 'SubscriptionEnded') opened = null;
      else opened.state.apply(data.chatEvents);
    }
  };

  const lookAt = async (chatId: string) => {
    const { chat } = await ask<{ chat: (ChatFields & Pick<WholeChat, 'members'>) | null }>(FIELDS, { id: chatId });
    if (chat === null) return;
    chats.get(chatId)?.refresh(chat);
    if (opened?.id === chatId) opened.state.refresh(chat);
  };

  const close = async () => {
    const one = opened;
    opened = null;
    if (one === null) return;
    await one.live.stop();
    // The place is free a moment later: what one may do follows.
    for (let wasJoined = true; wasJoined;) {
      const { chat } = await ask<{ chat: ChatFields | null }>(FIELDS, { id: one.id });
      wasJoined = chat?.kind === 'MATCH' && chat.permissions.canSend;
    }
    await lookAt(one.id);
  };

  const { chats: mine } = await ask<{ chats: { nodes: { id: string }[] } }>(CHATS);
  for (const { id } of mine.nodes) chats.set(id, createChatState(person.id, (await read(id))!));
  const cursors = () => [...chats.values()].map(({ cursor }) => cursor);
  await follow(cursors());

  return {
    person,
    catchUp,
    view: () => {
      const views = [...chats].map(([id, state]): [string, ChatView] => [id, state.view()]);
      const order = [...views].sort(([, one], [, other]) => (one.activityAt < other.activityAt ? 1 : -1));
      return {
        order: order.map(([id, { activityAt }]) => `${activityAt} ${id}`),
        chats: Object.fromEntries(views),
        unreadCount: views.reduce((sum, [, { unreadCount }]) => sum + unreadCount, 0),
        notifications: Object.fromEntries(notifications),
      };
    },
    fresh: async () => {
      const now: FreshChat[] = [];
      let page = await ask<FreshPage>(FRESH);
      for (;;) {
        now.push(...page.chats.nodes);
        const { hasNextPage, endCursor } = page.chats.pageInfo;
        if (!hasNextPage) break;
        page = await ask<FreshPage>(FRESH, { after: endCursor });
      }
      return {
        order: now.map(({ id, activityAt }) => `${activityAt} ${id}`),
        chats: Object.fromEntries(now.map((chat) => [chat.id, viewOf(person.id, chat)])),
        unreadCount: page.unreadCount,
        notifications: Object.fromEntries(await readNotifications()),
      };
    },
    single: () => opened && { id: opened.id, view: opened.state.view() },
    reconnect: async (whileAway) => {
      await catchUp();
      await close();
      await socket.close();
      await whileAway();
      socket = await connect();
      await follow(cursors());
      for (const chatId of chats.keys()) await lookAt(chatId);
    },
    open: async (chatId) => {
      await close();
      const chat = await read(chatId);
      if (chat === null) return;
      const one = socket.open<{ chatEvents: ChatEvent }, object>(CHAT_EVENTS, { chatId, after: chat.cursor });
      opened = { id: chatId, state: createChatState(person.id, chat), live: one, taken: 0 };
      await until(() =>
        one.answers.some(({ data }) => ['ChatReady', 'SubscriptionEnded'].includes(data!.chatEvents.__typename)),
      );
      await lookAt(chatId);
    },
    close,
    askAgain: async () => {
      await catchUp();
      for (const chatId of chats.keys()) await lookAt(chatId);
    },
    stop: async () => {
      chats = new Map();
      await socket.close();
    },
  };
};

const until = async (condition: () => boolean): Promise<void> => {
  for (
    const deadline = performance.now() + 15_000;
    !condition();
    await new Promise((resolve) => setTimeout(resolve, 3))
  ) {
    if (performance.now() > deadline) throw new Error('Waited too long');
  }
};

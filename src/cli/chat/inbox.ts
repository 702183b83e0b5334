/** The viewer's chats with their unread counts, kept up to date by notifications. */
import type { Connection } from './connection.js';
import { ChatsDocument, NotificationsDocument, type ChatsQuery } from './operations.js';

export type ChatSummary = NonNullable<ChatsQuery['chats']>['nodes'][number];

export interface Inbox {
  readonly chats: () => readonly ChatSummary[];
  readonly unreadCount: () => number;
  refresh(): Promise<void>;
}

export const createInbox = (connection: Connection, onChange: () => void): Inbox => {
  let chats: readonly ChatSummary[] = [];

  const refresh = async () => {
    chats = (await connection.run(ChatsDocument, {})).chats?.nodes ?? [];
    onChange();
  };

  connection.follow(NotificationsDocument, ({ notificationEvents: event }) => {
    const { kind, chat, unreadCount } = 'notification' in event ? event.notification : {};
    const known = chats.find((one) => one.id === chat?.id);
    // A notification that is gone may have been read or dismissed: query the list for what is unread now.
    if (kind !== 'NEW_MESSAGE' || known === undefined) return void refresh().catch(() => {});
    chats = chats.map((one) => (one === known ? { ...one, unreadCount: unreadCount! } : one));
    onChange();
  });

  return {
    chats: () => chats,
    unreadCount: () => chats.reduce((sum, chat) => sum + chat.unreadCount, 0),
    refresh,
  };
};

/** The chat's title: its name, its brands, or its other members. */
export const titleOf = (chat: ChatSummary, viewerId: string): string =>
  chat.name ??
  (chat.brands.map(({ name }) => name).join(' × ') ||
    chat.members.nodes
      .filter(({ user }) => user.id !== viewerId)
      .map(({ user }) => user.username)
      .join(', ') ||
    'an empty chat');

/** What the viewer chose for it. */
export const settingsOf = ({ settings }: ChatSummary): string =>
  `${settings?.isPinned ? ' 📌' : ''}${settings?.isMuted ? ' [muted]' : ''}`;

/** The chat's kind, unless it is a plain group or direct chat. */
export const sortOf = ({ kind }: ChatSummary): string =>
  kind === 'GROUP' || kind === 'DIRECT' ? '' : ` [${kind.toLowerCase()}]`;

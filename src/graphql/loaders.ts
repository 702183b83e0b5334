/**
 * Batched reads of nested fields: one statement per field of a page, however many chats, messages or people are on it.
 * Results are cached as long as these loaders live: for one query, one mutation, one event.
 */
import DataLoader from 'dataloader';
import type { ApiTokenRow } from '../domain/accounts/api-tokens.js';
import type { BrandRow } from '../domain/chats/brands.js';
import type { ChatPermissions } from '../domain/chats/chat-reads.js';
import type { JsonObject } from '../domain/metadata.js';
import type { MemberRow } from '../domain/chats/member-row.js';
import type { MemberKey } from '../domain/chats/members.js';
import type { MessageAnchor } from '../domain/chats/messages-around.js';
import type { MessageKey } from '../domain/messages/messages.js';
import type { NotificationRow } from '../domain/notifications/notification-row.js';
import type { Connection, PageArgs } from '../domain/page.js';
import type { RelationRow } from '../domain/chats/relation-reads.js';
import type { UserRow } from '../domain/accounts/users.js';
import type { Viewer } from '../domain/viewer.js';
import type { ChatRow, LogEvent, MessageRow, UserFacts } from '../log/event.js';
import type { DomainServices } from '../domain/domain.js';
import { memberKeyText, messageKeyText } from './global-id.js';

export interface Loaders {
  /** Undefined if the viewer cannot find them. */
  readonly user: Load<bigint, UserRow | undefined>;
  /** Users whom a message or an event names. */
  readonly namedUser: Load<bigint, UserRow | undefined>;
  /** Null if it does not exist or the viewer may not see it; so too the one that a user owns. */
  readonly brand: Load<bigint, BrandRow | null>;
  readonly brandOf: Load<bigint, BrandRow | null>;
  readonly apiToken: Load<bigint, ApiTokenRow | null>;
  /** Null if it does not exist or the viewer may not see it; so too that of a chat. */
  readonly relation: Load<bigint, RelationRow | null>;
  readonly relationOf: Load<bigint, RelationRow | null>;
  /** The two brands of a MATCH; empty for other chats. */
  readonly brands: Load<bigint, BrandRow[]>;
  /** Bare if the viewer can no longer see it. */
  readonly chat: Load<bigint, ChatRow>;
  /** Null if the viewer may not see it; so too the others by key. */
  readonly visibleChat: Load<bigint, ChatRow | null>;
  readonly message: Load<MessageKey, MessageRow | null>;
  readonly member: Load<MemberKey, MemberRow | null>;
  /** By the notification's own id. */
  readonly notification: Load<string, NotificationRow | null>;
  readonly metadata: Load<bigint, JsonObject>;
  readonly permissions: Load<bigint, ChatPermissions>;
  readonly unreadCount: Load<bigint, number>;
  readonly lastMessage: Load<bigint, MessageRow | null>;
  readonly firstUnreadMessage: Load<bigint, MessageRow | null>;
  readonly memberCount: Load<bigint, number>;
  /** The two people of a chat of two; empty for other chats. */
  readonly pair: Load<bigint, UserFacts[]>;
  /** In all of the viewer's chats. */
  unreadTotal(): Promise<number>;
  /** The same page of each chat. */
  messages(chatId: bigint, page: PageArgs): Promise<Connection<MessageRow>>;
  messagesAround(chatId: bigint, around: Around): Promise<Connection<MessageRow>>;
  members(chatId: bigint, page: PageArgs): Promise<Connection<MemberRow>>;
  log(chatId: bigint, page: PageArgs): Promise<Connection<LogEvent>>;
}

interface Around {
  anchor: MessageAnchor;
  limit: number;
}

type Load<Key, Row> = (key: Key) => Promise<Row>;
type ReadByChat<Row> = (chatIds: readonly bigint[]) => Promise<Map<bigint, Row>>;

/** @param viewer null only if nothing that depends on a viewer can be reached */
export const createLoaders = (services: DomainServices, viewer: Viewer | null): Loaders => {
  const { apiTokens, brands, chatLog, chats, eventChats, members, messages, notifications, relations, users } =
    services;
  const asking = (): Viewer => {
    if (viewer === null) throw new Error('Nobody is signed in to read this');
    return viewer;
  };

  let unreadTotal: Promise<number> | undefined;

  return {
    user: lazy(() => new DataLoader((ids) => users.byIds(asking(), ids))),
    namedUser: lazy(() => new DataLoader((ids) => users.named(ids))),
    brand: lazy(() => new DataLoader((ids) => brands.byIds(asking(), ids))),
    brandOf: lazy(() => new DataLoader((ownerIds) => brands.byOwners(asking(), ownerIds))),
    apiToken: lazy(() => new DataLoader((ids) => apiTokens.byIds(asking(), ids))),
    relation: lazy(() => new DataLoader((ids) => relations.byIds(asking(), ids))),
    relationOf: lazy(() => new DataLoader((chatIds) => relations.byChats(asking(), chatIds))),
    brands: byChat((ids) => brands.ofChats(asking(), ids)),
    chat: byChat((ids) => eventChats.read(asking(), ids)),
    visibleChat: lazy(
      () =>
        new DataLoader<bigint, ChatRow | null>(async (ids) => {
          const found = await chats.visible(asking(), ids);
          return ids.map((id) => found.get(id) ?? null);
        }),
    ),
    message: lazy(
      () =>
        new DataLoader((keys: readonly MessageKey[]) => messages.byKeys(asking(), keys), {
          cacheKeyFn: messageKeyText,
        }),
    ),
    member: lazy(
      () =>
        new DataLoader((keys: readonly MemberKey[]) => members.byKeys(asking(), keys), { cacheKeyFn: memberKeyText }),
    ),
    notification: lazy(() => new DataLoader((ids: readonly string[]) => notifications.byIds(asking(), ids))),
    metadata: byChat((ids) => chats.metadata(asking(), ids)),
    permissions: byChat((ids) => chats.permissions(asking(), ids)),
    unreadCount: byChat((ids) => chats.unreadCounts(asking(), ids)),
    lastMessage: byChat((ids) => chats.lastMessages(asking(), ids)),
    firstUnreadMessage: byChat((ids) => chats.firstUnreadMessages(asking(), ids)),
    memberCount: byChat((ids) => chats.memberCounts(asking(), ids)),
    pair: byChat((ids) => chats.pairs(asking(), ids)),
    messages: pagesByChat((ids, page) => chats.messages(asking(), ids, page)),
    messagesAround: eachByChat((ids, { anchor, limit }) => chats.messagesAround(asking(), ids, anchor, limit)),
    log: pagesByChat((ids, page) => chatLog.read(asking(), ids, page)),
    unreadTotal: () => (unreadTotal ??= chats.unreadTotal(asking())),
    members: pagesByChat((ids, page) => chats.members(asking(), ids, page)),
  };
};

/** Created on first use: most operations, and even more so most events, need one or two of them. */
const lazy = <Key, Row>(create: () => DataLoader<Key, Row, unknown>): Load<Key, Row> => {
  let loader: DataLoader<Key, Row, unknown> | undefined;
  return (key) => (loader ??= create()).load(key);
};

const byChat = <Row>(read: ReadByChat<Row>): Load<bigint, Row> => lazy(() => createByChat(read));

const createByChat = <Row>(read: ReadByChat<Row>) =>
  new DataLoader<bigint, Row>(async (chatIds) => {
    const found = await read(chatIds);
    // Null is an answer: a chat without messages has no last one.
    return chatIds.map((chatId) => (found.has(chatId) ? found.get(chatId)! : new Error('The chat is gone')));
  });

const pagesByChat = <Row>(read: (chatIds: readonly bigint[], page: PageArgs) => Promise<Map<bigint, Row>>) => {
  const load = eachByChat(read);
  return (chatId: bigint, { first, last, after, before }: PageArgs): Promise<Row> =>
    load(chatId, { first, last, after, before });
};

/** One loader per requested page: two selections of one field may request different pages. */
const eachByChat = <Args, Row>(read: (chatIds: readonly bigint[], args: Args) => Promise<Map<bigint, Row>>) => {
  const loaders = new Map<string, DataLoader<bigint, Row>>();
  return (chatId: bigint, args: Args): Promise<Row> => {
    const key = JSON.stringify(args, (_name, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
    let loader = loaders.get(key);
    if (loader === undefined) {
      loader = createByChat((chatIds) => read(chatIds, args));
      loaders.set(key, loader);
    }
    return loader.load(chatId);
  };
};

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

interface Around {
  anchor: MessageAnchor;
  limit: number;
}

type AnyLoader = DataLoader<never, unknown, unknown>;
type ReadByChat<Row> = (chatIds: readonly bigint[]) => Promise<Map<bigint, Row>>;

export class Loaders {
  /** Created on first use: most operations, and even more so most events, need one or two of them. */
  readonly #created = new Map<string, AnyLoader>();
  readonly #services: DomainServices;
  readonly #viewer: () => Viewer | null;
  #unreadTotal: Promise<number> | undefined;

  /** @param viewer asked whenever an answer depends on the viewer; null only if no such field can be reached */
  constructor(services: DomainServices, viewer: () => Viewer | null) {
    this.#services = services;
    this.#viewer = viewer;
  }

  /** Undefined if the viewer cannot find them. */
  user(id: bigint): Promise<UserRow | undefined> {
    return this.#load('user', id, (ids) => this.#services.users.byIds(this.#asking(), ids));
  }

  /** A user whom a message or an event names. */
  named(id: bigint): Promise<UserRow> {
    return this.#load('named', id, async (ids: readonly bigint[]) => {
      const found = await this.#services.users.named(ids);
      return found.map((user) => user ?? new Error('The user is gone'));
    });
  }

  /** Null if it does not exist or the viewer may not see it; so too the one that a user owns. */
  brand(id: bigint): Promise<BrandRow | null> {
    return this.#load('brand', id, (ids) => this.#services.brands.byIds(this.#asking(), ids));
  }

  brandOf(ownerId: bigint): Promise<BrandRow | null> {
    return this.#load('brandOf', ownerId, (ids) => this.#services.brands.byOwners(this.#asking(), ids));
  }

  apiToken(id: bigint): Promise<ApiTokenRow | null> {
    return this.#load('apiToken', id, (ids) => this.#services.apiTokens.byIds(this.#asking(), ids));
  }

  /** Null if it does not exist or the viewer may not see it; so too that of a chat. */
  relation(id: bigint): Promise<RelationRow | null> {
    return this.#load('relation', id, (ids) => this.#services.relations.byIds(this.#asking(), ids));
  }

  relationOf(chatId: bigint): Promise<RelationRow | null> {
    return this.#load('relationOf', chatId, (ids) => this.#services.relations.byChats(this.#asking(), ids));
  }

  /** Null if the viewer may not see it; so too the others by key. */
  visibleChat(id: bigint): Promise<ChatRow | null> {
    return this.#load('visibleChat', id, async (ids: readonly bigint[]) => {
      const found = await this.#services.chats.visible(this.#asking(), ids);
      return ids.map((chatId) => found.get(chatId) ?? null);
    });
  }

  message(key: MessageKey): Promise<MessageRow | null> {
    return this.#load('message', key, (keys) => this.#services.messages.byKeys(this.#asking(), keys), messageKeyText);
  }

  member(key: MemberKey): Promise<MemberRow | null> {
    return this.#load('member', key, (keys) => this.#services.members.byKeys(this.#asking(), keys), memberKeyText);
  }

  /** @param id the notification's own */
  notification(id: string): Promise<NotificationRow | null> {
    return this.#load('notification', id, (ids) => this.#services.notifications.byIds(this.#asking(), ids));
  }

  /** Bare if the viewer can no longer see it. */
  chat(id: bigint): Promise<ChatRow> {
    return this.#ofChat('chat', id, (ids) => this.#services.eventChats.read(this.#asking(), ids));
  }

  /** The two brands of a MATCH; empty for other chats. */
  brands(chatId: bigint): Promise<BrandRow[]> {
    return this.#ofChat('brands', chatId, (ids) => this.#services.brands.ofChats(this.#asking(), ids));
  }

  metadata(chatId: bigint): Promise<JsonObject> {
    return this.#ofChat('metadata', chatId, (ids) => this.#services.chats.metadata(this.#asking(), ids));
  }

  permissions(chatId: bigint): Promise<ChatPermissions> {
    return this.#ofChat('permissions', chatId, (ids) => this.#services.chats.permissions(this.#asking(), ids));
  }

  unreadCount(chatId: bigint): Promise<number> {
    return this.#ofChat('unreadCount', chatId, (ids) => this.#services.chats.unreadCounts(this.#asking(), ids));
  }

  lastMessage(chatId: bigint): Promise<MessageRow | null> {
    return this.#ofChat('lastMessage', chatId, (ids) => this.#services.chats.lastMessages(this.#asking(), ids));
  }

  firstUnreadMessage(chatId: bigint): Promise<MessageRow | null> {
    return this.#ofChat('firstUnread', chatId, (ids) => this.#services.chats.firstUnreadMessages(this.#asking(), ids));
  }

  memberCount(chatId: bigint): Promise<number> {
    return this.#ofChat('memberCount', chatId, (ids) => this.#services.chats.memberCounts(this.#asking(), ids));
  }

  /** The two people of a chat of two; empty for other chats. */
  pair(chatId: bigint): Promise<UserFacts[]> {
    return this.#ofChat('pair', chatId, (ids) => this.#services.chats.pairs(this.#asking(), ids));
  }

  /** In all of the viewer's chats. */
  unreadTotal(): Promise<number> {
    return (this.#unreadTotal ??= this.#services.chats.unreadTotal(this.#asking()));
  }

  /** The same page of each chat. */
  messages(chatId: bigint, page: PageArgs): Promise<Connection<MessageRow>> {
    return this.#pageOf('messages', chatId, page, (ids) => this.#services.chats.messages(this.#asking(), ids, page));
  }

  messagesAround(chatId: bigint, around: Around): Promise<Connection<MessageRow>> {
    return this.#perArgs('messagesAround', chatId, around, (ids) =>
      this.#services.chats.messagesAround(this.#asking(), ids, around.anchor, around.limit),
    );
  }

  members(chatId: bigint, page: PageArgs): Promise<Connection<MemberRow>> {
    return this.#pageOf('members', chatId, page, (ids) => this.#services.chats.members(this.#asking(), ids, page));
  }

  log(chatId: bigint, page: PageArgs): Promise<Connection<LogEvent>> {
    return this.#pageOf('log', chatId, page, (ids) => this.#services.chatLog.read(this.#asking(), ids, page));
  }

  #asking(): Viewer {
    const viewer = this.#viewer();
    if (viewer === null) throw new Error('Nobody is signed in to read this');
    return viewer;
  }

  #load<Key, Row>(
    name: string,
    key: Key,
    read: (keys: readonly Key[]) => Promise<readonly (Row | Error)[]>,
    cacheKeyFn?: (key: Key) => unknown,
  ): Promise<Row> {
    let loader = this.#created.get(name) as DataLoader<Key, Row, unknown> | undefined;
    if (loader === undefined) {
      loader = new DataLoader<Key, Row, unknown>(read, cacheKeyFn && { cacheKeyFn });
      this.#created.set(name, loader);
    }
    return loader.load(key);
  }

  #ofChat<Row>(name: string, chatId: bigint, read: ReadByChat<Row>): Promise<Row> {
    return this.#load(name, chatId, async (chatIds: readonly bigint[]) => {
      const found = await read(chatIds);
      // Null is an answer: a chat without messages has no last one.
      return chatIds.map((id) => (found.has(id) ? found.get(id)! : new Error('The chat is gone')));
    });
  }

  #pageOf<Row>(name: string, chatId: bigint, { first, last, after, before }: PageArgs, read: ReadByChat<Row>) {
    return this.#perArgs(name, chatId, { first, last, after, before }, read);
  }

  /** One loader per requested page: two selections of one field may request different pages. */
  #perArgs<Row>(name: string, chatId: bigint, args: object, read: ReadByChat<Row>): Promise<Row> {
    const key = JSON.stringify(args, (_name, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
    return this.#ofChat(`${name} ${key}`, chatId, read);
  }
}

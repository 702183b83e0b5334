/**
 * Batched reads of nested fields: one statement per field of a page, however many chats, messages or people are on it. The domain
 * gathers what is nested in chats, for all that is executed in one turn of the event loop; what only an id of a request leads to is
 * batched here. Results are cached as long as these loaders live: for one query, one mutation, one event.
 */
import DataLoader from 'dataloader';
import type { ApiTokenRow } from '../domain/accounts/api-tokens.js';
import type { BrandRow } from '../domain/chats/brands.js';
import type { ChatSettings } from '../domain/chats/chat-settings.js';
import type { InviteRow } from '../domain/chats/invites.js';
import type { ChatPermissions } from '../domain/chats/chat-reads.js';
import type { StoredFile } from '../domain/files/upload-row.js';
import type { JsonObject } from '../domain/metadata.js';
import type { MemberRow } from '../domain/chats/member-row.js';
import type { MemberKey } from '../domain/chats/members.js';
import type { MessageAnchor } from '../domain/chats/messages-around.js';
import type { MessageKey } from '../domain/messages/messages.js';
import type { NotificationRow } from '../domain/notifications/notification-row.js';
import type { Connection, PageArgs } from '../domain/page.js';
import type { ReportRow } from '../domain/messages/reports.js';
import type { RelationRow } from '../domain/chats/relation-reads.js';
import type { PresenceState } from '../domain/streams/user-presence.js';
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

export class Loaders {
  /** Created on first use: most operations, and even more so most events, need one or two of them. */
  #created: Map<string, AnyLoader> | undefined;
  #read: Map<string, Promise<unknown>> | undefined;
  readonly #services: DomainServices;
  readonly #viewer: () => Viewer | null;

  /** @param viewer asked whenever an answer depends on the viewer; null only if no such field can be reached */
  constructor(services: DomainServices, viewer: () => Viewer | null) {
    this.#services = services;
    this.#viewer = viewer;
  }

  /** Undefined if the viewer cannot find them. */
  user(id: bigint): Promise<UserRow | undefined> {
    return this.#load('user', id, (ids) => this.#services.users.byIds(this.#asking(), ids));
  }

  /** Whether the viewer has blocked them. */
  isBlocked(userId: bigint): Promise<boolean> {
    return this.#once(`isBlocked ${userId}`, () => this.#services.blocks.isBlocked(this.#asking(), userId));
  }

  /** Null if the viewer may not see it. */
  presence(userId: bigint): Promise<PresenceState | null> {
    return this.#once(`presence ${userId}`, () => this.#services.userPresence.read(this.#asking(), userId));
  }

  /** A user whom a message or an event names. */
  named(id: bigint): Promise<UserRow> {
    return this.#once(`named ${id}`, () => this.#services.users.named(id));
  }

  /** Null if it does not exist or the viewer may not see it; so too the one that a user owns. */
  brand(id: bigint): Promise<BrandRow | null> {
    return this.#load('brand', id, (ids) => this.#services.brands.byIds(this.#asking(), ids));
  }

  brandOf(ownerId: bigint): Promise<BrandRow | null> {
    return this.#once(`brandOf ${ownerId}`, () => this.#services.brands.byOwner(this.#asking(), ownerId));
  }

  apiToken(id: bigint): Promise<ApiTokenRow | null> {
    return this.#load('apiToken', id, (ids) => this.#services.apiTokens.byIds(this.#asking(), ids));
  }

  /** Null if it is not stored, does not exist or the viewer may not see it. */
  attachment(id: bigint): Promise<StoredFile | null> {
    return this.#load('attachment', id, (ids) => this.#services.attachments.byIds(this.#asking(), ids));
  }

  /** The files of a message. */
  attachments(key: MessageKey): Promise<StoredFile[]> {
    return this.#once(`attachments ${messageKeyText(key)}`, () =>
      this.#services.attachments.ofMessage(this.#asking(), key),
    );
  }

  /** Null if it does not exist or the viewer may not see it; so too its message. */
  report(id: bigint): Promise<ReportRow | null> {
    return this.#load('report', id, (ids) => this.#services.reports.byIds(this.#asking(), ids));
  }

  reportedMessage(reportId: bigint): Promise<MessageRow | null> {
    return this.#once(`reportedMessage ${reportId}`, () => this.#services.reports.message(this.#asking(), reportId));
  }

  messagesAroundReport(reportId: bigint): Promise<MessageRow[]> {
    return this.#once(`messagesAroundReport ${reportId}`, () =>
      this.#services.reports.messagesAround(this.#asking(), reportId),
    );
  }

  /** Null if it does not exist or the viewer may not see it; so too that of a chat. */
  relation(id: bigint): Promise<RelationRow | null> {
    return this.#load('relation', id, (ids) => this.#services.relations.byIds(this.#asking(), ids));
  }

  relationOf(chatId: bigint): Promise<RelationRow | null> {
    return this.#once(`relationOf ${chatId}`, () => this.#services.relations.ofChat(this.#asking(), chatId));
  }

  /** Null if the viewer may not see it; so too the others by key. */
  visibleChat(id: bigint): Promise<ChatRow | null> {
    return this.#once(`visibleChat ${id}`, () => this.#services.chats.visible(this.#asking(), id));
  }

  message(key: MessageKey): Promise<MessageRow | null> {
    return this.#load('message', key, (keys) => this.#services.messages.byKeys(this.#asking(), keys), messageKeyText);
  }

  /** What a message replies to. */
  repliedTo(key: MessageKey): Promise<MessageRow | null> {
    return this.#once(`repliedTo ${messageKeyText(key)}`, () => this.#services.replyReads.message(this.#asking(), key));
  }

  replyCount(key: MessageKey): Promise<number> {
    return this.#once(`replyCount ${messageKeyText(key)}`, () => this.#services.replyReads.count(this.#asking(), key));
  }

  replies(key: MessageKey, page: PageArgs): Promise<Connection<MessageRow>> {
    return this.#partOf(`replies ${key.seq}`, key.chatId, pageOf(page), () =>
      this.#services.replyReads.list(this.#asking(), key, page),
    );
  }

  /** Who has read a message. */
  readBy(key: MessageKey, page: PageArgs): Promise<Connection<MemberRow>> {
    return this.#partOf(`readBy ${key.seq}`, key.chatId, pageOf(page), () =>
      this.#services.messageReaders.list(this.#asking(), key, page),
    );
  }

  pinnedMessages(chatId: bigint, page: PageArgs): Promise<Connection<MessageRow>> {
    return this.#pageOf('pinnedMessages', chatId, page, () =>
      this.#services.chats.pinnedMessages(this.#asking(), chatId, page),
    );
  }

  /** The viewer's own; null if they are not a member. */
  chatSettings(chatId: bigint): Promise<ChatSettings | null> {
    return this.#once(`chatSettings ${chatId}`, () => this.#services.chatSettings.read(this.#asking(), chatId));
  }

  unreadMentionCount(chatId: bigint): Promise<number> {
    return this.#once(`unreadMentionCount ${chatId}`, () =>
      this.#services.mentionReads.unreadCount(this.#asking(), chatId),
    );
  }

  /** The emoji that the viewer reacted with. */
  ownReactions(key: MessageKey): Promise<ReadonlySet<string>> {
    return this.#once(`ownReactions ${messageKeyText(key)}`, () =>
      this.#services.reactionReads.ofViewer(this.#asking(), key),
    );
  }

  /** Who was the first to react so. */
  reactionUsers(key: MessageKey, emoji: string, most: number): Promise<bigint[]> {
    return this.#once(`reactionUsers ${messageKeyText(key)} ${emoji} ${most}`, () =>
      this.#services.reactionReads.usersOf(this.#asking(), key, emoji, most),
    );
  }

  member(key: MemberKey): Promise<MemberRow | null> {
    return this.#once(`member ${memberKeyText(key)}`, () => this.#services.members.byKey(this.#asking(), key));
  }

  /** @param id the notification's own */
  notification(id: string): Promise<NotificationRow | null> {
    return this.#load('notification', id, (ids) => this.#services.notifications.byIds(this.#asking(), ids));
  }

  /** Bare if the viewer can no longer see it. */
  chat(id: bigint): Promise<ChatRow> {
    return this.#once(`chat ${id}`, () => this.#services.eventChats.read(this.#asking(), id));
  }

  /** The two brands of a MATCH; empty for other chats. */
  brands(chatId: bigint): Promise<BrandRow[]> {
    return this.#once(`brands ${chatId}`, () => this.#services.brands.ofChat(this.#asking(), chatId));
  }

  metadata(chatId: bigint): Promise<JsonObject> {
    return this.#once(`metadata ${chatId}`, () => this.#services.chats.metadata(this.#asking(), chatId));
  }

  /** Of an OPEN group, every user knows it. */
  chatAvatar(chatId: bigint): Promise<string | null> {
    return this.#once(`chatAvatar ${chatId}`, () => this.#services.chats.avatar(this.#asking(), chatId));
  }

  description(chatId: bigint): Promise<string | null> {
    return this.#once(`description ${chatId}`, () => this.#services.chats.description(this.#asking(), chatId));
  }

  permissions(chatId: bigint): Promise<ChatPermissions> {
    return this.#once(`permissions ${chatId}`, () => this.#services.chats.permissions(this.#asking(), chatId));
  }

  /** Null if the viewer may not invite. */
  invites(chatId: bigint): Promise<InviteRow[] | null> {
    return this.#once(`invites ${chatId}`, () => this.#services.invites.list(this.#asking(), chatId));
  }

  invite(id: bigint): Promise<InviteRow | null> {
    return this.#once(`invite ${id}`, () => this.#services.invites.byId(this.#asking(), id));
  }

  unreadCount(chatId: bigint): Promise<number> {
    return this.#once(`unreadCount ${chatId}`, () => this.#services.chats.unreadCount(this.#asking(), chatId));
  }

  lastMessage(chatId: bigint): Promise<MessageRow | null> {
    return this.#once(`lastMessage ${chatId}`, () => this.#services.chats.lastMessage(this.#asking(), chatId));
  }

  firstUnreadMessage(chatId: bigint): Promise<MessageRow | null> {
    return this.#once(`firstUnreadMessage ${chatId}`, () =>
      this.#services.chats.firstUnreadMessage(this.#asking(), chatId),
    );
  }

  memberCount(chatId: bigint): Promise<number> {
    return this.#once(`memberCount ${chatId}`, () => this.#services.chats.memberCount(this.#asking(), chatId));
  }

  /** The two people of a chat of two; empty for other chats. */
  pair(chatId: bigint): Promise<UserFacts[]> {
    return this.#once(`pair ${chatId}`, () => this.#services.chats.pair(this.#asking(), chatId));
  }

  /** In all of the viewer's chats. */
  unreadTotal(): Promise<number> {
    return this.#once('unreadTotal', () => this.#services.chats.unreadTotal(this.#asking()));
  }

  messages(chatId: bigint, page: PageArgs): Promise<Connection<MessageRow>> {
    return this.#pageOf('messages', chatId, page, () => this.#services.chats.messages(this.#asking(), chatId, page));
  }

  messagesAround(chatId: bigint, around: Around): Promise<Connection<MessageRow>> {
    return this.#partOf('messagesAround', chatId, around, () =>
      this.#services.chats.messagesAround(this.#asking(), chatId, around.anchor, around.limit),
    );
  }

  members(chatId: bigint, page: PageArgs): Promise<Connection<MemberRow>> {
    return this.#pageOf('members', chatId, page, () => this.#services.chats.members(this.#asking(), chatId, page));
  }

  log(chatId: bigint, page: PageArgs): Promise<Connection<LogEvent>> {
    return this.#pageOf('log', chatId, page, () => this.#services.chatLog.read(this.#asking(), chatId, page));
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
    let loader = this.#created?.get(name) as DataLoader<Key, Row, unknown> | undefined;
    if (loader === undefined) {
      loader = new DataLoader<Key, Row, unknown>(read, cacheKeyFn && { cacheKeyFn });
      (this.#created ??= new Map()).set(name, loader);
    }
    return loader.load(key);
  }

  #once<Row>(key: string, read: () => Promise<Row>): Promise<Row> {
    let reading = this.#read?.get(key) as Promise<Row> | undefined;
    if (reading === undefined) {
      reading = read();
      (this.#read ??= new Map()).set(key, reading);
    }
    return reading;
  }

  #pageOf<Row>(name: string, chatId: bigint, page: PageArgs, read: () => Promise<Row>) {
    return this.#partOf(name, chatId, pageOf(page), read);
  }

  /** Two selections of one field may request different pages. */
  #partOf<Row>(name: string, chatId: bigint, part: object, read: () => Promise<Row>): Promise<Row> {
    const text = JSON.stringify(part, (_name, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
    return this.#once(`${name} ${chatId} ${text}`, read);
  }
}

const pageOf = ({ first, last, after, before }: PageArgs): PageArgs => ({ first, last, after, before });

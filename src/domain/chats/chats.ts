/** Chats: created, renamed, closed, reopened, found and read. */
import type { Bus } from '../../bus/bus.js';
import type { Database } from '../../db/database.js';
import type { ChatAccess, Role } from '../../generated/prisma/enums.js';
import type { ChatRow } from '../../log/event.js';
import type { ChatTransaction } from '../../log/append.js';
import type { Log } from '../../log/log.js';
import { changeChat, type Person } from '../rules/chat-change.js';
import { requireActiveUsers } from './active-users.js';
import { closeWithin, reopenWithin } from './closing.js';
import { createChatContents, type ChatContents } from './chat-contents.js';
import {
  cleanDescription,
  descriptionProblem,
  nameProblem,
  SLUG_TAKEN,
  slugProblem,
  trimmedName,
} from '../chat-names.js';
import type { SeenChats } from '../rules/seen-chats.js';
import { createChatReads, type ChatReads } from './chat-reads.js';
import { createDirectChats, type DirectChatOpeners, type DirectChats } from './direct-chats.js';
import {
  ChatClosedError,
  ForbiddenError,
  InvalidInputError,
  NotFoundError,
  refuseProblems,
  type InvalidField,
  type Problem,
} from '../errors.js';
import { NO_AVATAR, wear } from '../worn-avatar.js';
import { limited } from './group-limits.js';
import { chatNameKeyOf } from '../keys.js';
import { createMessagesAround, type MessagesAround } from './messages-around.js';
import { createOpenChats, type OpenChats } from './open-chats.js';
import { createOrderChats, membersProblem, type OrderChats } from './order-chats.js';
import { insertChat, KeyTakenError, slugKey, takeKeys } from './new-chat.js';
import { checkedMetadata, metadataProblem, type JsonObject } from '../metadata.js';
import { canClose, canCreateGroup, canRename, mayBeOpen, type GroupCreators } from '../rules/policy.js';
import type { Presence } from '../rules/presence.js';
import type { RateLimits } from '../rate-limits.js';
import { ringUsers } from '../user-bell.js';
import type { Users } from '../accounts/users.js';
import { isStaff, type Viewer } from '../viewer.js';

export interface NewGroup {
  name: string;
  slug?: string | null;
  metadata?: JsonObject | null | undefined;
  description?: string | null;
  /** Absent or null: CLOSED. */
  access?: ChatAccess | null;
  /** At most 1,000; duplicates count once; null if an id did not decode. */
  memberIds: readonly (bigint | null)[];
}

export interface ChatUpdate {
  chatId: bigint | null;
  /** Absent: unchanged. A GROUP must have a name. */
  name?: string | null;
  /** Absent: unchanged; null: cleared. */
  slug?: string | null;
  /** As `slug`. */
  metadata?: JsonObject | null | undefined;
  description?: string | null;
  /** Absent or null: unchanged. */
  access?: ChatAccess | null;
  /** Absent: unchanged; null: taken away. An upload of the viewer. */
  avatarUploadId?: bigint | null | undefined;
}

/** Chat ids are null if the client's id did not decode: that chat does not exist. */
export interface Chats extends ChatReads, ChatContents, MessagesAround, DirectChats, OpenChats, OrderChats {
  /**
   * Creates a GROUP. Its creator owns it, where not only administrators make groups; otherwise they are a member only if listed.
   *
   * @throws InvalidInputError, also if the slug is taken; NotFoundError if a member is no active user, or none whom the creator can
   *   find; ForbiddenError, RateLimitedError
   */
  create(viewer: Viewer, group: NewGroup): Promise<ChatRow>;
  /** @throws InvalidInputError, NotFoundError, ForbiddenError, ChatClosedError, RateLimitedError */
  update(viewer: Viewer, update: ChatUpdate): Promise<ChatRow>;
  /** Idempotent. @throws NotFoundError, ForbiddenError, RateLimitedError; `reopen` too */
  close(viewer: Viewer, chatId: bigint | null): Promise<ChatRow>;
  reopen(viewer: Viewer, chatId: bigint | null): Promise<ChatRow>;
}

export interface ChatsOptions {
  db: Database;
  log: Log;
  bus: Bus;
  limits: RateLimits;
  presence: Presence;
  seenChats: SeenChats;
  users: Pick<Users, 'byIds'>;
  /** Who may open direct chats. */
  directChats: DirectChatOpeners;
  /** Who makes groups. */
  groupCreators: GroupCreators;
}

const ROLE = `SELECT role FROM "user" WHERE id = $1`;
const CHANGE = `UPDATE chat SET name = $2, name_key = $3, slug = $4, access = $5::chat_access WHERE id = $1`;
const SET_METADATA = `UPDATE chat SET metadata = $2::text WHERE id = $1 AND metadata IS DISTINCT FROM $2 RETURNING id`;
const SET_DESCRIPTION = `UPDATE chat SET description = $2::text WHERE id = $1 AND description IS DISTINCT FROM $2 RETURNING id`;
const DROP_KEY = `DELETE FROM chat_key WHERE key = $1 AND chat_id = $2`;

export const createChats = ({
  db,
  log,
  bus,
  limits,
  presence,
  seenChats,
  users,
  directChats,
  groupCreators,
}: ChatsOptions): Chats => ({
  ...createChatReads(db, presence, seenChats),
  ...createChatContents(db),
  ...createMessagesAround(db),
  ...createDirectChats({ db, log, bus, limits, users, openers: directChats }),
  ...createOpenChats(db),
  ...createOrderChats({ db, log, bus, seenChats }),

  // BEGIN, two statements, three for the chat and its slug, two for its members, COMMIT.
  create: async (viewer, { name, slug, metadata: given, description, access, memberIds }) => {
    refuseProblems({
      ...problemsOf({ name, slug, description }),
      metadata: metadataProblem(given),
      memberIds: membersProblem(memberIds),
    });
    const metadata = checkedMetadata(given);
    const others = [...new Set(memberIds)].filter((id) => id !== null);
    if (memberIds.includes(null)) throw new NotFoundError('User');
    if (!isStaff(viewer) && (await users.byIds(viewer, others)).includes(undefined)) throw new NotFoundError('User');
    const isOwned = groupCreators !== 'admins';
    const ids = isOwned ? [...new Set([viewer.id, ...others])] : others;
    const make = () =>
      db.transaction(async (tx) => {
        await requireActiveUsers(tx, ids);
        const [actor] = await tx.query<{ role: Role }>(ROLE, [viewer.id]);
        if (actor === undefined || !canCreateGroup(actor, groupCreators))
          throw new ForbiddenError(NOT_CREATOR[groupCreators]);
        const keys = isGiven(slug) ? [slugKey(slug)] : [];
        const newChat = {
          kind: 'GROUP',
          name: trimmedName(name),
          slug,
          metadata,
          description: cleanDescription(description ?? null),
          access: access ?? 'CLOSED',
          keys,
          memberIds: ids,
          actorId: viewer.id,
          ...(isOwned && { ownerId: viewer.id }),
        } as const;
        return insertChat(tx, log, newChat);
      });
    const chat = await limited(limits, 'group', viewer, () => refusingTakenSlug(make));
    ringUsers(bus, ids, [chat.id]);
    return chat;
  },

  // BEGIN, two statements, at most eight more, COMMIT.
  update: async (viewer, { chatId, name, slug, metadata: given, description, access, avatarUploadId }) => {
    refuseProblems({ ...problemsOf({ name, slug, description }), metadata: metadataProblem(given) });
    const metadata = given === undefined ? undefined : checkedMetadata(given);
    const update = () =>
      changeChat(log, viewer, chatId, async (tx, { me }) => {
        const { chat } = tx;
        if (!canRename(me.actor, chat)) throw new ForbiddenError('You may not rename this chat');
        if (chat.closedAt !== null) throw new ChatClosedError(chat.closedAt);
        if (access === 'OPEN' && !mayBeOpen(chat.kind)) throw new InvalidInputError([ONLY_GROUPS_OPEN]);
        const next = {
          name: isGiven(name) ? trimmedName(name) : chat.name,
          slug: slug === undefined ? chat.slug : slug,
          access: access ?? chat.access,
        };
        let isChanged = next.name !== chat.name || next.slug !== chat.slug || next.access !== chat.access;
        if (next.slug !== chat.slug) await moveSlug(tx, next.slug);
        if (isChanged) await tx.query(CHANGE, [chat.id, next.name, chatNameKeyOf(next.name), next.slug, next.access]);
        const set = async (sql: string, value: string | null | undefined) => {
          if (value !== undefined && (await tx.query(sql, [chat.id, value])).length > 0) isChanged = true;
        };
        await set(SET_METADATA, metadata);
        await set(SET_DESCRIPTION, description === undefined ? undefined : cleanDescription(description));
        if (avatarUploadId !== undefined) {
          const isOther = await wear(tx, { table: 'chat', id: chat.id }, me.actor.id, avatarUploadId);
          if (isOther === undefined) throw new InvalidInputError([{ path: ['avatarUploadId'], ...NO_AVATAR }]);
          isChanged ||= isOther;
        }
        return isChanged ? updated(tx, me, next) : { ...chat };
      });
    return limited(limits, 'manage', viewer, () => refusingTakenSlug(update));
  },

  // BEGIN, two statements, two more if it was open, COMMIT. `reopen` likewise.
  close: (viewer, chatId) =>
    limited(limits, 'manage', viewer, () =>
      changeChat(log, viewer, chatId, async (tx, { me }) => {
        if (!canClose(me.actor, tx.chat)) throw new ForbiddenError('You may not close this chat');
        return closeWithin(tx, me.user);
      }),
    ),

  reopen: (viewer, chatId) =>
    limited(limits, 'manage', viewer, () =>
      changeChat(log, viewer, chatId, async (tx, { me }) => {
        if (!canClose(me.actor, tx.chat)) throw new ForbiddenError('You may not reopen this chat');
        return reopenWithin(tx, me.user);
      }),
    ),
});

/** Appends the event, and returns the chat after it. */
const updated = async (tx: ChatTransaction, me: Person, change: Partial<ChatRow>): Promise<ChatRow> => {
  await tx.append({ type: 'CHAT_UPDATED', actor: me.user });
  return { ...tx.chat, ...change };
};

/** @throws KeyTakenError */
const moveSlug = async (tx: ChatTransaction, slug: string | null): Promise<void> => {
  if (tx.chat.slug !== null) await tx.query(DROP_KEY, [slugKey(tx.chat.slug), tx.chat.id]);
  if (slug !== null) await takeKeys(tx, tx.chat.id, [slugKey(slug)]);
};

const refusingTakenSlug = async <Result>(work: () => Promise<Result>): Promise<Result> => {
  try {
    return await work();
  } catch (error) {
    if (error instanceof KeyTakenError) throw new InvalidInputError([{ path: ['slug'], ...SLUG_TAKEN }]);
    throw error;
  }
};

const isGiven = <Value>(value: Value | null | undefined): value is Value => value !== null && value !== undefined;

const NOT_CREATOR = {
  admins: 'Only administrators make groups',
  staff: 'Only managers and administrators make groups',
  everyone: 'Only users make groups',
} satisfies Record<GroupCreators, string>;

const ONLY_GROUPS_OPEN: InvalidField = {
  path: ['access'],
  code: 'NOT_ALLOWED',
  reason: 'can be OPEN for groups only',
};

const problemsOf = ({
  name,
  slug,
  description,
}: Pick<ChatUpdate, 'name' | 'slug' | 'description'>): Record<
  'name' | 'slug' | 'description',
  Problem | undefined
> => ({
  description: isGiven(description) ? descriptionProblem(description) : undefined,
  name: name === null ? NOT_CLEARED : name === undefined ? undefined : nameProblem(name),
  slug: isGiven(slug) ? slugProblem(slug) : undefined,
});

const NOT_CLEARED: Problem = { code: 'BLANK', reason: 'cannot be cleared' };

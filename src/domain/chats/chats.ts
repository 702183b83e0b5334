/** Chats: created, renamed, closed, reopened, found and read. */
import type { Bus } from '../../bus/bus.js';
import type { Database } from '../../db/database.js';
import type { ChatRow } from '../../log/event.js';
import type { ChatTransaction } from '../../log/append.js';
import type { Log } from '../../log/log.js';
import { changeChat, type Person } from '../rules/chat-change.js';
import { requireActiveUsers } from './active-users.js';
import { closeWithin, reopenWithin } from './closing.js';
import { createChatContents, type ChatContents } from './chat-contents.js';
import { nameProblem, SLUG_TAKEN, slugProblem, trimmedName } from '../chat-names.js';
import type { SeenChats } from '../rules/seen-chats.js';
import { createChatReads, type ChatReads } from './chat-reads.js';
import { createDirectChats, type DirectChatOpeners, type DirectChats } from './direct-chats.js';
import {
  ChatClosedError,
  ForbiddenError,
  InvalidInputError,
  NotFoundError,
  refuseProblems,
  type Problem,
} from '../errors.js';
import { createMessagesAround, type MessagesAround } from './messages-around.js';
import { createOrderChats, membersProblem, type OrderChats } from './order-chats.js';
import { insertChat, KeyTakenError, slugKey, takeKeys } from './new-chat.js';
import { checkedMetadata, metadataProblem, type JsonObject } from '../metadata.js';
import { canClose, canCreateGroup, canRename } from '../rules/policy.js';
import type { Presence } from '../rules/presence.js';
import type { RateLimits } from '../rate-limits.js';
import { ringUsers } from '../user-bell.js';
import type { Users } from '../accounts/users.js';
import type { Viewer } from '../viewer.js';

export interface NewGroup {
  name: string;
  slug?: string | null;
  metadata?: JsonObject | null | undefined;
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
}

/** Chat ids are null if the client's id did not decode: that chat does not exist. */
export interface Chats extends ChatReads, ChatContents, MessagesAround, DirectChats, OrderChats {
  /**
   * Creates a GROUP; its creator is a member only if listed.
   *
   * @throws InvalidInputError, also if the slug is taken; NotFoundError if a member is no active user; ForbiddenError
   */
  create(viewer: Viewer, group: NewGroup): Promise<ChatRow>;
  /** @throws InvalidInputError, NotFoundError, ForbiddenError, ChatClosedError */
  update(viewer: Viewer, update: ChatUpdate): Promise<ChatRow>;
  /** Idempotent. @throws NotFoundError, ForbiddenError; `reopen` too */
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
}

const ROLE = `SELECT role FROM "user" WHERE id = $1`;
const RENAME = `UPDATE chat SET name = $2, slug = $3 WHERE id = $1`;
const SET_METADATA = `UPDATE chat SET metadata = $2::text WHERE id = $1 AND metadata IS DISTINCT FROM $2 RETURNING id`;
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
}: ChatsOptions): Chats => ({
  ...createChatReads(db, presence, seenChats),
  ...createChatContents(db),
  ...createMessagesAround(db),
  ...createDirectChats({ db, log, bus, limits, users, openers: directChats }),
  ...createOrderChats({ db, log, bus, seenChats }),

  // BEGIN, two statements, three for the chat and its slug, two for its members, COMMIT.
  create: async (viewer, { name, slug, metadata: given, memberIds }) => {
    refuseProblems({
      ...problemsOf({ name, slug }),
      metadata: metadataProblem(given),
      memberIds: membersProblem(memberIds),
    });
    const metadata = checkedMetadata(given);
    const ids = [...new Set(memberIds)].filter((id) => id !== null);
    if (memberIds.includes(null)) throw new NotFoundError('User');
    const chat = await refusingTakenSlug(() =>
      db.transaction(async (tx) => {
        await requireActiveUsers(tx, ids);
        const [actor] = await tx.query<Pick<Viewer, 'role'>>(ROLE, [viewer.id]);
        if (actor === undefined || !canCreateGroup(actor)) throw new ForbiddenError('Only administrators make groups');
        const keys = isGiven(slug) ? [slugKey(slug)] : [];
        const newChat = {
          kind: 'GROUP',
          name: trimmedName(name),
          slug,
          metadata,
          keys,
          memberIds: ids,
          actorId: viewer.id,
        } as const;
        return insertChat(tx, log, newChat);
      }),
    );
    ringUsers(bus, ids, [chat.id]);
    return chat;
  },

  // BEGIN, two statements, at most six more, COMMIT.
  update: async (viewer, { chatId, name, slug, metadata: given }) => {
    refuseProblems({ ...problemsOf({ name, slug }), metadata: metadataProblem(given) });
    const metadata = given === undefined ? undefined : checkedMetadata(given);
    return refusingTakenSlug(() =>
      changeChat(log, viewer, chatId, async (tx, { me }) => {
        const { chat } = tx;
        if (!canRename(me.actor, chat)) throw new ForbiddenError('You may not rename this chat');
        if (chat.closedAt !== null) throw new ChatClosedError(chat.closedAt);
        const next = {
          name: isGiven(name) ? trimmedName(name) : chat.name,
          slug: slug === undefined ? chat.slug : slug,
        };
        const isRenamed = next.name !== chat.name || next.slug !== chat.slug;
        if (next.slug !== chat.slug) await moveSlug(tx, next.slug);
        if (isRenamed) await tx.query(RENAME, [chat.id, next.name, next.slug]);
        const isChanged =
          (metadata !== undefined && (await tx.query(SET_METADATA, [chat.id, metadata])).length > 0) || isRenamed;
        return isChanged ? updated(tx, me, next) : { ...chat };
      }),
    );
  },

  // BEGIN, two statements, two more if it was open, COMMIT. `reopen` likewise.
  close: (viewer, chatId) =>
    changeChat(log, viewer, chatId, async (tx, { me }) => {
      if (!canClose(me.actor, tx.chat)) throw new ForbiddenError('You may not close this chat');
      return closeWithin(tx, me.user);
    }),

  reopen: (viewer, chatId) =>
    changeChat(log, viewer, chatId, async (tx, { me }) => {
      if (!canClose(me.actor, tx.chat)) throw new ForbiddenError('You may not reopen this chat');
      return reopenWithin(tx, me.user);
    }),
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

const problemsOf = ({
  name,
  slug,
}: Pick<ChatUpdate, 'name' | 'slug'>): Record<'name' | 'slug', Problem | undefined> => ({
  name: name === null ? NOT_CLEARED : name === undefined ? undefined : nameProblem(name),
  slug: isGiven(slug) ? slugProblem(slug) : undefined,
});

const NOT_CLEARED: Problem = { code: 'BLANK', reason: 'cannot be cleared' };

/** Chats: made, renamed, closed, opened again, found and read. */
import type { Bus } from '../bus/bus.js';
import type { Database } from '../db/database.js';
import type { ChatRow } from '../log/event.js';
import type { ChatTransaction, Log } from '../log/log.js';
import { changeChat, type Person } from './chat-change.js';
import { closeWithin, reopenWithin } from './closing.js';
import { createChatContents, type ChatContents } from './chat-contents.js';
import { nameProblem, SLUG_TAKEN, slugProblem, trimmedName } from './chat-names.js';
import { createChatReads, type ChatReads } from './chat-reads.js';
import { createDirectChats, type DirectChatOpeners, type DirectChats } from './direct-chats.js';
import { ChatClosedError, ForbiddenError, InvalidInputError, NotFoundError, type InvalidField } from './errors.js';
import { createOrderChats, type OrderChats } from './order-chats.js';
import { insertChat, KeyTakenError, slugKey, takeKeys } from './new-chat.js';
import { canClose, canCreateGroup, canRename } from './policy.js';
import type { Presence } from './presence.js';
import type { RateLimits } from './rate-limits.js';
import { ringUsers } from './user-bell.js';
import type { Users } from './users.js';
import type { Viewer } from './viewer.js';

export interface NewGroup {
  name: string;
  slug?: string | null;
  /** At most 1,000; duplicates count once; null where an id did not decode. */
  memberIds: readonly (bigint | null)[];
}

export interface ChatUpdate {
  chatId: bigint | null;
  /** Absent stays; a GROUP cannot be without. */
  name?: string | null;
  /** Absent stays, null clears. */
  slug?: string | null;
}

/** Chat ids are null where the client's id did not decode: there is no such chat. */
export interface Chats extends ChatReads, ChatContents, DirectChats, OrderChats {
  /**
   * Makes a GROUP; its maker is a member only where named.
   *
   * @throws InvalidInputError, also where the slug is taken; NotFoundError for a member who is no active user; ForbiddenError
   */
  create(viewer: Viewer, group: NewGroup): Promise<ChatRow>;
  /** @throws InvalidInputError, NotFoundError, ForbiddenError, ChatClosedError */
  update(viewer: Viewer, update: ChatUpdate): Promise<ChatRow>;
  /** Once more changes nothing. @throws NotFoundError, ForbiddenError; `reopen` too */
  close(viewer: Viewer, chatId: bigint | null): Promise<ChatRow>;
  reopen(viewer: Viewer, chatId: bigint | null): Promise<ChatRow>;
}

export interface ChatsOptions {
  db: Database;
  log: Log;
  bus: Bus;
  limits: RateLimits;
  presence: Presence;
  users: Pick<Users, 'byIds'>;
  /** Who may open dialogs. */
  directChats: DirectChatOpeners;
}

const MEMBERS_MOST = 1000;

const ROLE = `SELECT role FROM "user" WHERE id = $1`;
const ACTIVE_COUNT = `SELECT count(*)::int AS count FROM "user" WHERE id = ANY($1::bigint[]) AND deactivated_at IS NULL`;
const RENAME = `UPDATE chat SET name = $2, slug = $3 WHERE id = $1`;
const DROP_KEY = `DELETE FROM chat_key WHERE key = $1 AND chat_id = $2`;

export const createChats = ({ db, log, bus, limits, presence, users, directChats }: ChatsOptions): Chats => ({
  ...createChatReads(db, presence),
  ...createChatContents(db),
  ...createDirectChats({ db, log, bus, limits, users, openers: directChats }),
  ...createOrderChats({ db, log, bus }),

  // BEGIN, two statements, three for the chat and its slug, two for its members, COMMIT.
  create: async (viewer, { name, slug, memberIds }) => {
    refuse([
      ...problemsOf({ name, slug }),
      ...(memberIds.length > MEMBERS_MOST ? [{ path: ['memberIds'], reason: `must be at most ${MEMBERS_MOST}` }] : []),
    ]);
    const ids = [...new Set(memberIds)].filter((id) => id !== null);
    if (memberIds.includes(null)) throw new NotFoundError('User');
    const chat = await refusingTakenSlug(() =>
      db.transaction(async (tx) => {
        const [active] = await tx.query<{ count: number }>(ACTIVE_COUNT, [ids]);
        if (active!.count < ids.length) throw new NotFoundError('User');
        const [actor] = await tx.query<Pick<Viewer, 'role'>>(ROLE, [viewer.id]);
        if (actor === undefined || !canCreateGroup(actor)) throw new ForbiddenError('Only administrators make groups');
        const keys = isGiven(slug) ? [slugKey(slug)] : [];
        const newChat = {
          kind: 'GROUP',
          name: trimmedName(name),
          slug,
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

  // BEGIN, two statements, at most five more, COMMIT.
  update: async (viewer, { chatId, name, slug }) => {
    refuse(problemsOf({ name, slug }));
    return refusingTakenSlug(() =>
      changeChat(log, viewer, chatId, async (tx, { me }) => {
        const { chat } = tx;
        if (!canRename(me.actor, chat)) throw new ForbiddenError('You may not rename this chat');
        if (chat.closedAt !== null) throw new ChatClosedError(chat.closedAt);
        const next = {
          name: isGiven(name) ? trimmedName(name) : chat.name,
          slug: slug === undefined ? chat.slug : slug,
        };
        if (next.name === chat.name && next.slug === chat.slug) return { ...chat };
        if (next.slug !== chat.slug) await moveSlug(tx, next.slug);
        await tx.query(RENAME, [chat.id, next.name, next.slug]);
        return updated(tx, me, next);
      }),
    );
  },

  // BEGIN, two statements, two more where it was open, COMMIT. So too `reopen`.
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

/** Appends the event, and gives the chat as it is with it. */
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
    if (error instanceof KeyTakenError) throw new InvalidInputError([{ path: ['slug'], reason: SLUG_TAKEN }]);
    throw error;
  }
};

const isGiven = <Value>(value: Value | null | undefined): value is Value => value !== null && value !== undefined;

const problemsOf = ({ name, slug }: Pick<ChatUpdate, 'name' | 'slug'>): InvalidField[] => {
  const problems = {
    name: name === null ? 'cannot be cleared' : name === undefined ? undefined : nameProblem(name),
    slug: isGiven(slug) ? slugProblem(slug) : undefined,
  };
  return Object.entries(problems).flatMap(([field, reason]) =>
    reason === undefined ? [] : [{ path: [field], reason }],
  );
};

const refuse = (fields: InvalidField[]): void => {
  if (fields.length > 0) throw new InvalidInputError(fields);
};

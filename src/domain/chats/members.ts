/** A chat's members: added and removed under the chat's lock, so that every message of theirs comes clearly before or after. */
import type { Bus } from '../../bus/bus.js';
import type { Queryable } from '../../db/database.js';
import { gather } from '../../db/gather.js';
import type { ChatRow, UserFacts } from '../../log/event.js';
import type { ChatTransaction } from '../../log/append.js';
import type { Log } from '../../log/log.js';
import { changeChat, type ChangeFacts, type Person } from '../rules/chat-change.js';
import { ChatClosedError, ForbiddenError, NotFoundError, refuseProblems, type Problem } from '../errors.js';
import { MEMBER_COLUMNS, toMember, type MemberColumns, type MemberRow } from './member-row.js';
import { canLeave, canManageMembers } from '../rules/policy.js';
import { storeNotification, ringUsers } from '../user-bell.js';
import { isAdmin, type Viewer } from '../viewer.js';
import { ASKED_CAN_SEE, askedParams, OWN_OF_ASKED, type Asked } from '../rules/asked-chats.js';

export interface MemberKey {
  chatId: bigint;
  userId: bigint;
}

export interface MemberChange {
  chat: ChatRow;
  user: UserFacts;
}

export interface MembersAdded {
  chat: ChatRow;
  /** In the requested order; includes `unchanged` ones, who were members already. */
  added: UserFacts[];
  unchanged: UserFacts[];
}

/** Ids are null if the client's id did not decode. */
export interface Members {
  /**
   * Idempotent. A new member starts at the head: everything written before counts as read.
   *
   * @throws NotFoundError, also for a deactivated user; ForbiddenError, ChatClosedError
   */
  add(viewer: Viewer, chatId: bigint | null, userId: bigint | null): Promise<MemberChange>;
  /**
   * As `add`, for 1 to 100 members at once, all or none; duplicates count once.
   *
   * @throws as `add`; InvalidInputError
   */
  addAll(viewer: Viewer, chatId: bigint | null, userIds: readonly (bigint | null)[]): Promise<MembersAdded>;
  /** @throws NotFoundError, also if the user is not a member; ForbiddenError */
  remove(viewer: Viewer, chatId: bigint | null, userId: bigint | null): Promise<MemberChange>;
  /** @returns the chat's id. @throws NotFoundError, ForbiddenError */
  leave(viewer: Viewer, chatId: bigint | null): Promise<bigint>;
  /** One statement for all that are asked for in one turn of the event loop. @returns null if it does not exist or is not visible */
  byKey(viewer: Viewer, key: MemberKey): Promise<MemberRow | null>;
}

export interface MembersOptions {
  db: Queryable;
  log: Log;
  bus: Bus;
}

/** Each starts at their own MEMBER_ADDED event. */
const ADD = `INSERT INTO member (chat_id, user_id, joined_seq, last_read_seq, read_count, set_aside_seq)
  SELECT $1, user_id, seq, seq, $4, seq FROM unnest($2::bigint[], $3::int[]) AS added(user_id, seq)`;
const MAX_ADDED = 100;

const REMOVE = `DELETE FROM member WHERE chat_id = $1 AND user_id = $2`;

const BY_KEYS = `SELECT ${MEMBER_COLUMNS}, asked.n::int AS n
  FROM unnest((SELECT $1::bigint[]), (SELECT $2::boolean[]), (SELECT $3::bigint[]), (SELECT $4::bigint[]))
    WITH ORDINALITY AS asked(viewer_id, is_admin, id, user_id, n)
  JOIN chat ON chat.id = asked.id LEFT JOIN ${OWN_OF_ASKED}
  JOIN member ON member.chat_id = asked.id AND member.user_id = asked.user_id
  JOIN "user" person ON person.id = member.user_id WHERE ${ASKED_CAN_SEE}`;

/** A change is BEGIN, two statements, three more (member, event, notification), COMMIT, for any number of new members. */
export const createMembers = ({ db, log, bus }: MembersOptions): Members => {
  /** Rings the bell; call after the commit. */
  const changed = (change: MemberChange): MemberChange => {
    ringUsers(bus, [change.user.id], [change.chat.id]);
    return change;
  };

  const add = async (
    viewer: Viewer,
    chatId: bigint | null,
    userIds: readonly (bigint | null)[],
  ): Promise<MembersAdded> => {
    const otherIds = [...new Set(userIds)].filter((id) => id !== null);
    const work = async (tx: ChatTransaction, { me, others }: ChangeFacts) => {
      const people = otherIds.flatMap((id) => others.get(id) ?? []);
      if (userIds.includes(null) || people.length < otherIds.length || people.some(({ isActive }) => !isActive))
        throw new NotFoundError('User');
      if (!canManageMembers(me.actor, tx.chat)) throw new ForbiddenError('You may not add members to this chat');
      if (tx.chat.closedAt !== null) throw new ChatClosedError(tx.chat.closedAt);
      const usersOf = (isMember: boolean) =>
        people.filter(({ actor }) => actor.isMember === isMember).map(({ user }) => user);
      const [added, unchanged] = [usersOf(false), usersOf(true)];
      if (added.length > 0) {
        const seqs = await tx.appendAll(added.map((user) => ({ type: 'MEMBER_ADDED', actor: me.user, user })));
        const ids = added.map(({ id }) => id);
        await tx.query(ADD, [tx.chat.id, ids, seqs, tx.chat.messageCount]);
        await storeNotification(tx, ids, 'CHAT_ADDED', tx.chat.id, me.user.id);
      }
      return { chat: { ...tx.chat }, added, unchanged };
    };
    const done = await changeChat(log, viewer, chatId, work, { otherIds });
    ringUsers(
      bus,
      done.added.map(({ id }) => id),
      [done.chat.id],
    );
    return done;
  };

  const read = gather<Asked & { userId: bigint }, MemberRow | null>(
    async (asked) => {
      const params = [...askedParams(asked), asked.map(({ userId }) => userId)];
      const rows = await db.query<MemberColumns & { n: number }>(BY_KEYS, params);
      const found = new Map(rows.map((row) => [row.n, toMember(row)]));
      return asked.map((_one, index) => found.get(index + 1) ?? null);
    },
    { keyOf: ({ viewer, id, userId }) => `${viewer.id} ${isAdmin(viewer)} ${id} ${userId}` },
  );

  return {
    add: async (viewer, chatId, userId) => {
      const { chat, added, unchanged } = await add(viewer, chatId, [userId]);
      return { chat, user: [...added, ...unchanged][0]! };
    },

    addAll: async (viewer, chatId, userIds) => {
      refuseProblems({ userIds: countProblem(userIds.length) });
      return add(viewer, chatId, userIds);
    },

    remove: async (viewer, chatId, userId) => {
      const remove = async (tx: ChatTransaction, { me, others }: ChangeFacts) => {
        const other = userId === null ? undefined : others.get(userId);
        if (other === undefined || !other.actor.isMember) throw new NotFoundError('Member');
        if (!canManageMembers(me.actor, tx.chat)) throw new ForbiddenError('You may not remove members from this chat');
        return takeOut(tx, me, other);
      };
      return changed(await changeChat(log, viewer, chatId, remove, { otherIds: userId === null ? [] : [userId] }));
    },

    leave: async (viewer, chatId) => {
      const leave = async (tx: ChatTransaction, { me }: ChangeFacts) => {
        if (!me.actor.isMember) throw new ForbiddenError('You are not a member of this chat');
        if (!canLeave(me.actor, tx.chat)) throw new ForbiddenError('You cannot leave this chat');
        return takeOut(tx, me, me);
      };
      return changed(await changeChat(log, viewer, chatId, leave)).chat.id;
    },

    byKey: (viewer, { chatId, userId }) => read({ viewer, id: chatId, userId }),
  };
};

/** Under the chat's lock, so each of their messages is numbered before this event or refused. */
const countProblem = (count: number): Problem | undefined => {
  const reason = `must be 1 to ${MAX_ADDED}`;
  if (count === 0) return { code: 'BLANK', reason };
  return count > MAX_ADDED ? { code: 'TOO_MANY', reason, limit: MAX_ADDED } : undefined;
};

const takeOut = async (tx: ChatTransaction, me: Person, { user }: Person) => {
  await tx.query(REMOVE, [tx.chat.id, user.id]);
  await tx.append({ type: 'MEMBER_REMOVED', actor: me.user, user });
  await storeNotification(tx, [user.id], 'CHAT_REMOVED', tx.chat.id, me.user.id);
  return { chat: { ...tx.chat }, user };
};

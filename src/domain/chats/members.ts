/** A chat's members: added and removed under the chat's lock, so that every message of theirs comes clearly before or after. */
import type { Bus } from '../../bus/bus.js';
import type { Queryable } from '../../db/database.js';
import { gather } from '../../db/gather.js';
import type { ChatRole } from '../../generated/prisma/enums.js';
import type { ChatRow, UserFacts } from '../../log/event.js';
import type { ChatTransaction } from '../../log/append.js';
import type { Log } from '../../log/log.js';
import { changeChat, type ChangeFacts, type Person } from '../rules/chat-change.js';
import {
  ChatClosedError,
  ForbiddenError,
  InvalidInputError,
  NotFoundError,
  RateLimitedError,
  refuseProblems,
  type InvalidField,
  type Problem,
} from '../errors.js';
import type { RateLimits } from '../rate-limits.js';
import type { Users } from '../accounts/users.js';
import { limited } from './group-limits.js';
import { MEMBER_COLUMNS, toMember, type MemberColumns, type MemberRow } from './member-row.js';
import { hasOtherOwner, succeed } from './owners.js';
import { canLeave, canManageMembers, canRemove, canSetRoles, isOpen } from '../rules/policy.js';
import { storeNotification, ringUsers } from '../user-bell.js';
import { isAdmin, isStaff, type Viewer } from '../viewer.js';
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
   * @throws NotFoundError, also for a deactivated user, and for one whom the viewer cannot find; ForbiddenError, ChatClosedError,
   *   RateLimitedError
   */
  add(viewer: Viewer, chatId: bigint | null, userId: bigint | null): Promise<MemberChange>;
  /**
   * As `add`, for 1 to 100 members at once, all or none; duplicates count once.
   *
   * @throws as `add`; InvalidInputError
   */
  addAll(viewer: Viewer, chatId: bigint | null, userIds: readonly (bigint | null)[]): Promise<MembersAdded>;
  /**
   * If the last owner of a group goes, somebody else becomes one.
   *
   * @throws NotFoundError, also if the user is not a member; ForbiddenError, RateLimitedError
   */
  remove(viewer: Viewer, chatId: bigint | null, userId: bigint | null): Promise<MemberChange>;
  /** As `remove`. @returns the chat's id. @throws NotFoundError, ForbiddenError */
  leave(viewer: Viewer, chatId: bigint | null): Promise<bigint>;
  /**
   * Makes the viewer a member of an OPEN group. Idempotent.
   *
   * @throws NotFoundError, ForbiddenError for a chat that the viewer sees and that is not OPEN, ChatClosedError, RateLimitedError
   */
  join(viewer: Viewer, chatId: bigint | null): Promise<ChatRow>;
  /**
   * Idempotent.
   *
   * @throws NotFoundError, also if the user is not a member; ForbiddenError, ChatClosedError, RateLimitedError; InvalidInputError if a
   *   group would have no owner any more, or a deactivated one
   */
  setRole(
    viewer: Viewer,
    chatId: bigint | null,
    userId: bigint | null,
    role: ChatRole,
  ): Promise<{ chat: ChatRow; member: MemberRow }>;
  /** One statement for all that are asked for in one turn of the event loop. @returns null if it does not exist or is not visible */
  byKey(viewer: Viewer, key: MemberKey): Promise<MemberRow | null>;
}

export interface MembersOptions {
  db: Queryable;
  log: Log;
  bus: Bus;
  limits: RateLimits;
  users: Pick<Users, 'byIds'>;
}

/** Each starts at their own MEMBER_ADDED event. */
const ADD = `INSERT INTO member (chat_id, user_id, joined_seq, last_read_seq, read_count, set_aside_seq)
  SELECT $1, user_id, seq, seq, $4, seq FROM unnest($2::bigint[], $3::int[]) AS added(user_id, seq)`;
const MAX_ADDED = 100;

const REMOVE = `DELETE FROM member WHERE chat_id = $1 AND user_id = $2`;

const SET_ROLE = `UPDATE member SET role = $3::chat_role FROM "user" person
  WHERE member.chat_id = $1 AND member.user_id = $2 AND person.id = member.user_id RETURNING ${MEMBER_COLUMNS}`;

const BY_KEYS = `SELECT ${MEMBER_COLUMNS}, asked.n::int AS n
  FROM unnest((SELECT $1::bigint[]), (SELECT $2::boolean[]), (SELECT $3::bigint[]), (SELECT $4::bigint[]))
    WITH ORDINALITY AS asked(viewer_id, is_admin, id, user_id, n)
  JOIN chat ON chat.id = asked.id LEFT JOIN ${OWN_OF_ASKED}
  JOIN member ON member.chat_id = asked.id AND member.user_id = asked.user_id
  JOIN "user" person ON person.id = member.user_id WHERE ${ASKED_CAN_SEE}`;

/** A change is BEGIN, two statements, three more (member, event, notification), COMMIT, for any number of new members. */
export const createMembers = ({ db, log, bus, limits, users }: MembersOptions): Members => {
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
    const isFound = isStaff(viewer) || !(await users.byIds(viewer, otherIds)).includes(undefined);
    const work = async (tx: ChatTransaction, { me, others }: ChangeFacts) => {
      const people = otherIds.flatMap((id) => others.get(id) ?? []);
      if (
        !isFound ||
        userIds.includes(null) ||
        people.length < otherIds.length ||
        people.some(({ isActive }) => !isActive)
      )
        throw new NotFoundError('User');
      if (!canManageMembers(me.actor, tx.chat)) throw new ForbiddenError('You may not add members to this chat');
      if (tx.chat.closedAt !== null) throw new ChatClosedError(tx.chat.closedAt);
      const usersOf = (isMember: boolean) =>
        people.filter(({ actor }) => actor.isMember === isMember).map(({ user }) => user);
      const [added, unchanged] = [usersOf(false), usersOf(true)];
      if (added.length > 0) await putIn(tx, me, added);
      return { chat: { ...tx.chat }, added, unchanged };
    };
    const done = await limited(limits, 'manage', viewer, () => changeChat(log, viewer, chatId, work, { otherIds }));
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
        if (!canRemove(me.actor, tx.chat, other.actor)) throw new ForbiddenError(NO_REMOVAL);
        return takeOut(tx, me, other);
      };
      const otherIds = userId === null ? [] : [userId];
      return changed(
        await limited(limits, 'manage', viewer, () => changeChat(log, viewer, chatId, remove, { otherIds })),
      );
    },

    leave: async (viewer, chatId) => {
      const leave = async (tx: ChatTransaction, { me }: ChangeFacts) => {
        if (!me.actor.isMember) throw new ForbiddenError('You are not a member of this chat');
        if (!canLeave(me.actor, tx.chat)) throw new ForbiddenError('You cannot leave this chat');
        return takeOut(tx, me, me);
      };
      return changed(await changeChat(log, viewer, chatId, leave)).chat.id;
    },

    join: async (viewer, chatId) => {
      const taken = await limits.take('join', String(viewer.id));
      const giveBack = () => taken.allowed && taken.giveBack();
      const join = async (tx: ChatTransaction, { me }: ChangeFacts) => {
        if (me.actor.isMember) return { chat: { ...tx.chat }, isNew: false };
        if (!isOpen(tx.chat)) throw new ForbiddenError('One is added to this chat, or invited');
        if (tx.chat.closedAt !== null) throw new ChatClosedError(tx.chat.closedAt);
        if (!taken.allowed) throw new RateLimitedError(taken.retryAfterMs);
        await putIn(tx, me, [me.user]);
        return { chat: { ...tx.chat }, isNew: true };
      };
      try {
        const { chat, isNew } = await changeChat(log, viewer, chatId, join, { isFound: isOpen });
        if (isNew) ringUsers(bus, [viewer.id], [chat.id]);
        else giveBack();
        return chat;
      } catch (error) {
        giveBack();
        throw error;
      }
    },

    setRole: async (viewer, chatId, userId, role) => {
      const setRole = async (tx: ChatTransaction, { me, others }: ChangeFacts) => {
        const other = userId === null ? undefined : others.get(userId);
        if (other === undefined || !other.actor.isMember) throw new NotFoundError('Member');
        if (!canSetRoles(me.actor, tx.chat)) throw new ForbiddenError('You may not change roles in this chat');
        if (tx.chat.closedAt !== null) throw new ChatClosedError(tx.chat.closedAt);
        const isChange = other.actor.chatRole !== role;
        if (isChange && role === 'OWNER' && !other.isActive) throw new InvalidInputError([DEACTIVATED_OWNER]);
        if (isChange && other.actor.chatRole === 'OWNER' && !(await hasOtherOwner(tx, other.user.id)))
          throw new InvalidInputError([LAST_OWNER]);
        const [member] = await tx.query<MemberColumns>(SET_ROLE, [tx.chat.id, other.user.id, role]);
        if (isChange) await tx.append({ type: 'MEMBER_UPDATED', actor: me.user, user: other.user });
        return { chat: { ...tx.chat }, member: toMember(member!) };
      };
      const otherIds = userId === null ? [] : [userId];
      return limited(limits, 'manage', viewer, () => changeChat(log, viewer, chatId, setRole, { otherIds }));
    },

    byKey: (viewer, { chatId, userId }) => read({ viewer, id: chatId, userId }),
  };
};

/** They must not be members yet. */
export const putIn = async (tx: ChatTransaction, me: Person, users: readonly UserFacts[]): Promise<void> => {
  const seqs = await tx.appendAll(users.map((user) => ({ type: 'MEMBER_ADDED', actor: me.user, user })));
  const ids = users.map(({ id }) => id);
  await tx.query(ADD, [tx.chat.id, ids, seqs, tx.chat.messageCount]);
  await storeNotification(tx, ids, 'CHAT_ADDED', tx.chat.id, me.user.id);
};

const NO_REMOVAL = 'You may not remove this member from this chat';
const LAST_OWNER: InvalidField = {
  path: ['role'],
  code: 'NOT_ALLOWED',
  reason: 'of the last owner stays: make somebody else an owner first',
};
const DEACTIVATED_OWNER: InvalidField = {
  path: ['userId'],
  code: 'NOT_ALLOWED',
  reason: 'must be an active account to own a chat',
};

const countProblem = (count: number): Problem | undefined => {
  const reason = `must be 1 to ${MAX_ADDED}`;
  if (count === 0) return { code: 'BLANK', reason };
  return count > MAX_ADDED ? { code: 'TOO_MANY', reason, limit: MAX_ADDED } : undefined;
};

/** Under the chat's lock, so each of their messages is numbered before this event or refused. */
const takeOut = async (tx: ChatTransaction, me: Person, { user, actor }: Person) => {
  await tx.query(REMOVE, [tx.chat.id, user.id]);
  await tx.append({ type: 'MEMBER_REMOVED', actor: me.user, user });
  await storeNotification(tx, [user.id], 'CHAT_REMOVED', tx.chat.id, me.user.id);
  if (actor.chatRole === 'OWNER') await succeed(tx, me);
  return { chat: { ...tx.chat }, user };
};

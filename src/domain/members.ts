/** Who is in which chat: brought in and taken out under the chat's lock, so that nothing they send falls between. */
import type { Bus } from '../bus/bus.js';
import type { Queryable } from '../db/database.js';
import type { ChatRow, UserFacts } from '../log/event.js';
import type { ChatTransaction, Log } from '../log/log.js';
import { changeChat, type Person } from './chat-change.js';
import { ChatClosedError, ForbiddenError, NotFoundError } from './errors.js';
import { MEMBER_COLUMNS, toMember, type MemberColumns, type MemberRow } from './member-row.js';
import { canLeave, canManageMembers } from './policy.js';
import { notify, ringUsers } from './user-bell.js';
import type { Viewer } from './viewer.js';
import { CAN_SEE, OWN, viewerParams } from './visibility.js';

export interface MemberKey {
  chatId: bigint;
  userId: bigint;
}

export interface MemberChange {
  chat: ChatRow;
  user: UserFacts;
}

/** Ids are null where the client's did not decode. */
export interface Members {
  /**
   * Once more changes nothing. A new member starts at the head: all that was written before counts as read.
   *
   * @throws NotFoundError, also for a deactivated user; ForbiddenError, ChatClosedError
   */
  add(viewer: Viewer, chatId: bigint | null, userId: bigint | null): Promise<MemberChange>;
  /** @throws NotFoundError, also for one who is no member; ForbiddenError */
  remove(viewer: Viewer, chatId: bigint | null, userId: bigint | null): Promise<MemberChange>;
  /** @returns the chat's id. @throws NotFoundError, ForbiddenError */
  leave(viewer: Viewer, chatId: bigint | null): Promise<bigint>;
  /** In the order of `keys`, null for what is not there or not seen. One statement. */
  byKeys(viewer: Viewer, keys: readonly MemberKey[]): Promise<(MemberRow | null)[]>;
}

export interface MembersOptions {
  db: Queryable;
  log: Log;
  bus: Bus;
}

const ADD = `INSERT INTO member (chat_id, user_id, joined_seq, last_read_seq, read_count, set_aside_seq) VALUES ($1, $2, $3, $3, $4, $3)`;
const REMOVE = `DELETE FROM member WHERE chat_id = $1 AND user_id = $2`;

const BY_KEYS = `SELECT ${MEMBER_COLUMNS}, asked.n::int AS n
  FROM unnest($3::bigint[], $4::bigint[]) WITH ORDINALITY AS asked(chat_id, user_id, n)
  JOIN chat ON chat.id = asked.chat_id LEFT JOIN ${OWN}
  JOIN member ON member.chat_id = asked.chat_id AND member.user_id = asked.user_id
  JOIN "user" person ON person.id = member.user_id WHERE ${CAN_SEE}`;

/** A change is BEGIN, two statements, three more (member, event, notification), COMMIT. */
export const createMembers = ({ db, log, bus }: MembersOptions): Members => {
  /** Rings, once it has committed, where anything changed. */
  const changed = ({ isChanged, ...change }: MemberChange & { isChanged: boolean }): MemberChange => {
    if (isChanged) ringUsers(bus, [change.user.id], [change.chat.id]);
    return change;
  };

  return {
    add: async (viewer, chatId, userId) => {
      const add = async (tx: ChatTransaction, { me, other }: { me: Person; other: Person | undefined }) => {
        if (other === undefined || !other.isActive) throw new NotFoundError('User');
        if (!canManageMembers(me.actor, tx.chat)) throw new ForbiddenError('You may not add members to this chat');
        if (tx.chat.closedAt !== null) throw new ChatClosedError(tx.chat.closedAt);
        const { user } = other;
        if (other.actor.isMember) return { chat: { ...tx.chat }, user, isChanged: false };
        const seq = await tx.append({ type: 'MEMBER_ADDED', actor: me.user, user });
        await tx.query(ADD, [tx.chat.id, user.id, seq, tx.chat.messageCount]);
        await notify(tx, [user.id], 'CHAT_ADDED', tx.chat.id, me.user.id);
        return { chat: { ...tx.chat }, user, isChanged: true };
      };
      return changed(await changeChat(log, viewer, chatId, add, { otherId: userId }));
    },

    remove: async (viewer, chatId, userId) => {
      const remove = async (tx: ChatTransaction, { me, other }: { me: Person; other: Person | undefined }) => {
        if (other === undefined || !other.actor.isMember) throw new NotFoundError('Member');
        if (!canManageMembers(me.actor, tx.chat)) throw new ForbiddenError('You may not remove members from this chat');
        return takeOut(tx, me, other);
      };
      return changed(await changeChat(log, viewer, chatId, remove, { otherId: userId }));
    },

    leave: async (viewer, chatId) => {
      const leave = async (tx: ChatTransaction, { me }: { me: Person }) => {
        if (!me.actor.isMember) throw new ForbiddenError('You are not a member of this chat');
        if (!canLeave(me.actor, tx.chat)) throw new ForbiddenError('You cannot leave this chat');
        return takeOut(tx, me, me);
      };
      return changed(await changeChat(log, viewer, chatId, leave)).chat.id;
    },

    byKeys: async (viewer, keys) => {
      const rows = await db.query<MemberColumns & { n: number }>(BY_KEYS, [
        ...viewerParams(viewer),
        keys.map((key) => key.chatId),
        keys.map((key) => key.userId),
      ]);
      const found = new Map(rows.map((row) => [row.n, toMember(row)]));
      return keys.map((_key, index) => found.get(index + 1) ?? null);
    },
  };
};

/** Under the chat's lock, so what they send is numbered before this event or refused. */
const takeOut = async (tx: ChatTransaction, me: Person, { user }: Person) => {
  await tx.query(REMOVE, [tx.chat.id, user.id]);
  await tx.append({ type: 'MEMBER_REMOVED', actor: me.user, user });
  await notify(tx, [user.id], 'CHAT_REMOVED', tx.chat.id, me.user.id);
  return { chat: { ...tx.chat }, user, isChanged: true };
};

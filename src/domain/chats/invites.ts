/**
 * Invites: whoever has the code of one joins its group. All of a chat's are written under the lock of its row, where they are counted.
 */
import { randomBytes } from 'node:crypto';
import type { Bus } from '../../bus/bus.js';
import type { Queryable } from '../../db/database.js';
import type { ChatTransaction } from '../../log/append.js';
import type { ChatRow } from '../../log/event.js';
import type { Log } from '../../log/log.js';
import { originKeyOf } from '../accounts/origin-key.js';
import {
  ChatClosedError,
  ForbiddenError,
  InvalidInputError,
  NotFoundError,
  RateLimitedError,
  refuseProblems,
  type Problem,
} from '../errors.js';
import type { RateLimits } from '../rate-limits.js';
import { ASKED, ASKED_CHATS, askedParams, gatherAsked, OWN_OF_ASKED, toEachOfMany } from '../rules/asked-chats.js';
import { changeChat, type ChangeFacts } from '../rules/chat-change.js';
import { canInvite } from '../rules/policy.js';
import { canInviteSql } from '../rules/visibility.js';
import { ringUsers } from '../user-bell.js';
import type { Viewer } from '../viewer.js';
import { limited } from './group-limits.js';
import { putIn } from './members.js';

export interface InviteRow {
  id: bigint;
  chatId: bigint;
  code: string;
  createdById: bigint;
  expiresAt: Date | null;
  /** Null: any number. */
  maxUses: number | null;
  uses: number;
}

/** What is told to whoever has the code. */
export interface InvitePreview {
  chatName: string;
  memberCount: number;
  createdById: bigint;
  expiresAt: Date | null;
}

export interface NewInvite {
  /** Null if the client's id did not decode. */
  chatId: bigint | null;
  expiresAt?: Date | null;
  maxUses?: number | null;
}

export interface Invites {
  /** @throws NotFoundError, ForbiddenError, ChatClosedError, RateLimitedError, InvalidInputError also if the group has 100 */
  create(viewer: Viewer, invite: NewInvite): Promise<InviteRow>;
  /** Idempotent. @throws NotFoundError, ForbiddenError */
  revoke(viewer: Viewer, id: bigint | null): Promise<bigint>;
  /**
   * Makes the viewer a member and counts a use, both or neither. Idempotent for members, of whom none is counted.
   *
   * @returns the chat
   * @throws NotFoundError if there is no such invite, or it has expired, is used up or revoked; ChatClosedError, RateLimitedError
   */
  accept(viewer: Viewer, code: string): Promise<ChatRow>;
  /**
   * For anybody.
   *
   * @param address of who asks; null if it is unknown
   * @returns null as `accept` throws, and if the group is closed
   * @throws RateLimitedError
   */
  preview(code: string, address: string | null): Promise<InvitePreview | null>;
  /** Those that can be used, newest first; null for a viewer who may not invite. One statement for all that is asked for at once. */
  list(viewer: Viewer, chatId: bigint): Promise<InviteRow[] | null>;
  /** Null unless it can be used and the viewer may invite; as `list`. */
  byId(viewer: Viewer, id: bigint): Promise<InviteRow | null>;
  /** A path, or an address if PUBLIC_URL is set. */
  urlOf(invite: Pick<InviteRow, 'code'>): string;
}

export interface InvitesOptions {
  db: Queryable;
  log: Log;
  bus: Bus;
  limits: RateLimits;
  publicUrl: string | undefined;
}

const CODE_BYTES = 16;
export const newInviteCode = (): string => randomBytes(CODE_BYTES).toString('base64url');
const CODE = /^[A-Za-z0-9_-]{22}$/;
const MOST_LIVE = 100;
/** Of those that can no longer be used: a retry of their last use finds its group, and revoking stays idempotent. */
const MOST_KEPT = 100;
const MOST_USES = 10_000;

const COLUMNS = `invite.id, invite.chat_id AS "chatId", invite.code, invite.created_by_id AS "createdById",
  invite.expires_at AS "expiresAt", invite.max_uses AS "maxUses", invite.uses`;

// Not now(): that is when the transaction began, before it waited for the chat's lock.
const IS_LIVE = `(invite.revoked_at IS NULL AND (invite.expires_at IS NULL OR invite.expires_at > clock_timestamp())
  AND (invite.max_uses IS NULL OR invite.uses < invite.max_uses))`;

const CREATE = `INSERT INTO invite (chat_id, code, created_by_id, expires_at, max_uses)
  SELECT $1::bigint, $2::text, $3::bigint, $4::timestamptz, $5::int
  WHERE (SELECT count(*) FROM invite WHERE invite.chat_id = $1 AND ${IS_LIVE}) < ${MOST_LIVE} RETURNING ${COLUMNS}`;
const FORGET = `DELETE FROM invite WHERE invite.chat_id = $1 AND NOT ${IS_LIVE} AND invite.id NOT IN (
  SELECT invite.id FROM invite WHERE invite.chat_id = $1 AND NOT ${IS_LIVE} ORDER BY invite.id DESC LIMIT ${MOST_KEPT})`;
const CHAT_BY_ID = `SELECT chat_id AS "chatId", id FROM invite WHERE id = $1`;
const CHAT_BY_CODE = `SELECT chat_id AS "chatId", id FROM invite WHERE code = $1`;
const REVOKE = `UPDATE invite SET revoked_at = coalesce(revoked_at, now()) WHERE id = $1 AND chat_id = $2 RETURNING id`;
const USE = `UPDATE invite SET uses = uses + 1 WHERE id = $1 AND chat_id = $2 AND ${IS_LIVE} RETURNING id`;

const PREVIEW = `SELECT chat.name AS "chatName", invite.created_by_id AS "createdById", invite.expires_at AS "expiresAt",
    (SELECT count(*)::int FROM member WHERE member.chat_id = chat.id) AS "memberCount"
  FROM invite JOIN chat ON chat.id = invite.chat_id WHERE invite.code = $1 AND ${IS_LIVE} AND chat.closed_at IS NULL`;

/** A row without an invite for a chat that has none. */
const LIST = `SELECT chat.id AS "ofChat", CASE WHEN row_number() OVER (PARTITION BY chat.id) = 1 THEN chat.seen_by END AS "seenBy",
    ${COLUMNS}
  FROM (SELECT chat.id, array_agg(asked.n::int) AS seen_by FROM ${ASKED_CHATS} WHERE ${canInviteSql('asked.is_admin')}
    GROUP BY chat.id) chat
  LEFT JOIN invite ON invite.chat_id = chat.id AND ${IS_LIVE} ORDER BY chat.id, invite.id DESC`;

/** `ASKED` with the chat of each invite. */
const BY_IDS = `SELECT asked.n::int AS n, ${COLUMNS}
  FROM (SELECT asked.viewer_id, asked.is_admin, invite.chat_id AS id, invite.id AS invite_id, asked.n
    FROM ${ASKED} JOIN invite ON invite.id = asked.id) asked
  JOIN invite ON invite.id = asked.invite_id JOIN chat ON chat.id = asked.id LEFT JOIN ${OWN_OF_ASKED}
  WHERE ${IS_LIVE} AND ${canInviteSql('asked.is_admin')}`;

interface Found {
  id: bigint;
  chatId: bigint;
}

/** Creating is BEGIN, four statements, COMMIT; revoking and accepting one statement, BEGIN, three (and three for a member), COMMIT. */
export const createInvites = ({ db, log, bus, limits, publicUrl = '' }: InvitesOptions): Invites => ({
  create: async (viewer, { chatId, expiresAt = null, maxUses = null }) => {
    refuseProblems({ expiresAt: expiryProblem(expiresAt), maxUses: usesProblem(maxUses) });
    const create = async (tx: ChatTransaction, { me }: ChangeFacts) => {
      if (!canInvite(me.actor, tx.chat)) throw new ForbiddenError('You may not invite people to this chat');
      if (tx.chat.closedAt !== null) throw new ChatClosedError(tx.chat.closedAt);
      const values = [tx.chat.id, newInviteCode(), viewer.id, expiresAt, maxUses];
      const [invite] = await tx.query<InviteRow>(CREATE, values);
      if (invite === undefined) throw tooMany();
      await tx.query(FORGET, [tx.chat.id]);
      return invite;
    };
    return limited(limits, 'invite', viewer, () => changeChat(log, viewer, chatId, create));
  },

  revoke: async (viewer, id) => {
    const [found] = id === null ? [] : await db.query<Found>(CHAT_BY_ID, [id]);
    if (found === undefined) throw new NotFoundError('Invite');
    const revoke = async (tx: ChatTransaction, { me }: ChangeFacts) => {
      if (!canInvite(me.actor, tx.chat)) throw new ForbiddenError('You may not revoke invites to this chat');
      const [revoked] = await tx.query<{ id: bigint }>(REVOKE, [found.id, found.chatId]);
      if (revoked === undefined) throw new NotFoundError('Invite');
      return revoked;
    };
    return (await asInvite(changeChat(log, viewer, found.chatId, revoke))).id;
  },

  accept: async (viewer, code) => {
    const [found] = CODE.test(code) ? await db.query<Found>(CHAT_BY_CODE, [code]) : [];
    if (found === undefined) throw new NotFoundError('Invite');
    const taken = await limits.take('join', String(viewer.id));
    const giveBack = () => taken.allowed && taken.giveBack();
    const accept = async (tx: ChatTransaction, { me }: ChangeFacts) => {
      if (me.actor.isMember) return { chat: { ...tx.chat }, isNew: false };
      if ((await tx.query(USE, [found.id, found.chatId])).length === 0) throw new NotFoundError('Invite');
      if (tx.chat.closedAt !== null) throw new ChatClosedError(tx.chat.closedAt);
      if (!taken.allowed) throw new RateLimitedError(taken.retryAfterMs);
      await putIn(tx, me, [me.user]);
      return { chat: { ...tx.chat }, isNew: true };
    };
    try {
      const { chat, isNew } = await changeChat(log, viewer, found.chatId, accept, { isFound: () => true });
      if (isNew) ringUsers(bus, [viewer.id], [chat.id]);
      else giveBack();
      return chat;
    } catch (error) {
      giveBack();
      throw error;
    }
  },

  preview: async (code, address) => {
    if (address !== null) {
      const taken = await limits.take('inviteFrom', originKeyOf(address));
      if (!taken.allowed) throw new RateLimitedError(taken.retryAfterMs);
    }
    const [preview] = CODE.test(code) ? await db.query<InvitePreview>(PREVIEW, [code]) : [];
    return preview ?? null;
  },

  list: gatherAsked(async (asked) => {
    const rows = await db.query<ListedRow>(LIST, askedParams(asked));
    const own = rows.map(({ ofChat, seenBy, id, ...invite }) => ({ ...invite, id, seenBy, chatId: ofChat }));
    return toEachOfMany(asked, own, (some) =>
      some.length === 0
        ? null
        : some.flatMap(({ seenBy: _, id, ...invite }) => (id === null ? [] : [{ ...invite, id } as InviteRow])),
    );
  }),

  byId: gatherAsked(async (asked) => {
    const rows = await db.query<InviteRow & { n: number }>(BY_IDS, askedParams(asked));
    const found = asked.map((): InviteRow | null => null);
    for (const { n, ...invite } of rows) found[n - 1] = invite;
    return found;
  }),

  urlOf: ({ code }) => `${publicUrl}/invite/${code}`,
});

/** All null but the first two where the chat has no invite. */
type ListedRow = { ofChat: bigint; seenBy: number[] | null } & { [Name in keyof InviteRow]: InviteRow[Name] | null };

/** Whoever does not see its chat does not learn that there is one. */
const asInvite = async <Result>(work: Promise<Result>): Promise<Result> => {
  try {
    return await work;
  } catch (error) {
    throw error instanceof NotFoundError ? new NotFoundError('Invite') : error;
  }
};

const tooMany = () =>
  new InvalidInputError([
    {
      path: ['chatId'],
      code: 'TOO_MANY',
      limit: MOST_LIVE,
      reason: `has ${MOST_LIVE} invites already: revoke one first`,
    },
  ]);

const expiryProblem = (expiresAt: Date | null): Problem | undefined =>
  expiresAt !== null && expiresAt.getTime() <= Date.now()
    ? { code: 'OUT_OF_RANGE', reason: 'must lie in the future' }
    : undefined;

const usesProblem = (maxUses: number | null): Problem | undefined =>
  maxUses !== null && (maxUses < 1 || maxUses > MOST_USES)
    ? { code: 'OUT_OF_RANGE', reason: `must be 1 to ${MOST_USES}`, limit: MOST_USES }
    : undefined;

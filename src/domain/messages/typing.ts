/** Who is typing. Not stored: sent to those who listen, and it expires by itself. */
import type { Bus } from '../../bus/bus.js';
import type { Queryable } from '../../db/database.js';
import { chatTopic } from '../../log/doorbell.js';
import type { UserFacts } from '../../log/event.js';
import { IS_BROADCAST } from './broadcast.js';
import { NotFoundError, RateLimitedError } from '../errors.js';
import { PERSON_COLUMNS, toUser, type PersonColumns } from '../person-row.js';
import { canSee, type ChatFacts } from '../rules/policy.js';
import type { AsPresent } from '../rules/presence.js';
import type { RateLimits } from '../rate-limits.js';
import type { Viewer } from '../viewer.js';
import { refuseWriting } from '../rules/write-refusals.js';

export interface Typing {
  /**
   * Reports that the viewer is typing, or has stopped: one statement. A repeated report extends it.
   *
   * @param chatId null if the id did not decode
   * @returns when it expires unless repeated; null once stopped
   * @throws NotFoundError, ForbiddenError, ChatClosedError, PlanRequiredError, NotJoinedError, RateLimitedError
   */
  set(viewer: Viewer, chatId: bigint | null, isTyping: boolean): Promise<{ expiresAt: Date | null }>;
  /** Reports at once the end of all typing whose end this node would report. */
  close(): void;
}

export interface TypingOptions {
  db: Queryable;
  bus: Bus;
  limits: RateLimits;
  asPresent: AsPresent;
  lastsMs?: number;
}

const TYPIST = `SELECT chat.kind, chat.closed_at AS "closedAt", chat.has_business AS "hasBusiness", chat.is_blocked AS "isBlocked", chat.head_seq AS "headSeq", member.user_id IS NOT NULL AS "isMember",
    ${IS_BROADCAST} AS "isBroadcast", ${PERSON_COLUMNS}
  FROM chat JOIN "user" person ON person.id = $2 LEFT JOIN member ON member.chat_id = chat.id AND member.user_id = person.id
  WHERE chat.id = $1`;

interface TypistRow extends ChatFacts, PersonColumns {
  isMember: boolean;
  isBroadcast: boolean;
  headSeq: number;
}

export const createTyping = ({ db, bus, limits, asPresent, lastsMs = 5000 }: TypingOptions): Typing => {
  /** Ends that this node will report; as many as were typing in the last few seconds. */
  const ends = new Map<string, { timer: NodeJS.Timeout; tell: () => void }>();

  const publish = (chatId: bigint, user: UserFacts, headSeq: number, expiresAt: Date | null) =>
    bus.publish(chatTopic(chatId), {
      ephemerals: [{ kind: 'typing', chatId, user, isTyping: expiresAt !== null, expiresAt, headSeq }],
    });

  const tell = (chatId: bigint, user: UserFacts, headSeq: number, expiresAt: Date | null) => {
    const key = `${chatId}:${user.id}`;
    clearTimeout(ends.get(key)?.timer);
    ends.delete(key);
    publish(chatId, user, headSeq, expiresAt);
    if (expiresAt === null) return;
    const end = () => tell(chatId, user, headSeq, null);
    ends.set(key, { timer: setTimeout(end, lastsMs), tell: end });
  };

  const set = async (viewer: Viewer, chatId: bigint, isTyping: boolean, isPresent: boolean) => {
    const [row] = await db.query<TypistRow>(TYPIST, [chatId, viewer.id]);
    if (row === undefined) throw new NotFoundError('Chat');
    const actor = { id: viewer.id, role: row.role, isMember: row.isMember, isPresent };
    if (!canSee(actor, row)) throw new NotFoundError('Chat');
    refuseWriting(actor, row);
    const taken = await limits.take('typing', String(viewer.id));
    if (!taken.allowed) throw new RateLimitedError(taken.retryAfterMs);

    const expiresAt = isTyping ? new Date(Date.now() + lastsMs) : null;
    if (row.isBroadcast) tell(chatId, toUser(row), row.headSeq, expiresAt);
    return { expiresAt };
  };

  return {
    set: async (viewer, chatId, isTyping) => {
      if (chatId === null) throw new NotFoundError('Chat');
      return asPresent(viewer.id, chatId, (isPresent) => set(viewer, chatId, isTyping, isPresent));
    },
    close: () => {
      for (const end of [...ends.values()]) end.tell();
    },
  };
};

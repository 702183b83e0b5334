/**
 * Once a second each node asks the database what moved in any chat since it last asked. With the bus gone for ever this alone
 * carries everything, a second late. It costs as much as was written, not as much as is followed.
 */
import type { Queryable } from '../db/database.js';
import { committedSince, MOMENT, type Moment } from './since.js';

/** What was committed since the last round. */
export interface Moved {
  /** The newest number of each chat that moved. */
  chats: Map<bigint, number>;
  /** Of these those that were made, or whose members changed. */
  regroupedChatIds: bigint[];
  /** Users who got or read a notification, read a chat or joined one. */
  notifiedUserIds: bigint[];
  /** Sessions made or ended. */
  sessionIds: string[];
  /** Users whose account changed, or who revoked an API token. */
  userIds: bigint[];
  /** The round before failed, or the database is another than before: followed logs should be compared with it. */
  isAfterFailure: boolean;
}

const SINCE = committedSince('xid', '$1', '$2');

/**
 * `$1` and `$2` are the last round's moment; this round's is read in the same statement as its rows. From the last round's xmin
 * instead, one transaction left open anywhere on the server would make every round read everything since.
 */
const MOVED = `
WITH changed(kind, id, seq) AS (
  SELECT 'chat', chat_id::text, max(seq) FROM event WHERE ${SINCE} GROUP BY chat_id
  UNION ALL SELECT DISTINCT 'regrouped', chat_id::text, 0 FROM event
    WHERE ${SINCE} AND type IN ('CHAT_CREATED', 'MEMBER_ADDED', 'MEMBER_REMOVED')
  UNION ALL (SELECT 'notification', user_id::text, 0 FROM notification WHERE ${SINCE}
    UNION SELECT 'notification', user_id::text, 0 FROM member WHERE ${SINCE})
  UNION ALL SELECT 'session', id::text, 0 FROM session WHERE ${SINCE} AND ended_at IS NOT NULL
  UNION ALL SELECT 'user', id::text, 0 FROM "user" WHERE ${SINCE}
  UNION ALL SELECT 'user', user_id::text, 0 FROM api_token WHERE ${SINCE} AND revoked_at IS NOT NULL
), moment AS (SELECT ${MOMENT})
SELECT moment.xmax, moment.xip, kind, id, seq FROM moment LEFT JOIN changed ON true`;

/** Rounds. */
const EARLIER = 10;

const FIRST = `SELECT ${MOMENT}`;

interface MovedRow extends Moment {
  kind: 'chat' | 'regrouped' | 'notification' | 'session' | 'user' | null;
  id: string;
  seq: number;
}

export interface Rounds {
  /** Told after each round in which something moved, or that followed a failure. */
  onMoved(listener: (moved: Moved) => void): () => void;
  /** Asks now; the interval goes on as before. */
  look(): Promise<void>;
  /** Some rounds ago: what was committed since may have passed by one who has only begun to listen. */
  earlier(): Moment;
  stop(): Promise<void>;
}

export const createRounds = async (
  db: Queryable,
  { intervalMs, onError }: { intervalMs: number; onError: (error: unknown) => void },
): Promise<Rounds> => {
  const listeners = new Set<(moved: Moved) => void>();
  let last = (await db.query<Moment>(FIRST))[0]!;
  let earlier = [last];
  let isAfterFailure = false;
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();

  const round = async () => {
    try {
      const rows = await db.query<MovedRow>(MOVED, [last.xmax, last.xip]);
      const { xmax, xip } = rows[0]!;
      // Transaction numbers do not go back; a restored database's do.
      const isOther = BigInt(xmax) < BigInt(last.xmax);
      last = { xmax, xip };
      earlier = isOther ? [last] : [...earlier.slice(-EARLIER), last];
      const moved: Moved = {
        chats: new Map(),
        regroupedChatIds: [],
        notifiedUserIds: [],
        sessionIds: [],
        userIds: [],
        isAfterFailure: isAfterFailure || isOther,
      };
      for (const row of rows) {
        if (row.kind === 'chat') moved.chats.set(BigInt(row.id), row.seq);
        if (row.kind === 'regrouped') moved.regroupedChatIds.push(BigInt(row.id));
        if (row.kind === 'notification') moved.notifiedUserIds.push(BigInt(row.id));
        if (row.kind === 'session') moved.sessionIds.push(row.id);
        if (row.kind === 'user') moved.userIds.push(BigInt(row.id));
      }
      isAfterFailure = false;
      if (rows[0]!.kind === null && !moved.isAfterFailure) return;
      for (const listener of listeners) listener(moved);
    } catch (error) {
      isAfterFailure = true;
      if (!isStopped) onError(error);
    }
  };

  const look = () => (running = running.then(round));
  const schedule = () => {
    timer = setTimeout(() => void look().then(() => isStopped || schedule()), intervalMs);
  };
  schedule();

  return {
    onMoved: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    look,
    earlier: () => earlier[0]!,
    stop: async () => {
      isStopped = true;
      clearTimeout(timer);
      await running;
    },
  };
};

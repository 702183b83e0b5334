/**
 * Once a second each node asks the database what moved in any chat since it last asked. With the bus gone for ever this alone
 * carries everything, a second late. It costs as much as was written, not as much as is followed.
 */
import type { Queryable } from '../db/database.js';

/** What was committed since the last round. */
export interface Moved {
  /** The newest number of each chat that moved. */
  chats: Map<bigint, number>;
  /** Users who got or read a notification. */
  notifiedUserIds: bigint[];
  /** Sessions made or ended. */
  sessionIds: string[];
  /** Users whose account changed. */
  userIds: bigint[];
  /** The round before failed, or the database is another than before: followed logs should be compared with it. */
  isAfterFailure: boolean;
}

/**
 * `$1` and `$2` are the last round's xmax and the transactions that were running then, this round's are read in the same
 * statement as its rows. From the last round's xmin instead, one transaction left open anywhere on the server would make
 * every round read everything since. The one place, with the advisory lock of the migrations, that asks PostgreSQL alone.
 */
const MOVED = `
WITH snapshot AS (SELECT pg_current_snapshot() AS now),
changed(kind, id, seq) AS (
  SELECT 'chat', chat_id::text, max(seq) FROM event, snapshot
    WHERE (xid >= $1::xid8 OR xid = ANY($2::xid8[])) AND xid < pg_snapshot_xmax(now) GROUP BY chat_id
  UNION ALL SELECT 'notification', user_id::text, 0 FROM notification, snapshot
    WHERE (xid >= $1::xid8 OR xid = ANY($2::xid8[])) AND xid < pg_snapshot_xmax(now) GROUP BY user_id
  UNION ALL SELECT 'session', id::text, 0 FROM session, snapshot
    WHERE (xid >= $1::xid8 OR xid = ANY($2::xid8[])) AND xid < pg_snapshot_xmax(now) AND ended_at IS NOT NULL
  UNION ALL SELECT 'user', id::text, 0 FROM "user", snapshot
    WHERE (xid >= $1::xid8 OR xid = ANY($2::xid8[])) AND xid < pg_snapshot_xmax(now)
)
SELECT pg_snapshot_xmax(now)::text AS xmax, ARRAY(SELECT pg_snapshot_xip(now)::text) AS xip, kind, id, seq
FROM snapshot LEFT JOIN changed ON true`;

const FIRST = `SELECT pg_snapshot_xmax(now)::text AS xmax, ARRAY(SELECT pg_snapshot_xip(now)::text) AS xip FROM pg_current_snapshot() AS now`;

interface MovedRow {
  xmax: string;
  xip: string[];
  kind: 'chat' | 'notification' | 'session' | 'user' | null;
  id: string;
  seq: number;
}

export interface Rounds {
  /** Told after each round in which something moved, or that followed a failure. */
  onMoved(listener: (moved: Moved) => void): () => void;
  /** Asks now; the interval goes on as before. */
  look(): Promise<void>;
  stop(): Promise<void>;
}

export const createRounds = async (
  db: Queryable,
  { intervalMs, onError }: { intervalMs: number; onError: (error: unknown) => void },
): Promise<Rounds> => {
  const listeners = new Set<(moved: Moved) => void>();
  let last = (await db.query<{ xmax: string; xip: string[] }>(FIRST))[0]!;
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
      const moved: Moved = {
        chats: new Map(),
        notifiedUserIds: [],
        sessionIds: [],
        userIds: [],
        isAfterFailure: isAfterFailure || isOther,
      };
      for (const row of rows) {
        if (row.kind === 'chat') moved.chats.set(BigInt(row.id), row.seq);
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
    stop: async () => {
      isStopped = true;
      clearTimeout(timer);
      await running;
    },
  };
};

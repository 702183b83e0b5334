/**
 * Once a second each node asks the database what moved in any chat since it last asked. If the bus stays down, this alone still
 * delivers everything, up to a second late. Its cost grows with what is written, not with what is followed.
 */
import type { Queryable } from '../db/database.js';
import type { ChatPosition } from './cursor.js';
import { committedSince, MOMENT, type Moment } from './since.js';

/** What was committed since the last round. */
export interface Moved {
  /** The newest seq of each chat that moved. */
  chats: Map<bigint, number>;
  /** Those among them that were created, or whose members changed. */
  regroupedChatIds: bigint[];
  /** Users who got or read a notification, read a chat or joined one. */
  notifiedUserIds: ReadonlySet<bigint>;
  /** Sessions created or ended. */
  sessionIds: string[];
  /** Users whose account changed, or who revoked an API token. */
  userIds: bigint[];
  /** The previous round failed, or the database is another one: followed logs should be compared with it. */
  isAfterFailure: boolean;
  /** The database is another one: it was restored, or a standby took over that had not received everything. */
  isOther: boolean;
}

/** A table that was recreated or truncated has another file. So has one that was rewritten, which is rare. */
const FILE = `pg_relation_filenode('event')::text AS file`;

const SINCE = committedSince('xid', '$1', '$2');

/**
 * `$1` and `$2` are the last round's moment, `$3` to `$5` an event known to exist; this round's moment is read in the same
 * statement as its rows. Counted from the last round's xmin instead, one transaction left open anywhere on the server would make every
 * round read everything since.
 */
const MOVED = `
WITH changed(kind, id, seq, mark) AS (
  SELECT 'chat', chat_id::text, max(seq), (array_agg(mark ORDER BY seq DESC))[1] FROM event WHERE ${SINCE} GROUP BY chat_id
  UNION ALL SELECT DISTINCT 'regrouped', chat_id::text, 0, 0 FROM event
    WHERE ${SINCE} AND type IN ('CHAT_CREATED', 'MEMBER_ADDED', 'MEMBER_REMOVED')
  UNION ALL (SELECT 'notification', user_id::text, 0, 0 FROM notification WHERE ${SINCE}
    UNION SELECT 'notification', user_id::text, 0, 0 FROM member WHERE ${SINCE})
  UNION ALL SELECT 'session', id::text, 0, 0 FROM session WHERE ${SINCE} AND ended_at IS NOT NULL
  UNION ALL SELECT 'user', id::text, 0, 0 FROM "user" WHERE ${SINCE}
  UNION ALL SELECT 'user', user_id::text, 0, 0 FROM api_token WHERE ${SINCE} AND revoked_at IS NOT NULL
), moment AS (
  SELECT ${MOMENT}, ${FILE}, EXISTS (SELECT FROM event WHERE chat_id = $3 AND seq = $4 AND mark = $5) AS "isThere"
)
SELECT moment.*, kind, id, seq, mark FROM moment LEFT JOIN changed ON true`;

/** Rounds. */
const EARLIER = 10;

/** With the newest event, as far as transaction ids tell. */
const FIRST = `SELECT ${MOMENT}, ${FILE}, newest.* FROM (SELECT) one LEFT JOIN (
  SELECT chat_id AS "chatId", seq, mark FROM event WHERE xid < pg_snapshot_xmax(pg_current_snapshot()) ORDER BY xid DESC LIMIT 1
) newest ON true`;

type FirstRow = Moment & { file: string } & (ChatPosition | Record<keyof ChatPosition, null>);

interface MovedRow extends Moment {
  kind: 'chat' | 'regrouped' | 'notification' | 'session' | 'user' | null;
  id: string;
  seq: number;
  mark: number;
  file: string;
  /** Whether the event known to exist still does. */
  isThere: boolean;
}

export interface Rounds {
  /** Called after each round in which something moved, or that followed a failure. */
  onMoved(listener: (moved: Moved) => void): () => void;
  /** An event that was just committed: if it no longer exists later, the database is another one. */
  saw(event: ChatPosition): void;
  /** Asks now; the interval continues as before. */
  look(): Promise<void>;
  /** Time since the last round that the database answered. */
  ageMs(): number;
  /** The moment some rounds ago: a listener that has just begun may have missed what was committed since. */
  earlier(): Moment;
  stop(): Promise<void>;
}

export const createRounds = async (
  db: Queryable,
  { intervalMs, onError }: { intervalMs: number; onError: (error: unknown) => void },
): Promise<Rounds> => {
  const listeners = new Set<(moved: Moved) => void>();
  let last: Moment;
  let earlier: Moment[];
  /** The newest event that this node knows of: a database restored to an earlier time has lost it. */
  let witness: ChatPosition | null;
  let file: string;
  const readFirst = async () => {
    const { xmax, xip, file: ownFile, ...newest } = (await db.query<FirstRow>(FIRST))[0]!;
    file = ownFile;
    last = { xmax, xip };
    earlier = [last];
    witness = newest.chatId === null ? null : newest;
  };
  await readFirst();
  let answeredAt = performance.now();
  let isAfterFailure = false;
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();

  const round = async () => {
    try {
      const expected = witness;
      const expectedPosition = [expected?.chatId ?? null, expected?.seq ?? null, expected?.mark ?? null];
      const rows = await db.query<MovedRow>(MOVED, [last.xmax, last.xip, ...expectedPosition]);
      answeredAt = performance.now();
      const { xmax, xip, isThere } = rows[0]!;
      // Transaction ids never go back, except on a restored server.
      const isOther = rows[0]!.file !== file || (expected !== null && !isThere) || BigInt(xmax) < BigInt(last.xmax);
      if (isOther) await readFirst();
      else {
        last = { xmax, xip };
        earlier = [...earlier.slice(-EARLIER), last];
      }
      const notifiedUserIds = new Set<bigint>();
      const moved: Moved = {
        chats: new Map(),
        regroupedChatIds: [],
        notifiedUserIds,
        sessionIds: [],
        userIds: [],
        isAfterFailure: isAfterFailure || isOther,
        isOther,
      };
      for (const row of rows) {
        if (row.kind === 'chat') {
          moved.chats.set(BigInt(row.id), row.seq);
          // Unless a newer one was seen meanwhile.
          if (witness === expected) witness = { chatId: BigInt(row.id), seq: row.seq, mark: row.mark };
        }
        if (row.kind === 'regrouped') moved.regroupedChatIds.push(BigInt(row.id));
        if (row.kind === 'notification') notifiedUserIds.add(BigInt(row.id));
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
    saw: (event) => {
      witness = event;
    },
    look,
    ageMs: () => performance.now() - answeredAt,
    earlier: () => earlier[0]!,
    stop: async () => {
      isStopped = true;
      clearTimeout(timer);
      await running;
    },
  };
};

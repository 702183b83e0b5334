/** How many unread messages mention a viewer: counted in an index of mentions, whatever else the chat holds. */
import type { Queryable } from '../../db/database.js';
import { gather } from '../../db/gather.js';
import { ASKED, askedParams, gatherAsked, OWN_OF_ASKED } from '../rules/asked-chats.js';
import type { Viewer } from '../viewer.js';

export interface MentionReads {
  /** One statement for all that is asked for in one turn of the event loop; 0 for one who is not a member. */
  unreadCount(viewer: Viewer, chatId: bigint): Promise<number>;
  /** Over all chats that the viewer is a member of. */
  unreadTotal(viewer: Viewer): Promise<number>;
}

/** int4. For a `member own`; one's own messages mention one in vain. */
export const UNREAD_MENTIONS = `(SELECT count(DISTINCT mention.message_seq)::int FROM mention
  WHERE mention.chat_id = own.chat_id AND mention.user_id IN (own.user_id, 0) AND mention.message_seq > own.last_read_seq
    AND mention.sender_id <> own.user_id)`;

const COUNTS = `SELECT asked.n::int AS n, ${UNREAD_MENTIONS} AS count FROM ${ASKED} JOIN ${OWN_OF_ASKED}`;
const TOTALS = `SELECT asked.n::int AS n, sum(${UNREAD_MENTIONS})::int AS count
  FROM unnest((SELECT $1::bigint[])) WITH ORDINALITY AS asked(viewer_id, n) JOIN member own ON own.user_id = asked.viewer_id
  GROUP BY asked.n`;
/** In one statement: each may have a thousand chats. */
const MOST_TOTALS = 100;

interface CountRow {
  n: number;
  count: number;
}

export const createMentionReads = (db: Queryable): MentionReads => {
  const total = gather<bigint, number>(
    async (viewerIds) => toCounts(viewerIds, await db.query<CountRow>(TOTALS, [viewerIds])),
    { most: MOST_TOTALS, keyOf: (viewerId) => viewerId },
  );
  return {
    unreadCount: gatherAsked(async (asked) => toCounts(asked, await db.query<CountRow>(COUNTS, askedParams(asked)))),
    unreadTotal: (viewer) => total(viewer.id),
  };
};

const toCounts = (asked: readonly unknown[], rows: readonly CountRow[]): number[] => {
  const counts = asked.map(() => 0);
  for (const { n, count } of rows) counts[n - 1] = count;
  return counts;
};

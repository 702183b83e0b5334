/**
 * Everything that happened in a chat, as a replay would deliver it now: from the same rows, read in the same way, and no further back
 * than replays go.
 */
import type { Queryable } from '../../db/database.js';
import type { LogEvent } from '../../log/event.js';
import { EVENT_COLUMNS, toEvents, type EventRow } from '../../log/read.js';
import { replayableSince } from '../../log/retention.js';
import { createKeyset, pageSql, parsePage, toConnections, type Connection, type PageArgs } from '../page.js';
import type { Viewer } from '../viewer.js';
import { CAN_SEE, CHAT_AND_OWN, viewerParams } from '../rules/visibility.js';

export interface ChatLog {
  /**
   * Oldest first; by default the newest 50. The same page for each chat: four statements for any number of them.
   *
   * @returns an entry for every requested chat: an empty page if it is not visible, even if that changed while messages were read
   * @throws BadUserInputError for a malformed page
   */
  read(viewer: Viewer, chatIds: readonly bigint[], page?: PageArgs): Promise<Map<bigint, Connection<LogEvent>>>;
}

export interface ChatLogOptions {
  db: Queryable;
  /** Older events are not replayed; 0: all are. */
  retentionDays: number;
}

const byNumber = createKeyset('log', 'ascending', [['event.seq', 'int']]);

const IS_SEEN = `chat.id = ANY($3::bigint[]) AND ${CAN_SEE}`;
const SEEN = `SELECT chat.id FROM ${CHAT_AND_OWN} WHERE ${IS_SEEN}`;

/** A replay begins with the first event that is recent enough, and then omits none. Row 0 is never delivered. */
const IS_REPLAYED = `event.seq > 0 AND event.seq >= (
  SELECT young.seq FROM event young WHERE young.chat_id = chat.id AND young.created_at >= $5::timestamptz ORDER BY young.seq LIMIT 1)`;

export const createChatLog = ({ db, retentionDays }: ChatLogOptions): ChatLog => ({
  read: async (viewer, chatIds, args = {}) => {
    const page = parsePage(byNumber, args, 'backward');
    const { where, orderBy, limit, params } = pageSql(byNumber, page, 6);
    const seen = [...viewerParams(viewer), chatIds];
    const rows = await db.query<EventRow>(
      `SELECT ${EVENT_COLUMNS} FROM ${CHAT_AND_OWN} CROSS JOIN LATERAL (
         SELECT * FROM event WHERE event.chat_id = chat.id AND ${IS_REPLAYED} AND ${where} ORDER BY ${orderBy} LIMIT $4
       ) event WHERE ${IS_SEEN} ORDER BY chat.id, ${orderBy}`,
      [...seen, limit, replayableSince(retentionDays), ...params],
    );
    if (rows.length === 0) return toConnections(chatIds, [], page, () => '');
    const { events, last } = await toEvents(db, rows, () => db.query<{ id: bigint }>(SEEN, seen));
    const stillSeen = new Set(last.map(({ id }) => id));
    const told = events.filter(({ chatId }) => stillSeen.has(chatId));
    return toConnections(chatIds, told, page, ({ seq }) => byNumber.cursorOf([seq]));
  },
});

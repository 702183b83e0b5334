/**
 * Everything that happened in a chat, as a replay would deliver it now: from the same rows, read in the same way, and no further back
 * than replays go.
 */
import type { Queryable } from '../../db/database.js';
import type { LogEvent } from '../../log/event.js';
import { EVENT_COLUMNS, toEvents, type EventRow } from '../../log/read.js';
import { replayableSince } from '../../log/retention.js';
import { createKeyset, pageSql, parsePage, toConnection, type Connection, type PageArgs } from '../page.js';
import {
  ASKED_CAN_SEE,
  ASKED_CHATS,
  askedParams,
  gatherParts,
  SEEN_BY_ONCE,
  SEEN_CHATS,
  toEachOfMany,
} from '../rules/asked-chats.js';
import type { Viewer } from '../viewer.js';

export interface ChatLog {
  /**
   * Oldest first; by default the newest 50. Four statements for all who ask for the same page in one turn of the event loop.
   *
   * @returns an empty page if the chat is not visible, even if that changed while messages were read
   * @throws BadUserInputError for a malformed page
   */
  read(viewer: Viewer, chatId: bigint, page?: PageArgs): Promise<Connection<LogEvent>>;
}

export interface ChatLogOptions {
  db: Queryable;
  /** Older events are not replayed; 0: all are. */
  retentionDays: number;
}

const byNumber = createKeyset('log', 'ascending', [['event.seq', 'int']]);

const STILL_SEEN = `SELECT asked.n::int AS n FROM ${ASKED_CHATS} WHERE ${ASKED_CAN_SEE}`;

/** A replay begins with the first event that is recent enough, and then omits none. Row 0 is never delivered. */
const IS_REPLAYED = `event.seq > 0 AND event.seq >= (
  SELECT young.seq FROM event young WHERE young.chat_id = chat.id AND young.created_at >= $4::timestamptz ORDER BY young.seq LIMIT 1)`;

type PartRow = EventRow & { seenBy: number[] | null };

export const createChatLog = ({ db, retentionDays }: ChatLogOptions): ChatLog => {
  const read = gatherParts(async (asked, args: PageArgs) => {
    const page = parsePage(byNumber, args, 'backward');
    const { where, orderBy, limit, params } = pageSql(byNumber, page, 5);
    const rows = await db.query<PartRow>(
      `SELECT ${EVENT_COLUMNS}, ${SEEN_BY_ONCE} FROM ${SEEN_CHATS} CROSS JOIN LATERAL (
         SELECT * FROM event WHERE event.chat_id = chat.id AND ${IS_REPLAYED} AND ${where} ORDER BY ${orderBy} LIMIT ${limit}
       ) event ORDER BY chat.id, ${orderBy}`,
      [...askedParams(asked), replayableSince(retentionDays), ...params],
    );
    const toPage = (events: LogEvent[]) => toConnection(events, page, ({ seq }) => byNumber.cursorOf([seq]));
    if (rows.length === 0) return asked.map(() => toPage([]));
    const { events, last } = await toEvents(db, rows, () => db.query<{ n: number }>(STILL_SEEN, askedParams(asked)));
    const seen = rows.map(({ id, seenBy }, index) => ({ chatId: id, seenBy, event: events[index]! }));
    const pages = toEachOfMany(asked, seen, (own) => toPage(own.map(({ event }) => event)));
    const stillSeen = new Set(last.map(({ n }) => n));
    return pages.map((one, index) => (stillSeen.has(index + 1) ? one : toPage([])));
  });
  return {
    read: (viewer, chatId, { first, last, after, before } = {}) => read(viewer, chatId, { first, last, after, before }),
  };
};

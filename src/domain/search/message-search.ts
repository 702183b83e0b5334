/**
 * Search in messages. A query's words are looked for in windows of time, the newest first, until a page is full: so a common word costs
 * no more than a rare one, and neither of them a sort of all that it stands in.
 */
import { UnavailableError, type Database, type Queryable } from '../../db/database.js';
import type { MessageRow } from '../../log/event.js';
import { RateLimitedError } from '../errors.js';
import { MESSAGE_COLUMNS, toMessage, type MessageColumns } from '../messages/message-row.js';
import {
  createKeyset,
  pageSql,
  parsePage,
  toConnection,
  type Connection,
  type Edge,
  type Page,
  type PageArgs,
} from '../page.js';
import type { RateLimits } from '../rate-limits.js';
import { CAN_SEE, CHAT_AND_OWN, OWN, viewerParams } from '../rules/visibility.js';
import type { Viewer } from '../viewer.js';
import { readMatches, type Match } from './matches.js';
import { parseQuery, readTerms, withFiles, type SearchTerms } from './search-terms.js';
import { windowsOf, type ChatSpan } from './windows.js';

export interface SearchArgs extends Pick<PageArgs, 'first' | 'after'> {
  query: string;
  /** Undefined: all chats that the viewer is a member of. Null if the id did not decode. */
  chatId?: bigint | null | undefined;
  /** Null if the id did not decode. */
  senderId?: bigint | null | undefined;
  /** Sent at this time or later. */
  from?: Date | null | undefined;
  /** Sent before this time. */
  to?: Date | null | undefined;
  /** Null or undefined: both those with files and those without. */
  hasAttachment?: boolean | null | undefined;
}

export interface FoundMessage extends Edge<MessageRow> {
  /** Where the words stand in it. One statement for the whole page, when the first message is asked. */
  matches(): Promise<Match[]>;
}

export interface FoundMessages extends Connection<MessageRow> {
  edges: FoundMessage[];
  /** Messages sent before are not found yet; null: all are. */
  indexedFrom: Date | null;
}

export interface MessageSearch {
  /**
   * Newest first. A page may hold fewer messages than asked for, or none, although there are more (`hasNextPage`): the search then took
   * too long, and the next page continues it.
   *
   * @returns null if the chat does not exist, or the viewer may not see it
   * @throws BadUserInputError for a malformed page or a query that is too long; RateLimitedError
   */
  search(viewer: Viewer, args: SearchArgs): Promise<FoundMessages | null>;
}

const newest = createKeyset('foundMessages', 'descending', [
  ['found.created_at', 'time'],
  ['found.chat_id', 'bigint'],
  ['found.seq', 'int'],
]);
type Place = readonly [sentAt: Date, chatId: bigint, seq: number];

const EARLIEST = new Date('0001-01-01T00:00:00Z');
const LATEST = new Date('9999-12-31T00:00:00Z');

/** After this time no further window is looked at. */
const ENOUGH_MS = 1000;
/** Of each statement, by the server; the embedded database has no such limit. */
const STATEMENT_MS = 2000;

// A plan for any words would be a bad one for these. Both last for the transaction.
const PREPARE = `SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config('statement_timeout', '${STATEMENT_MS}', true)`;

interface SearchedChat extends ChatSpan {
  id: bigint;
  indexedFrom: Date | null;
}

const CHATS = `SELECT chat.id, chat.message_count AS "messageCount", chat.created_at AS "createdAt", chat.activity_at AS "activityAt",
  CASE WHEN chat.indexed_seq < chat.head_seq THEN now() ELSE gap.before_time END AS "indexedFrom"`;
const OWN_CHATS = `${CHATS} FROM member own JOIN chat ON chat.id = own.chat_id LEFT JOIN search_gap gap ON gap.chat_id = chat.id
  WHERE own.user_id = $1 AND chat.message_count > 0`;
const ONE_CHAT = `${CHATS} FROM ${CHAT_AND_OWN} LEFT JOIN search_gap gap ON gap.chat_id = chat.id
  WHERE chat.id = $3::bigint AND ${CAN_SEE}`;

/** $1 and $2 are the viewer, $3 the chats, $4 the query, $5 to $8 the window and the place before which to look, $9 the sender. */
const IN_WINDOW = `found.chat_id = ANY($3::bigint[]) AND found.created_at >= $5::timestamptz AND found.created_at <= $6::timestamptz
  AND (found.created_at, found.chat_id, found.seq) < ($6::timestamptz, $7::bigint, $8::int) AND ($9::bigint IS NULL OR found.sender_id = $9)`;
const KEYS = 'found.chat_id, found.created_at, found.seq, found.edited_at';
const NEWEST_FIRST = 'ORDER BY found.created_at DESC, found.chat_id DESC, found.seq DESC';

/**
 * What was found with the messages it leads to, if they are still as they were indexed and the viewer may see them: the right is read here, at
 * the time of the search. The ids of the chats are for the index and the planner.
 */
const WITH_MESSAGES = `SELECT found.created_at AS "foundAt", found.chat_id AS "foundIn", found.seq AS "foundSeq", ${MESSAGE_COLUMNS},
    message.seq IS NOT NULL AND coalesce(${CAN_SEE}, false) AS "isVisible", own.user_id IS NOT NULL AS "isOwn"`;
const MESSAGES = `LEFT JOIN chat ON chat.id = found.chat_id LEFT JOIN ${OWN}
  LEFT JOIN message ON message.chat_id = found.chat_id AND message.seq = found.seq
    AND message.deleted_at IS NULL AND message.edited_at IS NOT DISTINCT FROM found.edited_at
  LEFT JOIN "user" person ON person.id = message.sender_id ${NEWEST_FIRST}`;

/** By the index of the words, or not: PostgreSQL chooses. */
const FIND = (limit: number) => `${WITH_MESSAGES}, 0 AS walked FROM (
    SELECT ${KEYS} FROM message_search found WHERE ${IN_WINDOW} AND found.words @@ $4::tsquery ${NEWEST_FIRST} LIMIT ${limit}
  ) found ${MESSAGES}`;

/** Without the index of the words: it would have to read all places of a common word. Counts what it walks over. */
const WALK = (limit: number) => `WITH walked AS MATERIALIZED (
    SELECT ${KEYS}, found.words FROM message_search found WHERE ${IN_WINDOW} LIMIT ${MAX_WALK}
  )
  ${WITH_MESSAGES}, walk.count AS walked FROM (SELECT count(*)::int AS count FROM walked) walk LEFT JOIN (
    SELECT ${KEYS} FROM walked found WHERE found.words @@ $4::tsquery ${NEWEST_FIRST} LIMIT ${limit}
  ) found ON true ${MESSAGES}`;

/** With fewer found in the first window, the index is the better way. */
const WORTH_WALKING = 5;
/** The windows are estimates: one that holds more is not walked. */
const MAX_WALK = 20_000;

interface FoundRow extends MessageColumns {
  /** Null if nothing was found; so the rest. */
  foundAt: Date | null;
  foundIn: bigint;
  foundSeq: number;
  isVisible: boolean;
  isOwn: boolean;
  walked: number;
}

export const createMessageSearch = (db: Database, limits: RateLimits): MessageSearch => ({
  search: async (viewer, args) => {
    const page = parsePage(newest, { first: args.first, after: args.after });
    parseQuery(args.query);
    const taken = await limits.take('search', String(viewer.id));
    if (!taken.allowed) throw new RateLimitedError(taken.retryAfterMs);
    if (args.chatId === null) return null;

    const search: Search = { viewer, args, page, size: pageSql(newest, page).limit };
    let progress = nothingYet();
    try {
      await db.transaction((tx) => lookThrough(tx, search, (progress = nothingYet())));
    } catch (error) {
      // This window took too long; those before it have an answer.
      if (!isCancelled(error) || progress.reached === null) throw error;
    }
    return progress.chats === null ? null : foundMessages(db, page, progress);
  },
});

interface Search {
  viewer: Viewer;
  args: SearchArgs;
  page: Page<Place>;
  /** How many rows a statement reads: more than the page holds. */
  size: number;
}

interface Progress {
  /** Null if there is no such chat. */
  chats: readonly SearchedChat[] | null;
  terms: SearchTerms;
  rows: MessageRow[];
  /** Everything newer was looked through; null: nothing yet, or it is all done. */
  reached: Place | null;
}

const nothingYet = (): Progress => ({ chats: null, terms: { query: null, groups: [] }, rows: [], reached: null });

const lookThrough = async (tx: Queryable, search: Search, progress: Progress): Promise<void> => {
  const { viewer, args, page } = search;
  await tx.query(PREPARE);
  const chats =
    args.chatId === undefined
      ? await tx.query<SearchedChat>(OWN_CHATS, [viewer.id])
      : await tx.query<SearchedChat>(ONE_CHAT, [...viewerParams(viewer), args.chatId]);
  if (args.chatId !== undefined && chats.length === 0) return;
  progress.chats = chats;
  progress.terms = withFiles(await readTerms(tx, args.query), args.hasAttachment);
  if (progress.terms.query === null || args.senderId === null || chats.length === 0) return;

  const start = firstPlace(page.after, args.to);
  const since = performance.now();
  for (const [number, windowStart] of windowsOf(chats, start[0], within(args.from ?? EARLIEST)).entries()) {
    if (progress.reached !== null && performance.now() - since > ENOUGH_MS) return;
    const isWalked = number === 0 || (number === 1 && progress.rows.length >= WORTH_WALKING);
    await lookInto(tx, search, progress, { windowStart, before: progress.reached ?? start, isWalked });
    if (progress.rows.length > page.limit) break;
    progress.reached = [windowStart, 0n, 0];
  }
  progress.reached = null;
};

interface Window {
  windowStart: Date;
  before: Place;
  isWalked: boolean;
}

/** Until the page is full or the window ends; a second time only if messages were edited or deleted by nodes that know nothing of words. */
const lookInto = async (tx: Queryable, search: Search, progress: Progress, window: Window): Promise<void> => {
  const { viewer, args, page, size } = search;
  const { windowStart, before, isWalked } = window;
  const rows = await tx.query<FoundRow>(isWalked ? WALK(size) : FIND(size), [
    ...viewerParams(viewer),
    progress.chats!.map(({ id }) => id),
    progress.terms.query,
    windowStart,
    ...before,
    args.senderId,
  ]);
  if (rows[0]?.walked === MAX_WALK) return lookInto(tx, search, progress, { ...window, isWalked: false });
  const found = rows.filter(({ foundAt }) => foundAt !== null);
  const visible = found.filter(({ isVisible, isOwn }) => isVisible && (isOwn || args.chatId !== undefined));
  progress.rows.push(...visible.map(toMessage));
  const last = found.at(-1);
  if (found.length < size || last === undefined || progress.rows.length > page.limit) return;
  return lookInto(tx, search, progress, { ...window, before: [last.foundAt!, last.foundIn, last.foundSeq] });
};

/** Nothing at this place or newer is looked for. */
const firstPlace = (after: Place | null, to: Date | null | undefined): Place => {
  const place: Place = [within(to ?? LATEST), 0n, 0];
  return after !== null && after[0] < place[0] ? after : place;
};

/** Of all times, those that a database can hold. */
const within = (time: Date): Date => (time < EARLIEST ? EARLIEST : time > LATEST ? LATEST : time);

const isCancelled = (error: unknown): boolean =>
  error instanceof UnavailableError &&
  error.cause instanceof Error &&
  'code' in error.cause &&
  error.cause.code === '57014';

const foundMessages = (db: Queryable, page: Page<Place>, { chats, terms, rows, reached }: Progress): FoundMessages => {
  const { edges, pageInfo } = toConnection(rows, page, (message) =>
    newest.cursorOf([message.createdAt, message.chatId, message.seq]),
  );
  let matches: Promise<Match[][]> | undefined;
  const readAll = () =>
    readMatches(
      db,
      terms,
      edges.map(({ node }) => node.text ?? ''),
    );
  return {
    edges: edges.map((edge, index) =>
      Object.assign(edge, { matches: async () => (await (matches ??= readAll()))[index]! }),
    ),
    pageInfo: reached === null ? pageInfo : { ...pageInfo, hasNextPage: true, endCursor: newest.cursorOf(reached) },
    indexedFrom: newestOf(chats!.flatMap(({ indexedFrom }) => indexedFrom ?? [])),
  };
};

const newestOf = (times: readonly Date[]): Date | null =>
  times.reduce<Date | null>((newest, time) => (newest === null || time > newest ? time : newest), null);

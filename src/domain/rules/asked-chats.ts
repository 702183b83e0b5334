/**
 * Chats as their viewers see them: one statement for all pairs of a viewer and a chat that are asked for in one turn of the event
 * loop, which checks visibility at the time it runs. A chat that many ask for is read once.
 */
import { gather } from '../../db/gather.js';
import { isAdmin, type Viewer } from '../viewer.js';
import { IS_OPEN } from './right-sql.js';
import { canSeeSql } from './visibility.js';

export type Asking = Pick<Viewer, 'id' | 'role'>;

export interface Asked {
  viewer: Asking;
  /** Of the chat, or of whatever the statement joins. */
  id: bigint;
}

/**
 * For FROM. `n`, from 1, tells who asked. The planner must not see how long the arrays are, hence the subqueries: it would plan each
 * statement again, which takes longer than executing it for one pair; and for many pairs it would read whole tables.
 */
export const ASKED = `unnest((SELECT $1::bigint[]), (SELECT $2::boolean[]), (SELECT $3::bigint[]))
  WITH ORDINALITY AS asked(viewer_id, is_admin, id, n)`;

export const askedParams = (asked: readonly Asked[]): [bigint[], boolean[], bigint[]] => [
  asked.map(({ viewer }) => viewer.id),
  asked.map(({ viewer }) => isAdmin(viewer)),
  asked.map(({ id }) => id),
];

/** For use after JOIN: the asking viewer's own member row. */
export const OWN_OF_ASKED = 'member own ON own.chat_id = asked.id AND own.user_id = asked.viewer_id';

/** For FROM: all pairs, visible or not; narrow them by `ASKED_CAN_SEE`. */
export const ASKED_CHATS = `${ASKED} JOIN chat ON chat.id = asked.id LEFT JOIN ${OWN_OF_ASKED}`;
export const ASKED_CAN_SEE = canSeeSql('asked.is_admin');

/** For those too who find an OPEN group without being in it: for its name, its description and its size alone. */
export const ASKED_CAN_FIND = `(${ASKED_CAN_SEE} OR ${IS_OPEN})`;

/** For FROM: each chat that somebody who asks may see, once; `seen_by` has the numbers of those who do. */
export const SEEN_CHATS = `(SELECT chat.*, array_agg(asked.n::int) AS seen_by FROM ${ASKED_CHATS} WHERE ${ASKED_CAN_SEE} GROUP BY chat.id) chat`;

/** As `SEEN_CHATS`, by `ASKED_CAN_FIND`. */
export const FOUND_CHATS = `(SELECT chat.*, array_agg(asked.n::int) AS seen_by FROM ${ASKED_CHATS} WHERE ${ASKED_CAN_FIND} GROUP BY chat.id) chat`;

/** `seen_by` with only one of a chat's rows: it is long if many ask. */
export const SEEN_BY_ONCE = `CASE WHEN row_number() OVER (PARTITION BY chat.id) = 1 THEN chat.seen_by END AS "seenBy"`;

/** @returns what each gets who asked: the value of the row that they see, or `nothing` */
export const toEach = <Row extends { seenBy: readonly number[] }, Value>(
  asked: readonly Asked[],
  rows: readonly Row[],
  nothing: Value,
  toValue: (row: Row) => Value,
): Value[] => {
  const values = asked.map(() => nothing);
  for (const row of rows) {
    const value = toValue(row);
    for (const n of row.seenBy) values[n - 1] = value;
  }
  return values;
};

/** As `toEach`, of any number of rows for each chat; `nothing` is the value of none. */
export const toEachOfMany = <Row extends { chatId: bigint; seenBy: readonly number[] | null }, Value>(
  asked: readonly Asked[],
  rows: readonly Row[],
  toValue: (rows: Row[]) => Value,
): Value[] => toEachGroup(asked, rows, ({ chatId }) => chatId, toValue);

/** As `toEachOfMany`, of rows that belong together if they have the same key. */
export const toEachGroup = <Row extends { seenBy: readonly number[] | null }, Value>(
  asked: readonly Asked[],
  rows: readonly Row[],
  keyOf: (row: Row) => unknown,
  toValue: (rows: Row[]) => Value,
): Value[] => {
  const groups = new Map<unknown, { seenBy: readonly number[]; rows: Row[] }>();
  for (const row of rows) {
    const key = keyOf(row);
    const group = groups.get(key) ?? { seenBy: [], rows: [] };
    groups.set(key, group);
    group.rows.push(row);
    group.seenBy = row.seenBy ?? group.seenBy;
  }
  return toEach(asked, [...groups.values()], toValue([]), (group) => toValue(group.rows));
};

/** @param read answers in the order in which they were asked */
export const gatherAsked = <Value>(
  read: (asked: readonly Asked[]) => Promise<Value[]>,
): ((viewer: Asking, id: bigint) => Promise<Value>) => {
  const readOne = gather<Asked, Value>(read, {
    keyOf: ({ viewer, id }) => `${viewer.id} ${isAdmin(viewer)} ${id}`,
  });
  return (viewer, id) => readOne({ viewer, id });
};

/** Each with a page: more in one statement would take long, and hold up the event loop. */
const MOST_AT_ONCE = 100;

/** As `gatherAsked`, of a part of each chat: one statement for all who ask for the same part, of at most 100 chats. */
export const gatherParts = <Part extends object, Value>(
  read: (asked: readonly Asked[], part: Part) => Promise<Value[]>,
): ((viewer: Asking, chatId: bigint, part: Part) => Promise<Value>) => {
  const ofPart = forEachPart<Part, (viewer: Asking, chatId: bigint) => Promise<Value>>((part, onRead) =>
    gatherAsked((asked) => {
      onRead();
      return inChunks(
        asked,
        ({ id }) => id,
        (chunk) => read(chunk, part),
      );
    }),
  );
  return (viewer, chatId, part) => ofPart(part)(viewer, chatId);
};

/** @param begin what gathers for one part; it calls `onRead` once it reads */
export const forEachPart = <Part extends object, Gathering>(
  begin: (part: Part, onRead: () => void) => Gathering,
): ((part: Part) => Gathering) => {
  const gathering = new Map<string, Gathering>();
  return (part) => {
    const text = textOf(part);
    let one = gathering.get(text);
    if (one === undefined) {
      one = begin(part, () => gathering.delete(text));
      gathering.set(text, one);
    }
    return one;
  };
};

const textOf = (part: object) =>
  JSON.stringify(part, (_name, value: unknown) => (typeof value === 'bigint' ? String(value) : value));

/** Reads of at most 100 different keys each. @returns in the order in which they were asked */
export const inChunks = async <One, Value>(
  asked: readonly One[],
  keyOf: (one: One) => unknown,
  read: (chunk: readonly One[]) => Promise<Value[]>,
): Promise<Value[]> => {
  const chunks: One[][] = [];
  let keys = new Set();
  for (const one of asked) {
    const key = keyOf(one);
    if (chunks.length === 0 || (keys.size === MOST_AT_ONCE && !keys.has(key))) {
      chunks.push([]);
      keys = new Set();
    }
    keys.add(key);
    chunks.at(-1)!.push(one);
  }
  const values = await Promise.all(chunks.map(read));
  return values.flatMap((some) => some);
};

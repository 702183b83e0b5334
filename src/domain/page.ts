/**
 * Pages of any list, by keyset: each edge's cursor holds the values that the list is ordered by, the last of them unique,
 * so a page begins exactly where the previous one ended, whatever was added or removed meanwhile.
 */
import { BadUserInputError } from './bad-user-input.js';

/** Arguments of a Relay connection. */
export interface PageArgs {
  first?: number | null;
  last?: number | null;
  after?: string | null;
  before?: string | null;
}

type ColumnType = 'bigint' | 'int' | 'text' | 'time';
interface ColumnValues {
  bigint: bigint;
  int: number;
  text: string;
  time: Date;
}

/** The values of one row, in the order of the keyset's columns. */
type KeyOf<Types extends readonly ColumnType[]> = { [Index in keyof Types]: ColumnValues[Types[Index]] };

/** The order of a list: its columns together are unique, and all have the same direction. */
export interface Keyset<Key extends readonly unknown[] = readonly unknown[]> {
  readonly order: 'ascending' | 'descending';
  readonly columns: readonly { sql: string; type: ColumnType }[];
  /** The opaque cursor of a row with this key. */
  cursorOf(key: Key): string;
  /** @throws BadUserInputError if it is not a cursor of this list */
  keyOf(cursor: string): Key;
}

/** The requested part of a list. */
export interface Page<Key extends readonly unknown[] = readonly unknown[]> {
  /** 0 to 100. Read one more than this to know whether there are more. */
  limit: number;
  /** Backward: the last items of the part, read in reverse order. */
  direction: 'forward' | 'backward';
  after: Key | null;
  before: Key | null;
}

export interface Edge<Row> {
  readonly cursor: string;
  node: Row;
}

export interface Connection<Row> {
  edges: Edge<Row>[];
  pageInfo: {
    hasNextPage: boolean;
    hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}

export const DEFAULT_PAGE_SIZE = 50;
export const MAX_PAGE_SIZE = 100;
const MAX_CURSOR_LENGTH = 2000;

/**
 * @param name distinguishes this list's cursors from another's
 * @param columns SQL expression and its type, in the order of comparison
 */
export const createKeyset = <const Types extends readonly ColumnType[]>(
  name: string,
  order: 'ascending' | 'descending',
  columns: { readonly [Index in keyof Types]: readonly [sql: string, type: Types[Index]] },
): Keyset<KeyOf<Types>> => {
  const typed = (columns as readonly (readonly [string, ColumnType])[]).map(([sql, type]) => ({ sql, type }));
  return {
    order,
    columns: typed,
    cursorOf: (key) =>
      Buffer.from(JSON.stringify([name, ...(key as readonly unknown[]).map(pack)])).toString('base64url'),
    keyOf: (cursor) => {
      const parts = partsOf(cursor);
      const values = typed.map((column, index) => unpack(column.type, parts[index + 1]));
      if (parts[0] !== name || parts.length !== typed.length + 1 || values.includes(undefined)) throw malformed();
      return values as unknown as KeyOf<Types>;
    },
  };
};

/**
 * @param unsaid the end of the list to start from if neither `first` nor `last` is given
 * @throws BadUserInputError for both directions at once, a negative or too large page, a malformed cursor
 */
export const parsePage = <Key extends readonly unknown[]>(
  keyset: Keyset<Key>,
  { first, last, after, before }: PageArgs,
  unsaid: 'forward' | 'backward' = 'forward',
): Page<Key> => {
  if (isGiven(first) && isGiven(last)) throw new BadUserInputError('Give either first or last, not both');
  return {
    limit: pageSize('first', first) ?? pageSize('last', last) ?? DEFAULT_PAGE_SIZE,
    direction: isGiven(first) ? 'forward' : isGiven(last) ? 'backward' : unsaid,
    after: isGiven(after) ? keyset.keyOf(after) : null,
    before: isGiven(before) ? keyset.keyOf(before) : null,
  };
};

/** The parts of a statement that reads a page. */
export interface PageSql {
  /** A condition, without WHERE. */
  where: string;
  /** Without ORDER BY. */
  orderBy: string;
  /** For LIMIT: at least one more than the page's limit. */
  limit: number;
  /** Values of the parameters in `where`. */
  params: unknown[];
}

/**
 * How many rows are read: the page, and one beyond it if there are more. In the statement's text, not a parameter: the planner has to
 * know it, and would plan a statement with a parameter each time, which takes as long as executing it. Few, as each is a statement.
 */
const READ_SIZES = [2, 11, 21, 31, 51, MAX_PAGE_SIZE + 1];

/** @param firstParam the number of the first free parameter: 3 for $3 */
export const pageSql = <Key extends readonly unknown[]>(
  keyset: Keyset<Key>,
  page: Page<Key>,
  firstParam = 1,
): PageSql => {
  const isAscending = keyset.order === 'ascending';
  const columns = keyset.columns.map((column) => column.sql);
  const params: unknown[] = [];
  const isBeyond = (key: Key, operator: '<' | '>') => {
    const values = key.map((value, index) => {
      params.push(value);
      return `$${firstParam + params.length - 1}::${sqlTypes[keyset.columns[index]!.type]}`;
    });
    return `(${columns.join(', ')}) ${operator} (${values.join(', ')})`;
  };

  const conditions: string[] = [];
  if (page.after) conditions.push(isBeyond(page.after, isAscending ? '>' : '<'));
  if (page.before) conditions.push(isBeyond(page.before, isAscending ? '<' : '>'));
  const direction = isAscending === (page.direction === 'forward') ? 'ASC' : 'DESC';
  return {
    where: conditions.join(' AND ') || 'true',
    orderBy: columns.map((column) => `${column} ${direction}`).join(', '),
    limit: READ_SIZES.find((size) => size > page.limit)!,
    params,
  };
};

/**
 * @param rows as read: backward pages in reverse order, with one row or more beyond the page if there are more
 * @returns the rows in the list's own order
 */
export const toConnection = <Row>(
  rows: readonly Row[],
  page: Page,
  cursorOf: (row: Row) => string,
): Connection<Row> => {
  const hasMore = rows.length > page.limit;
  const shown = rows.slice(0, page.limit);
  if (page.direction === 'backward') shown.reverse();
  // Most queries select nodes only: cursors are made when they are asked for.
  const edges = shown.map((node) => ({
    get cursor() {
      return cursorOf(node);
    },
    node,
  }));
  const isForward = page.direction === 'forward';
  return {
    edges,
    pageInfo: {
      // In the direction that the page came from, all that is known is that the reader has been there.
      hasNextPage: isForward ? hasMore : page.before !== null,
      hasPreviousPage: isForward ? page.after !== null : hasMore,
      get startCursor() {
        return edges[0]?.cursor ?? null;
      },
      get endCursor() {
        return edges.at(-1)?.cursor ?? null;
      },
    },
  };
};

const sqlTypes: Record<ColumnType, string> = { bigint: 'bigint', int: 'int', text: 'text', time: 'timestamptz' };

const isGiven = <Value>(value: Value | null | undefined): value is Value => value !== null && value !== undefined;

const pageSize = (name: string, size: number | null | undefined): number | undefined => {
  if (!isGiven(size)) return undefined;
  if (!Number.isInteger(size) || size < 0 || size > MAX_PAGE_SIZE) {
    throw new BadUserInputError(`${name} must be from 0 to ${MAX_PAGE_SIZE}`);
  }
  return size;
};

const malformed = () => new BadUserInputError('This is no cursor of this list');

const partsOf = (cursor: string): unknown[] => {
  if (cursor.length > MAX_CURSOR_LENGTH || !/^[A-Za-z0-9_-]+$/.test(cursor)) throw malformed();
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (Array.isArray(parts)) return parts;
  } catch {
    // Not even JSON.
  }
  throw malformed();
};

const pack = (value: unknown) =>
  typeof value === 'bigint' ? String(value) : value instanceof Date ? value.getTime() : value;

const MAX_BIGINT = 2n ** 63n - 1n;
const MAX_INT = 2 ** 31 - 1;
const LATEST = 8.64e15;

/** Only values that the database accepts; otherwise undefined. */
const unpack = (type: ColumnType, packed: unknown): unknown => {
  switch (type) {
    case 'bigint':
      if (typeof packed !== 'string' || !/^\d{1,19}$/.test(packed)) return undefined;
      return BigInt(packed) <= MAX_BIGINT ? BigInt(packed) : undefined;
    case 'int':
      return isWholeNumber(packed, MAX_INT) ? packed : undefined;
    case 'time':
      return isWholeNumber(packed, LATEST) ? new Date(packed) : undefined;
    case 'text':
      return typeof packed === 'string' && !/[\0\p{Surrogate}]/u.test(packed) ? packed : undefined;
  }
};

const isWholeNumber = (value: unknown, max: number): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max;

/** All messages of a file, in columns: a hundred bytes each, so that a million of them fit in memory. Their texts stay in the file. */

/** One message; times in milliseconds, NaN for none. */
export interface MessageRecord {
  /** Index into `Collection.chats`. */
  chat: number;
  /** Index into `Collection.people`. */
  sender: number;
  createdAt: number;
  editedAt: number;
  deletedAt: number;
  line: number;
  /** The position of its line in the file, in bytes. */
  offset: number;
  length: number;
}

type Column = Float64Array | Int32Array;

export type Columns = { readonly [Name in keyof MessageRecord]: Column };

export interface MessageTable {
  readonly count: number;
  /** The first `count` items are filled; read this property again after each `add`. */
  readonly columns: Columns;
  /** The ids in the source by row, and the rows by id. */
  readonly ids: readonly string[];
  readonly byId: ReadonlyMap<string, number>;
  /** Ids of invalid lines. */
  readonly badIds: Set<string>;
  /** @returns the row that has this id already, otherwise undefined */
  add(id: string, message: MessageRecord): number | undefined;
}

const columnsOf = (size: number) => ({
  chat: new Int32Array(size),
  sender: new Int32Array(size),
  createdAt: new Float64Array(size),
  editedAt: new Float64Array(size),
  deletedAt: new Float64Array(size),
  line: new Int32Array(size),
  offset: new Float64Array(size),
  length: new Int32Array(size),
});

export const createMessageTable = (): MessageTable => {
  const ids: string[] = [];
  const byId = new Map<string, number>();
  let columns = columnsOf(1024);
  let count = 0;

  const grow = () => {
    const larger = columnsOf(2 * count);
    for (const name of Object.keys(columns) as (keyof MessageRecord)[]) larger[name].set(columns[name]);
    columns = larger;
  };

  return {
    get count() {
      return count;
    },
    get columns() {
      return columns;
    },
    ids,
    byId,
    badIds: new Set(),
    add: (id, message) => {
      const earlier = byId.get(id);
      if (earlier !== undefined) return earlier;
      if (count === columns.line.length) grow();
      for (const name of Object.keys(columns) as (keyof MessageRecord)[]) columns[name][count] = message[name];
      ids.push(id);
      byId.set(id, count);
      count += 1;
      return undefined;
    },
  };
};

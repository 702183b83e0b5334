import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BadUserInputError } from '../../src/domain/bad-user-input.js';
import { createKeyset, pageSql, parsePage, toConnection, type PageArgs } from '../../src/domain/page.js';
import { ownDatabase } from '../support/own-database.js';

const byTimeAndId = createKeyset('things', 'descending', [
  ['t.time', 'time'],
  ['t.id', 'bigint'],
]);

describe('readPage', () => {
  it.each<[string, PageArgs]>([
    ['both directions at once', { first: 1, last: 1 }],
    ['a negative first', { first: -1 }],
    ['a negative last', { last: -1 }],
    ['a first above 100', { first: 101 }],
    ['a last above 100', { last: 101 }],
    ['an empty cursor', { after: '' }],
    ['a cursor that is none', { before: 'nonsense!' }],
    ['a cursor of JSON that is no list', { after: Buffer.from('{}').toString('base64url') }],
    ['a cursor with a value too few', { after: packed(['things', 0]) }],
    ['a cursor with a value too many', { after: packed(['things', 0, '1', '1']) }],
    ['a cursor of another list', { after: packed(['chats', 0, '1']) }],
    ['an id that the database does not take', { after: packed(['things', 0, '9223372036854775808']) }],
    ['an id that is none', { after: packed(['things', 0, '-1']) }],
    ['a time that is none', { after: packed(['things', 1e300, '1']) }],
    ['a time as text', { after: packed(['things', '0', '1']) }],
    ['a very long cursor', { after: packed(['things', 0, '1'.repeat(10_000)]) }],
  ])('refuses %s', (_what, args) => {
    expect(() => parsePage(byTimeAndId, args)).toThrow(BadUserInputError);
  });

  it('refuses text that the database does not take', () => {
    const byName = createKeyset('people', 'ascending', [['name', 'text']]);

    for (const name of ['a\0', '\ud800', 7, null]) {
      expect(() => parsePage(byName, { after: packed(['people', name]) })).toThrow(BadUserInputError);
    }
  });

  it('gives 50 where nothing is said, and up to 100, 0 included', () => {
    expect(parsePage(byTimeAndId, {})).toEqual({ limit: 50, direction: 'forward', after: null, before: null });
    expect(parsePage(byTimeAndId, {}, 'backward')).toMatchObject({ limit: 50, direction: 'backward' });
    expect(parsePage(byTimeAndId, { first: 0, last: null })).toMatchObject({ limit: 0, direction: 'forward' });
    expect(parsePage(byTimeAndId, { last: 100 })).toMatchObject({ limit: 100, direction: 'backward' });
  });

  it('reads the cursors that it makes', () => {
    const key: [Date, bigint] = [new Date('2026-11-20T21:00:00.123Z'), 2n ** 63n - 1n];

    expect(parsePage(byTimeAndId, { after: byTimeAndId.cursorOf(key) }).after).toEqual(key);
  });
});

describe('a list in pages', () => {
  const database = ownDatabase();

  interface Thing {
    time: Date;
    id: bigint;
  }
  const cursorOf = ({ time, id }: Thing) => byTimeAndId.cursorOf([time, id]);

  /** Things of which three at a time have the same time. */
  const read = async (count: number, args: PageArgs) => {
    const page = parsePage(byTimeAndId, args);
    const { where, orderBy, limit, params } = pageSql(byTimeAndId, page, 3);
    const rows = await database.current.query<Thing>(
      `SELECT t.* FROM (SELECT id::bigint, to_timestamp(id / 3) AS time FROM generate_series(1, $1::int) AS id) t
       WHERE ${where} ORDER BY ${orderBy} LIMIT $2::int`,
      [count, limit, ...params],
    );
    return toConnection(rows, page, cursorOf);
  };

  it('is the whole list, once and in order, whichever way and however large the pages', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(20), fc.integer({ min: 1, max: 8 }), fc.boolean(), async (count, size, isForward) => {
        const seen: bigint[] = [];
        let cursor: string | null = null;
        let hasMore = true;
        while (hasMore) {
          const args: PageArgs = isForward ? { first: size, after: cursor } : { last: size, before: cursor };
          const { edges, pageInfo } = await read(count, args);
          const ids = edges.map((edge) => edge.node.id);
          if (isForward) seen.push(...ids);
          else seen.unshift(...ids);
          hasMore = isForward ? pageInfo.hasNextPage : pageInfo.hasPreviousPage;
          expect(isForward ? pageInfo.hasPreviousPage : pageInfo.hasNextPage).toBe(cursor !== null);
          cursor = isForward ? pageInfo.endCursor : pageInfo.startCursor;
        }
        expect(seen).toEqual(Array.from({ length: count }, (_, index) => BigInt(count - index)));
      }),
      { numRuns: 40 },
    );
  });

  it('gives the stretch between two cursors from either end', async () => {
    const all = (await read(20, {})).edges;
    const between = { after: all[4]!.cursor, before: all[15]!.cursor };
    const idsOf = async (args: PageArgs) => (await read(20, args)).edges.map((edge) => edge.node.id);

    expect(await idsOf({ ...between, first: 3 })).toEqual(all.slice(5, 8).map((edge) => edge.node.id));
    expect(await idsOf({ ...between, last: 3 })).toEqual(all.slice(12, 15).map((edge) => edge.node.id));
    expect(await idsOf({ ...between, first: 100 })).toEqual(all.slice(5, 15).map((edge) => edge.node.id));
  });

  it('says that there is more where nothing was asked for', async () => {
    expect(await read(3, { first: 0 })).toEqual({
      edges: [],
      pageInfo: { hasNextPage: true, hasPreviousPage: false, startCursor: null, endCursor: null },
    });
  });
});

function packed(parts: unknown[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

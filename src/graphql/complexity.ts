/** The complexity limit, on every transport, checked when fields are resolved. One unit is one field of one object. */
import type { ComplexityPluginOptions } from '@pothos/plugin-complexity';
import { GraphQLError } from 'graphql';
import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE } from '../domain/page.js';
import { EventContext } from './event-context.js';
import type { SchemaTypes } from './schema-types.js';

/** A hundred chats with ten members each cost some 4,000; two nested pages of a hundred pass only with hardly any fields. */
const MAX_COMPLEXITY = 20_000;

/**
 * For a list that is not a page and may hold a hundred items: it counts as a hundred, since each item leads on (`messages { chat { log …`)
 * and back again.
 */
export const OF_A_LIST = { field: 1, multiplier: MAX_PAGE_SIZE };

/** For a list within each message that hardly ever has more, and never many times as many. */
export const OF_A_SHORT_LIST = { field: 1, multiplier: 5 };

/** The reported one, and five on both sides. */
export const OF_REPORTED_MESSAGES = { field: 1, multiplier: 11 };

/** A search costs the database as much as many pages: of an operation's aliases not more than nine may be one. */
export const OF_A_SEARCH = (args: { first?: number | null | undefined }) => ({
  field: 2000,
  multiplier: pageSize(args.first),
});

type Options = ComplexityPluginOptions<PothosSchemaTypes.ExtendDefaultTypes<SchemaTypes>>;

export const COMPLEXITY: Options = {
  // An event costs what its subscription was checked for.
  limit: (ctx) => (ctx instanceof EventContext ? {} : { complexity: MAX_COMPLEXITY }),
  fieldComplexity: (args, _ctx, field) => {
    if (Array.isArray(args.ids)) return { field: 1, multiplier: args.ids.length };
    const has = (name: string) => field.args.some((arg) => arg.name === name);
    if (has('first')) return { field: 1, multiplier: pageSize(args.first ?? args.last) };
    // `limit` does not count the anchor itself.
    return { field: 1, multiplier: has('limit') ? 1 + pageSize(args.limit) : 1 };
  },
  complexityError: (_kind, { complexity, maxComplexity }) => tooComplex(complexity, maxComplexity ?? MAX_COMPLEXITY),
};

export const tooComplex = (complexity: number, most = MAX_COMPLEXITY): GraphQLError =>
  new GraphQLError(`This asks for ${complexity} fields of objects at once; at most ${most} are allowed`, {
    extensions: { code: 'TOO_COMPLEX' },
  });

export const isTooComplex = (complexity: number): boolean => complexity > MAX_COMPLEXITY;

/** A page size out of range is refused when the page is read. */
const pageSize = (asked: unknown): number =>
  typeof asked === 'number' ? Math.min(Math.max(asked, 0), MAX_PAGE_SIZE) : DEFAULT_PAGE_SIZE;

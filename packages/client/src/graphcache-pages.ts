/**
 * How urql's graphcache keeps Parley's lists: all pages of a connection as one, selected as `edges` or as `nodes`. What live events
 * add is kept apart from the pages and joined to them on read, so an answer that was in flight when an event came
 * removes nothing, whichever of the two is written first.
 */
import type { Cache, CacheExchangeOpts, Resolver, Variables } from '@urql/exchange-graphcache';
import { messageResolvers } from './graphcache-message.js';

interface Edge {
  cursor: string;
  node: string;
}

interface Page {
  type: string;
  args: Variables;
  edges: readonly Edge[];
  startCursor?: string | null;
  endCursor?: string | null;
  hasPreviousPage?: boolean;
  hasNextPage?: boolean;
}

const PAGING = ['first', 'last', 'after', 'before'];

/** The pages of one list that were read: those whose arguments differ in paging alone. */
export const pagesOf = (cache: Cache, parent: string, list: string, args: Variables): Page[] => {
  const identity = (of: Variables | null) =>
    JSON.stringify(
      Object.entries(of ?? {})
        .filter(([arg, value]) => !PAGING.includes(arg) && value !== undefined)
        .sort(),
    );
  return cache
    .inspectFields(parent)
    .filter(({ fieldName, arguments: own }) => fieldName === list && identity(own) === identity(args))
    .flatMap(({ arguments: own }) => pageAt(cache, cache.resolve(parent, list, own), own ?? {}) ?? []);
};

const pageAt = (cache: Cache, key: unknown, args: Variables): Page | null => {
  if (typeof key !== 'string') return null;
  const edges = cache.resolve(key, 'edges') as string[] | undefined;
  const nodes = cache.resolve(key, 'nodes') as string[] | undefined;
  const info = cache.resolve(key, 'pageInfo') as string | undefined;
  const ofInfo = <Value>(of: keyof Page) => (info ? (cache.resolve(info, of) as Value | undefined) : undefined);
  return {
    type: cache.resolve(key, '__typename') as string,
    args,
    edges: edges
      ? edges.map((edge) => ({
          cursor: (cache.resolve(edge, 'cursor') as string | undefined) ?? '',
          node: cache.resolve(edge, 'node') as string,
        }))
      : (nodes ?? []).map((message) => ({ cursor: '', node: message })),
    startCursor: ofInfo('startCursor'),
    endCursor: ofInfo('endCursor'),
    hasPreviousPage: ofInfo('hasPreviousPage'),
    hasNextPage: ofInfo('hasNextPage'),
  };
};

/** A list's first page, with the pages that join it on both sides. */
const joined = (pages: readonly Page[], args: Variables): Page[] => {
  const whole = pages.filter((page) => !page.args.before && !page.args.after);
  const isAsked = (page: Page) => page.args.first === args.first && page.args.last === args.last;
  const start = whole.find(isAsked) ?? whole.sort((one, other) => other.edges.length - one.edges.length)[0] ?? pages[0];
  if (start === undefined) return [];
  const chain = [start];
  const rest = new Set(pages.filter((page) => page !== start));
  const next = () =>
    [...rest].find(
      ({ args: { before, after } }) =>
        (before && before === chain[0]!.startCursor) || (after && after === chain.at(-1)!.endCursor),
    );
  for (let page = next(); page !== undefined; page = next()) {
    rest.delete(page);
    if (page.args.before) chain.unshift(page);
    else chain.push(page);
  }
  return chain;
};

/** The whole list: its pages joined with the live items. */
type WithLive = (
  nodes: readonly string[],
  cache: Cache,
  chain: readonly Page[],
  args: Variables,
  parent: string,
) => string[];

const connection =
  (withLive: WithLive = (nodes) => [...nodes]): Resolver =>
  (_parent, args: Variables, cache, info) => {
    const { parentKey, fieldName } = info;
    const chain = joined(pagesOf(cache, parentKey, fieldName, args), args);
    const [first, last] = [chain[0], chain.at(-1)];
    if (first === undefined || last === undefined) return undefined;
    // Not in the cache yet: shows what there is, and has the rest fetched.
    if (typeof cache.resolve(parentKey, fieldName, args) !== 'string') info.partial = true;
    const cursors = new Map(chain.flatMap(({ edges }) => edges.map((edge) => [edge.node, edge.cursor])));
    const nodes = withLive([...cursors.keys()], cache, chain, args, parentKey);
    return {
      __typename: first.type,
      nodes,
      edges: nodes.map((key) => ({
        __typename: first.type.replace(/Connection$/, 'Edge'),
        cursor: cursors.get(key) ?? '',
        node: key,
      })),
      pageInfo: {
        __typename: 'PageInfo',
        startCursor: first.startCursor,
        hasPreviousPage: first.hasPreviousPage,
        endCursor: last.endCursor,
        hasNextPage: last.hasNextPage,
      },
    };
  };

export const linksOf = (cache: Cache, entity: string, list: string) =>
  (cache.resolve(entity, list) as string[] | null | undefined) ?? [];

export const seqOf = (cache: Cache, message: string) => (cache.resolve(message, 'seq') as number | undefined) ?? 0;

export const keyOf = (cache: Cache, type: string, id: unknown) =>
  cache.keyOfEntity({ __typename: type, id: id as string }) ?? '';

/** One chat's messages, in the log's order: pages, then what came live after them. */
const messagesOf =
  (newest: 'first' | 'last', chatOf: (cache: Cache, args: Variables, parent: string) => string): WithLive =>
  (nodes, cache, chain, args, parent) => {
    const page = newest === 'last' ? chain.at(-1)! : chain[0]!;
    const isBehind =
      newest === 'last' ? (page.hasNextPage ?? page.args.first) : (page.hasPreviousPage ?? page.args.last);
    const live = linksOf(cache, chatOf(cache, args, parent), 'liveMessages');
    if (isBehind || live.length === 0) return [...nodes];
    const end = newest === 'last' ? nodes.at(-1) : nodes[0];
    const head = end === undefined ? 0 : seqOf(cache, end);
    const added = live.filter((message) => seqOf(cache, message) > head);
    return newest === 'last' ? [...nodes, ...added] : [...added.reverse(), ...nodes];
  };

/**
 * Pinned ones first, then newest first, as on the server: adds chats that became known live, leaves out those that are gone, and those
 * that were archived, or came back from there. Who is pinned and archived it knows where `settings` were selected.
 */
const chats: WithLive = (nodes, cache, _chain, { kind, scope, archived, unreadOnly, search }) => {
  if (scope === 'ALL') return [...nodes];
  const has = (chat: string, name: 'isPinned' | 'isArchived') => {
    const settings = cache.resolve(chat, 'settings');
    return typeof settings === 'string' ? cache.resolve(settings, name) : undefined;
  };
  const gone = linksOf(cache, 'Query', 'goneChats');
  const isArchive = archived === true;
  const isElsewhere = (chat: string) => gone.includes(chat) || has(chat, 'isArchived') === !isArchive;
  // What a search would find, the server knows.
  const isSearched = typeof search === 'string' && search.trim() !== '';
  if (isArchive || isSearched || unreadOnly === true) return nodes.filter((chat) => !isElsewhere(chat));
  const added = linksOf(cache, 'Query', 'liveChats').filter(
    (chat) => !nodes.includes(chat) && ((kind ?? null) === null || cache.resolve(chat, 'kind') === kind),
  );
  const all = [...nodes, ...added].filter((chat) => !isElsewhere(chat));
  const activity = new Map(all.map((chat) => [chat, Date.parse(cache.resolve(chat, 'activityAt') as string)]));
  if ([...activity.values()].some(Number.isNaN)) return all;
  const isPinned = (chat: string) => Number(has(chat, 'isPinned') === true);
  return all.sort((one, other) => isPinned(other) - isPinned(one) || activity.get(other)! - activity.get(one)!);
};

export const resolvers: NonNullable<CacheExchangeOpts['resolvers']> = {
  Query: {
    chats: connection(chats),
    messages: connection(messagesOf('first', (cache, { chatId }) => (chatId ? keyOf(cache, 'Chat', chatId) : ''))),
    notifications: connection(),
    relations: connection(),
    openChats: connection(),
    users: connection(),
  },
  Chat: {
    messages: connection(messagesOf('last', (_cache, _args, chat) => chat)),
    members: connection(),
  },
  Message: messageResolvers,
};

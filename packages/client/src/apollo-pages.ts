/**
 * How Apollo's cache keeps Parley's lists. All pages of a connection form one list, selected as `edges` or as `nodes`. What live
 * events add is kept apart from the pages and joined to them on read, so an answer that was in flight when an event came
 * removes nothing, whichever of the two is written first.
 */
import type { FieldFunctionOptions, FieldPolicy, Reference, StoreObject, TypePolicies } from '@apollo/client';
import { messageFields } from './apollo-message.js';

interface Edge {
  __typename: string;
  cursor: string;
  node: Reference;
}

interface PageInfo {
  hasPreviousPage?: boolean;
  hasNextPage?: boolean;
  startCursor?: string | null;
  endCursor?: string | null;
}

interface Connection {
  __typename?: string;
  edges?: readonly Edge[];
  nodes?: readonly Reference[];
  pageInfo?: PageInfo;
}

/** As stored in the cache. */
interface Pages extends Connection {
  edges: readonly Edge[];
  /** Whether it has every item at the end where the list grows. */
  reachesNow: boolean;
  /** Whether it has the list's first page, not just a page after a cursor. */
  isBegun: boolean;
}

interface Rules {
  /** The arguments that select a separate list. */
  keyArgs?: string[];
  /** Which end of the list is the newest; if absent, nothing is added live. */
  newest?: 'first' | 'last';
  /** The whole list: its pages joined with the live items. */
  withLive?: (edges: readonly Edge[], options: FieldFunctionOptions, reachesNow: boolean) => readonly Edge[];
}

const connection = ({ keyArgs, newest, withLive }: Rules = {}): FieldPolicy<Pages, Connection, Connection> => ({
  keyArgs: keyArgs ?? false,

  read: (pages, options) => {
    if (pages === undefined) return undefined;
    const { edges, reachesNow, isBegun } = pages;
    // A page came after the list was forgotten: queries that show the list from its beginning fetch again.
    if (!isBegun && !options.args?.after && !options.args?.before) return undefined;
    const all = withLive?.(edges, options, reachesNow) ?? edges;
    const { canRead } = options;
    return sameWhileEqual(
      pages,
      all.every(({ node }) => canRead(node)) ? all : all.filter(({ node }) => canRead(node)),
    );
  },

  merge: (existing, incoming, { args }) => {
    const known = existing?.edges ?? [];
    const page = edgesOf(incoming);
    const refs = new Set(page.map(({ node }) => node.__ref));
    const isNew = ({ node }: Edge) => !refs.has(node.__ref);
    let before: readonly Edge[] = [];
    let behind: readonly Edge[] = [];
    const joint = (args?.after || args?.before) as string | undefined;
    if (joint) {
      const index = known.findIndex(({ cursor }) => cursor === joint);
      // Requested before the list was read again: merging it would leave a permanent gap.
      if (index < 0 && existing && known.length > 0) return existing;
      if (args?.after) before = known.slice(0, index + 1);
      else behind = known.slice(index);
    } else if (newest !== undefined) {
      // Read again. Older pages stay if the new one still joins them.
      const first = known.findIndex((edge) => !isNew(edge));
      if (first >= 0 && newest === 'last') before = known.slice(0, first);
      if (first >= 0 && newest === 'first') behind = known.slice(first).filter(isNew);
    }
    before = before.filter(isNew);
    behind = behind.filter(isNew);

    const { pageInfo } = incoming;
    const [hasBefore, hasBehind] = [before.length > 0, behind.length > 0];
    const isAtNewest =
      newest === 'last' ? !(pageInfo?.hasNextPage ?? args?.first) : !(pageInfo?.hasPreviousPage ?? args?.last);
    return {
      ...incoming,
      isBegun: !joint || existing?.isBegun === true,
      edges: [...before, ...page, ...behind],
      pageInfo: pageInfo && {
        ...pageInfo,
        ...(hasBefore && {
          hasPreviousPage: existing!.pageInfo?.hasPreviousPage,
          startCursor: existing!.pageInfo?.startCursor,
        }),
        ...(hasBehind && { hasNextPage: existing!.pageInfo?.hasNextPage, endCursor: existing!.pageInfo?.endCursor }),
      },
      reachesNow: (newest === 'last' ? hasBehind : hasBefore) ? existing!.reachesNow : isAtNewest,
    };
  },
});

/** The first and last edge get the page's cursors, whether `edges` or `nodes` were selected: pages are joined by them. */
const edgesOf = ({ __typename: type = '', edges, nodes, pageInfo }: Connection): readonly Edge[] => {
  const made: Edge[] = edges
    ? edges.map((edge) => ({ ...edge, cursor: edge.cursor ?? '' }))
    : (nodes ?? []).map((node) => ({ __typename: type.replace(/Connection$/, 'Edge'), cursor: '', node }));
  const [first, last] = [made[0], made.at(-1)];
  if (first && pageInfo?.startCursor) first.cursor = pageInfo.startCursor;
  if (last && pageInfo?.endCursor) last.cursor = pageInfo.endCursor;
  return made;
};

/** The cache does not re-read objects that stay the same; otherwise each message would cost a pass over all of them. */
const sameWhileEqual = (pages: Pages, edges: readonly Edge[]): Connection => {
  const last = lastRead.get(pages);
  if (last && last.edges.length === edges.length && last.edges.every((edge, index) => edge === edges[index]))
    return last;
  const { reachesNow: _, isBegun: __, ...connectionOf } = pages;
  const read = { ...connectionOf, edges, nodes: edges.map(({ node }) => node) };
  lastRead.set(pages, read);
  return read;
};
const lastRead = new WeakMap<Pages, Connection & { edges: readonly Edge[] }>();

/** The edge of an item that came live; the same object for the same reference. */
const liveEdge = (type: string, node: Reference): Edge => {
  let edge = liveEdges.get(node);
  if (edge === undefined) liveEdges.set(node, (edge = { __typename: type, cursor: '', node }));
  return edge;
};
const liveEdges = new WeakMap<Reference, Edge>();

const liveMessages = (chat: Reference | undefined, { readField }: FieldFunctionOptions) =>
  (chat && readField<readonly Reference[]>('liveMessages', chat)) ?? [];

/** One chat's messages, in the log's order: pages, then what came live after them. */
const messagesOf = (
  newest: 'first' | 'last',
  chatOf: (options: FieldFunctionOptions) => Reference | undefined,
): Rules['withLive'] => {
  return (edges, options, reachesNow) => {
    const live = liveMessages(chatOf(options), options);
    if (!reachesNow || live.length === 0) return edges;
    const seqOf = (node: Reference) => options.readField<number>('seq', node) ?? 0;
    const end = newest === 'last' ? edges.at(-1) : edges[0];
    const head = end === undefined ? 0 : seqOf(end.node);
    let from = live.length;
    while (from > 0 && seqOf(live[from - 1]!) > head) from -= 1;
    const added = live.slice(from).map((node) => liveEdge('MessageEdge', node));
    return newest === 'last' ? [...edges, ...added] : [...added.reverse(), ...edges];
  };
};

/**
 * Pinned ones first, then newest first, as on the server: adds chats that became known live, leaves out those that are gone, and those
 * that were archived, or came back from there. Who is pinned and archived it knows where `settings` were selected.
 */
const liveChats: Rules['withLive'] = (edges, { readField, args }) => {
  if (args?.scope === 'ALL') return edges;
  const has = (chat: Reference, name: 'isPinned' | 'isArchived') => {
    const settings = readField<StoreObject | null>('settings', chat);
    return settings ? readField<boolean>(name, settings) : undefined;
  };
  const gone = new Set(readField<readonly Reference[]>('goneChats')?.map(({ __ref }) => __ref));
  const isArchive = args?.archived === true;
  const isElsewhere = (chat: Reference) => gone.has(chat.__ref) || has(chat, 'isArchived') === !isArchive;
  // What a search would find, the server knows.
  const isSearched = typeof args?.search === 'string' && args.search.trim() !== '';
  if (isArchive || isSearched || args?.unreadOnly === true) return edges.filter(({ node }) => !isElsewhere(node));
  const listed = new Set(edges.map(({ node }) => node.__ref));
  const added = (readField<readonly Reference[]>('liveChats') ?? []).filter(
    (chat) => !listed.has(chat.__ref) && ((args?.kind ?? null) === null || readField('kind', chat) === args?.kind),
  );
  const all = [...edges, ...added.map((chat) => liveEdge('ChatEdge', chat))].filter(({ node }) => !isElsewhere(node));
  const activity = new Map(all.map((edge) => [edge, readField<string>('activityAt', edge.node)]));
  if ([...activity.values()].includes(undefined)) return all;
  const timeOf = (edge: Edge) => Date.parse(activity.get(edge)!);
  const isPinned = ({ node }: Edge) => Number(has(node, 'isPinned') ?? false);
  return all.sort((one, other) => isPinned(other) - isPinned(one) || timeOf(other) - timeOf(one));
};

/** In the log's order; each message once. */
const liveMessagesPolicy: FieldPolicy<readonly Reference[]> = {
  merge: (existing = [], incoming, { readField }) => {
    const all = [...existing];
    for (const message of incoming) {
      const seq = readField<number>('seq', message) ?? Infinity;
      let index = all.length;
      while (index > 0 && (readField<number>('seq', all[index - 1]) ?? 0) > seq) index -= 1;
      if (!all.some(({ __ref }) => __ref === message.__ref)) all.splice(index, 0, message);
    }
    return all;
  },
};

const union: FieldPolicy<readonly Reference[]> = {
  merge: (existing = [], incoming) => [
    ...existing,
    ...incoming.filter(({ __ref }) => !existing.some((one) => one.__ref === __ref)),
  ],
};

/** Events are handled when they are delivered, not read from the cache. */
const lastEvent: FieldPolicy = { keyArgs: false, merge: (_existing, incoming: unknown) => incoming };

/** For `new InMemoryCache({ possibleTypes, typePolicies })`. */
export const typePolicies = {
  Query: {
    fields: {
      chats: connection({
        keyArgs: ['archived', 'kind', 'scope', 'search', 'unreadOnly'],
        newest: 'first',
        withLive: liveChats,
      }),
      messages: connection({
        keyArgs: ['chatId'],
        newest: 'first',
        withLive: messagesOf('first', ({ args, toReference }) =>
          args?.chatId ? toReference({ __typename: 'Chat', id: args.chatId as string }) : undefined,
        ),
      }),
      notifications: connection({ keyArgs: ['unreadOnly'], newest: 'first' }),
      openChats: connection({ keyArgs: ['search'] }),
      relations: connection({ newest: 'first' }),
      users: connection({ keyArgs: ['search', 'isActive'] }),
      liveChats: union,
      goneChats: union,
    },
  },
  Chat: {
    fields: {
      messages: connection({
        newest: 'last',
        withLive: messagesOf('last', ({ readField, toReference }) =>
          toReference({ __typename: 'Chat', id: readField<string>('id')! }),
        ),
      }),
      members: connection(),
      liveMessages: liveMessagesPolicy,
    },
  },
  Message: { fields: messageFields },
  Subscription: { fields: { events: lastEvent, chatEvents: lastEvent } },
} satisfies TypePolicies;

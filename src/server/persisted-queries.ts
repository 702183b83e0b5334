/**
 * Automatic persisted queries, as Apollo's clients send them: the SHA-256 of a document instead of its text. The server answers an
 * unknown hash with PersistedQueryNotFound; the client then sends both once, and from then on the hash is enough, on every
 * transport. Each node keeps its own cache.
 */
import { createHash } from 'node:crypto';
import { GraphQLError } from 'graphql';

export interface PersistedQueries {
  /**
   * Finds the document to run.
   *
   * @param params as received, unchecked
   * @returns the parameters, with the text added if they have only its hash
   * @throws GraphQLError for a hash that is unknown, or does not match the text next to it
   */
  resolve<Params extends object>(params: Params): Params;
  /**
   * Keeps the text if it came with its hash. Only for documents that are parsed and validated, from senders with a valid credential.
   *
   * @param params as `resolve` returned them
   * @param owner the sender, whose share of the cache is limited
   */
  keep(params: object, owner: string): void;
}

interface Size {
  documents: number;
  bytes: number;
}

interface Entry {
  text: string;
  owner: string;
}

const MOST: Size = { documents: 2000, bytes: 8 * 1024 * 1024 };
const MOST_OF_ONE_OWNER: Size = { documents: 250, bytes: 1024 * 1024 };

/** @param most beyond a limit the least recently used are dropped: first the owner's, then anybody's */
export const createPersistedQueries = (most = MOST, mostOfOneOwner = MOST_OF_ONE_OWNER): PersistedQueries => {
  /** By hash, most recently used last. */
  const entries = new Map<string, Entry>();
  const all: Size = { documents: 0, bytes: 0 };
  const owned = new Map<string, Size>();

  const count = ({ text, owner }: Entry, by: 1 | -1) => {
    const own = owned.get(owner) ?? { documents: 0, bytes: 0 };
    for (const size of [all, own]) {
      size.documents += by;
      size.bytes += by * Buffer.byteLength(text);
    }
    if (own.documents === 0) owned.delete(owner);
    else owned.set(owner, own);
  };

  const dropOldest = (isMeant: (entry: Entry) => boolean) => {
    for (const [hash, entry] of entries) {
      if (!isMeant(entry)) continue;
      entries.delete(hash);
      return count(entry, -1);
    }
  };

  const find = (hash: string): string | undefined => {
    const entry = entries.get(hash);
    if (entry === undefined) return undefined;
    entries.delete(hash);
    entries.set(hash, entry);
    return entry.text;
  };

  return {
    resolve: (params) => {
      const hash = hashIn(params);
      if (hash === undefined) return params;
      const sent = textIn(params);
      if (sent !== undefined && hashOf(sent) !== hash) throw malformed('`sha256Hash` is not the SHA-256 of the query');
      const text = sent ?? find(hash);
      if (text === undefined) throw notFound();
      return { ...params, query: text };
    },

    keep: (params, owner) => {
      const hash = hashIn(params);
      const text = textIn(params);
      if (hash === undefined || text === undefined || find(hash) !== undefined) return;
      const entry = { text, owner };
      entries.set(hash, entry);
      count(entry, 1);
      while (isOver(owned.get(owner), mostOfOneOwner)) dropOldest((other) => other.owner === owner);
      while (isOver(all, most)) dropOldest(() => true);
    },
  };
};

const isOver = (size: Size | undefined, most: Size): boolean =>
  size !== undefined && (size.documents > most.documents || size.bytes > most.bytes);

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');

/** Over a WebSocket, `withQuery` of `operation-ids.ts` sends an empty text for none. */
const textIn = ({ query }: { query?: unknown }): string | undefined =>
  typeof query === 'string' && query !== '' ? query : undefined;

/** @throws GraphQLError if the extension is of another version or malformed */
const hashIn = ({ extensions }: { extensions?: unknown }): string | undefined => {
  const persisted = (extensions as { persistedQuery?: unknown } | null | undefined)?.persistedQuery;
  if (persisted === undefined || persisted === null) return undefined;
  const { version, sha256Hash } = persisted as { version?: unknown; sha256Hash?: unknown };
  // After this answer clients send only texts.
  if (version !== 1) throw refused('PersistedQueryNotSupported', 'PERSISTED_QUERY_NOT_SUPPORTED', 200);
  if (typeof sha256Hash !== 'string' || !/^[0-9a-f]{64}$/.test(sha256Hash))
    throw malformed('`sha256Hash` must be 64 hexadecimal digits in lower case');
  return sha256Hash;
};

/** Not the client's mistake: it should send the text. */
const notFound = () => refused('PersistedQueryNotFound', 'PERSISTED_QUERY_NOT_FOUND', 200);
const malformed = (message: string) => refused(message, 'BAD_USER_INPUT', 400);
const refused = (message: string, code: string, status: number) =>
  new GraphQLError(message, { extensions: { code, http: { status } } });

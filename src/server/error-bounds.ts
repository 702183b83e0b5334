/** Bounds the errors about a client's own mistakes, so that a small request cannot produce a huge answer. */
import { GraphQLError } from 'graphql';

export const MAX_ERRORS = 10;
/** As JSON. With its envelope, the whole answer to a malformed request stays below 4 KB. */
const MAX_BYTES = 3900;
const MAX_MESSAGE = 300;
const MAX_MESSAGE_BYTES = 1000;
const MAX_LOCATIONS = 3;

/** Not the client's mistakes, so reported for each field. */
const NOT_THEIRS = new Set(['INTERNAL_SERVER_ERROR', 'SUBSCRIPTION_ENDED', 'UNAUTHENTICATED', 'UNAVAILABLE']);

export const boundErrors = (errors: readonly GraphQLError[]): GraphQLError[] => {
  let count = 0;
  let bytes = 0;
  return errors.flatMap((error) => {
    const short = shorten(error);
    if (NOT_THEIRS.has(String(error.extensions.code))) return [short];
    if (count === MAX_ERRORS) return [];
    const size = Buffer.byteLength(JSON.stringify(short));
    if (count > 0 && bytes + size > MAX_BYTES) return [];
    count++;
    bytes += size;
    return [short];
  });
};

/** Returns the error itself if it is short. */
const shorten = (error: GraphQLError): GraphQLError => {
  const message = cut(error.message);
  const { nodes, source, positions, path, originalError, extensions } = error;
  if (message === error.message && (positions?.length ?? 0) <= MAX_LOCATIONS) return error;
  return new GraphQLError(message, {
    // Locations come from the nodes if there are any, otherwise from positions in the source.
    ...(nodes ? { nodes: nodes.slice(0, MAX_LOCATIONS) } : { source, positions: positions?.slice(0, MAX_LOCATIONS) }),
    path,
    originalError,
    extensions,
  });
};

const cut = (message: string): string => {
  if (message.length <= MAX_MESSAGE && Buffer.byteLength(JSON.stringify(message)) <= MAX_MESSAGE_BYTES) return message;
  const start = message.slice(0, MAX_MESSAGE);
  // A lone surrogate or a control character takes six bytes as JSON.
  const isShort = Buffer.byteLength(JSON.stringify(start)) <= MAX_MESSAGE_BYTES;
  return `${isShort ? start : start.slice(0, MAX_MESSAGE_BYTES / 6)}…`;
};

/** The server's own word that a request may be tried again, in whichever form a client library hands it on. */

/** Nobody is signed in: the session has ended, here or on the server. */
export class SignedOutError extends Error {
  override readonly name = 'SignedOutError';
  /** As the server closes a socket for it. */
  readonly code = 4401;
}

/** @returns how long to wait first, in milliseconds; null where it must not be tried again as it is */
export const retryAfterMs = (error: unknown): number | null => {
  for (const { extensions } of errorsOf(error)) {
    if (extensions?.code === 'UNAVAILABLE') return extensions.retryAfterMs ?? 1000;
  }
  return null;
};

/**
 * The same for an answer that is a RateLimitedError: a member of a mutation's union. Select `__typename` and `retryAfterMs`.
 *
 * @param answer that member, the data that holds it, or a library's result with that data
 */
export const rateLimitedMs = (answer: unknown): number | null => {
  const data = (answer as { data?: unknown } | null | undefined)?.data;
  for (const one of [answer, ...valuesOf(answer), ...valuesOf(data)]) {
    const { __typename: type, retryAfterMs: wait } = (one ?? {}) as { __typename?: string; retryAfterMs?: number };
    if (type === 'RateLimitedError') return wait ?? 1000;
  }
  return null;
};

const valuesOf = (value: unknown): unknown[] =>
  typeof value === 'object' && value !== null ? Object.values(value) : [];

interface Refusal {
  extensions?: { code?: string; retryAfterMs?: number };
}

/** graphql-ws gives a list, Apollo and urql an error that has one. */
const errorsOf = (error: unknown): readonly Refusal[] => {
  if (Array.isArray(error)) return error as Refusal[];
  if (typeof error !== 'object' || error === null) return [];
  const { errors, graphQLErrors } = error as { errors?: Refusal[]; graphQLErrors?: Refusal[] };
  return errors ?? graphQLErrors ?? [error];
};

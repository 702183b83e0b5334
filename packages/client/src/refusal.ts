/** Reads from an error, in the form of any client library, whether the server allows a retry. */

/** Nobody is signed in: the session has ended, on this client or on the server. */
export class SignedOutError extends Error {
  override readonly name = 'SignedOutError';
  /** The code that the server closes a socket with in this case. */
  readonly code = 4401;
}

/** @returns how long to wait before a retry, in milliseconds; null if the request must not be retried as it is */
export const retryAfterMs = (error: unknown): number | null => {
  for (const { extensions } of errorsOf(error)) {
    if (extensions?.code === 'UNAVAILABLE') return extensions.retryAfterMs ?? 1000;
  }
  return null;
};

/**
 * As `retryAfterMs`, for an answer that is a RateLimitedError, a member of a mutation's union. Select `__typename` and `retryAfterMs`.
 *
 * @param answer that union member, the data that contains it, or a library's result with that data
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

/** graphql-ws passes a list, Apollo and urql an error that has one. */
const errorsOf = (error: unknown): readonly Refusal[] => {
  if (Array.isArray(error)) return error as Refusal[];
  if (typeof error !== 'object' || error === null) return [];
  const { errors, graphQLErrors } = error as { errors?: Refusal[]; graphQLErrors?: Refusal[] };
  return errors ?? graphQLErrors ?? [error];
};

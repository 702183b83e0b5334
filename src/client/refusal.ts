/** The server's own word that a request may be tried again, in whichever form a client library hands it on. */

/** @returns how long to wait first, in milliseconds; null where it must not be tried again as it is */
export const retryAfterMs = (error: unknown): number | null => {
  for (const { extensions } of errorsOf(error)) {
    if (extensions?.code === 'UNAVAILABLE') return extensions.retryAfterMs ?? 1000;
  }
  return null;
};

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

/** A session's requests to the server: over HTTP, one operation each. */

export interface Tokens {
  accessToken: string;
  accessTokenExpiresAt: string;
  refreshToken: string;
  user: { id: string; username: string };
}

/** An error type of a mutation's union. */
export interface Refusal {
  __typename: string;
  reason: string;
  fields?: readonly { path: readonly string[]; reason: string }[];
  retryAfterMs?: number;
}

export type Answer = { __typename: string; session: Tokens } | Refusal;

const SESSION = 'session { accessToken accessTokenExpiresAt refreshToken user { id username } }';
const REFUSED = '... on Error { reason } ... on RateLimitedError { retryAfterMs }';

export const LOG_IN = `mutation ($input: LogInInput!) {
  logIn(input: $input) { __typename ... on LogInSuccess { ${SESSION} } ${REFUSED} }
}`;
export const REGISTER = `mutation ($input: RegisterInput!) {
  register(input: $input) {
    __typename ... on RegisterSuccess { ${SESSION} } ${REFUSED} ... on InvalidInputError { fields { path reason } }
  }
}`;
export const REFRESH = `mutation ($input: RefreshSessionInput!) {
  refreshSession(input: $input) { __typename ... on RefreshSessionSuccess { ${SESSION} } ${REFUSED} }
}`;
export const LOG_OUT = 'mutation ($input: LogOutInput!) { logOut(input: $input) { __typename } }';

/** After this time the request counts as lost. */
const ANSWERED_WITHIN_MS = 10_000;

/** @throws Error with `errors` if the server refused the request itself; what `fetch` throws if there is no answer */
export const post = async (url: string, query: string, input: object, accessToken?: string): Promise<Answer> => {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json',
      ...(accessToken !== undefined && { authorization: `Bearer ${accessToken}` }),
    },
    body: JSON.stringify({ query, variables: { input } }),
    signal: AbortSignal.timeout(ANSWERED_WITHIN_MS),
    // The page may close while it signs out.
    keepalive: true,
  });
  const { data, errors } = (await response.json()) as {
    data?: Record<string, Answer | null> | null;
    errors?: readonly { message: string }[];
  };
  const answer = Object.values(data ?? {})[0];
  if (answer) return answer;
  throw Object.assign(new Error(errors?.[0]?.message ?? `HTTP ${response.status}`), errors && { errors });
};

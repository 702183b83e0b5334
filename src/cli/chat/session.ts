/** Signed in, and staying so: the access token is replaced before it ends, the refresh token with it. */
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { print } from 'graphql';
import { LogInDocument, RefreshSessionDocument, type SessionFieldsFragment } from './operations.js';

export interface Session {
  readonly user: { id: string; username: string };
  /** An access token that is good for a while yet: a minute, or a third of its time where that is less. */
  accessToken(): Promise<string>;
  /** When the present one has to be replaced. */
  readonly renewAt: () => Date;
}

/** The server said no, and will say so again. */
export class SignInError extends Error {}

const MARGIN_MS = 60_000;
/** Of a token's whole time, where that is short. */
const MARGIN_SHARE = 1 / 3;

export interface SignIn {
  /** `http://host:port/graphql` */
  endpoint: string;
  username: string;
  password: string;
}

/** @throws SignInError where name or password are wrong; TypeError (fetch's) where the server cannot be reached */
export const signIn = async ({ endpoint, username, password }: SignIn): Promise<Session> => {
  let current = await logIn();
  let receivedAt = Date.now();
  let renewing: Promise<void> | null = null;

  async function logIn(): Promise<SessionFieldsFragment> {
    const { logIn: result } = await post(endpoint, LogInDocument, { input: { username, password } });
    if (result?.__typename === 'LogInSuccess') return result.session;
    throw new SignInError(result?.reason ?? 'The server did not answer');
  }

  const renew = async () => {
    const { refreshSession: result } = await post(endpoint, RefreshSessionDocument, {
      input: { refreshToken: current.refreshToken },
    });
    // Its answer may have been lost once, and the token was used then: the password is still good.
    current = result?.__typename === 'RefreshSessionSuccess' ? result.session : await logIn();
    receivedAt = Date.now();
  };

  const renewAt = () => {
    const expiresAt = Date.parse(current.accessTokenExpiresAt);
    return new Date(expiresAt - Math.min(MARGIN_MS, (expiresAt - receivedAt) * MARGIN_SHARE));
  };

  return {
    user: current.user,
    accessToken: async () => {
      if (Date.now() >= renewAt().getTime()) await (renewing ??= renew().finally(() => (renewing = null)));
      return current.accessToken;
    },
    renewAt,
  };
};

/** One operation over HTTP; everything but signing in goes over the socket. */
const post = async <Result, Variables>(
  endpoint: string,
  document: TypedDocumentNode<Result, Variables>,
  variables: Variables,
): Promise<Result> => {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' },
    body: JSON.stringify({ query: print(document), variables }),
  });
  const { data, errors } = (await response.json()) as { data?: Result | null; errors?: { message: string }[] };
  if (data === undefined || data === null) throw new SignInError(errors?.[0]?.message ?? `HTTP ${response.status}`);
  return data;
};

/** A plain client for GraphQL over HTTP. */
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { print } from 'graphql';
import type { Answer } from './live.js';

export interface HttpAnswer<Data = unknown> extends Answer<Data> {
  status: number;
  headers: Headers;
}

export interface RequestOptions {
  token?: string | undefined;
  headers?: Record<string, string>;
  operationName?: string;
}

/** Posts a body as it is. */
export const postBody = (endpoint: string, body: BodyInit, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(endpoint, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body,
    ...(body instanceof ReadableStream && { duplex: 'half' }),
  });

/** Asks; whatever the answer is. */
export const post = async <Data, Variables>(
  endpoint: string,
  query: string | TypedDocumentNode<Data, Variables>,
  variables?: Variables,
  { token, headers, operationName }: RequestOptions = {},
): Promise<HttpAnswer<Data>> => {
  const body = JSON.stringify({ query: typeof query === 'string' ? query : print(query), variables, operationName });
  const response = await postBody(endpoint, body, { ...bearer(token), ...headers });
  const answer = (await response.json()) as Answer<Data>;
  return { ...answer, status: response.status, headers: response.headers };
};

export const bearer = (token: string | undefined): Record<string, string> =>
  token === undefined ? {} : { Authorization: authorizationOf(token) };

/** As it is written for an access token or an API token. */
export const authorizationOf = (token: string): string => `${token.startsWith('pat_') ? 'Token' : 'Bearer'} ${token}`;

/**
 * One socket for everything. It reconnects by itself and repeats unanswered operations. That is safe because each send carries
 * its `clientMessageId`, and each followed chat its last cursor.
 */
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { print, type GraphQLFormattedError } from 'graphql';
import type { Client, SubscribePayload } from 'graphql-ws';
import { WebSocket } from 'ws';
import { createConnection as createLosslessClient } from '@parley-chat/client/connection';
import { retryAfterMs } from '@parley-chat/client/refusal';
import { untilAnswered } from '@parley-chat/client/send';
import type { Session } from './session.js';

export interface Connection {
  /** A query or mutation. Waits while the server is away, and retries after UNAVAILABLE. */
  run<Result, Variables extends Record<string, unknown>>(
    document: TypedDocumentNode<Result, Variables>,
    variables: Variables,
  ): Promise<Result>;
  /** A subscription that is not resumed: query what happened while the socket was away. */
  follow<Result>(
    document: TypedDocumentNode<Result, Record<string, never>>,
    onNext: (result: Result) => void,
  ): () => void;
  /** For subscriptions that are resumed. */
  readonly client: Client;
  close(): Promise<void>;
}

export interface ConnectionOptions {
  endpoint: string;
  session: Session;
  onState: (state: 'connected' | 'away') => void;
  /** It will not reconnect: the session or the account is gone. */
  onGone: (reason: string) => void;
}

/** A top-level error of the server: it refused the request itself. */
export class OperationError extends Error {
  readonly extensions: GraphQLFormattedError['extensions'];
  constructor(refusal: GraphQLFormattedError) {
    super(refusal.message);
    this.extensions = refusal.extensions;
  }
}

export const createConnection = ({ endpoint, session, onState, onGone }: ConnectionOptions): Connection => {
  const client = createLosslessClient({
    url: endpoint.replace(/^http/, 'ws'),
    webSocketImpl: WebSocket,
    accessToken: (refused) => session.accessToken(refused),
    onState,
    onRefused: (_code, reason) => onGone(reason),
    onGone: (error) => onGone(isCloseEvent(error) ? error.reason : String(error)),
  });

  const payloadOf = (
    document: TypedDocumentNode<unknown, never>,
    variables: Record<string, unknown>,
  ): SubscribePayload => ({
    query: print(document),
    variables,
  });

  const runOnce = <Result>(payload: SubscribePayload): Promise<Result> =>
    new Promise((resolve, reject) => {
      client.subscribe<Result>(payload, {
        next: ({ data, errors }) => {
          if (errors?.[0] !== undefined) reject(new OperationError(errors[0]));
          else resolve(data as Result);
        },
        error: reject,
        complete: () => reject(new Error('The server gave no answer')),
      });
    });

  const connection: Connection = {
    client,
    // graphql-ws itself repeats what was lost with a socket.
    run: (document, variables) =>
      untilAnswered(() => runOnce(payloadOf(document, variables)), {
        isWorthwhile: (error) => retryAfterMs(error) !== null,
      }),
    follow: (document, onNext) =>
      client.subscribe(payloadOf(document, {}), {
        next: ({ data }) => {
          if (data) onNext(data as never);
        },
        error: () => {},
        complete: () => {},
      }),
    close: async () => client.dispose(),
  };
  return connection;
};

const isCloseEvent = (error: unknown): error is { code: number; reason: string } =>
  typeof error === 'object' && error !== null && 'code' in error && 'reason' in error;

/**
 * One socket for everything, through graphql-ws, which comes back by itself after each loss and says again what was not
 * answered. What makes that safe: sends carry their `clientMessageId`, and a followed chat its last cursor.
 */
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { print, type GraphQLFormattedError } from 'graphql';
import { createClient, type SubscribePayload } from 'graphql-ws';
import { WebSocket } from 'ws';
import { RenewConnectionDocument } from './operations.js';
import type { Session } from './session.js';

export interface Connection {
  /** A query or mutation. Waits for the server while it is away; an answer of UNAVAILABLE is asked for again. */
  run<Result, Variables extends Record<string, unknown>>(
    document: TypedDocumentNode<Result, Variables>,
    variables: Variables,
  ): Promise<Result>;
  /**
   * A subscription.
   *
   * @param variables sent as they are then after each loss of the socket: keep `after` in them at the last cursor
   * @param onEnd the server completed it, or refused it: with errors
   * @returns ends it
   */
  follow<Result, Variables extends Record<string, unknown>>(
    document: TypedDocumentNode<Result, Variables>,
    variables: Variables,
    onNext: (result: Result) => void,
    onEnd: (error?: unknown) => void,
  ): () => void;
  close(): Promise<void>;
}

export interface ConnectionOptions {
  endpoint: string;
  session: Session;
  onState: (state: 'connected' | 'away') => void;
  /** It will not come back: the session or the account is gone. */
  onGone: (reason: string) => void;
}

/** The server's top-level error: the request itself was refused. */
export class OperationError extends Error {
  constructor(readonly refusal: GraphQLFormattedError) {
    super(refusal.message);
  }
}

const LONGEST_WAIT_MS = 2000;
const KEEP_ALIVE_MS = 5000;

export const createConnection = ({ endpoint, session, onState, onGone }: ConnectionOptions): Connection => {
  let renewal: NodeJS.Timeout | undefined;

  const client = createClient({
    url: endpoint.replace(/^http/, 'ws'),
    webSocketImpl: WebSocket,
    lazy: false,
    keepAlive: KEEP_ALIVE_MS,
    retryAttempts: Infinity,
    shouldRetry: () => true,
    retryWait: (retries) => sleep(Math.min(LONGEST_WAIT_MS, 100 * 2 ** retries) * (0.5 + Math.random() / 2)),
    connectionParams: async () => ({ authorization: `Bearer ${await session.accessToken()}` }),
    onNonLazyError: (error) => onGone(isCloseEvent(error) ? error.reason : String(error)),
    on: {
      connected: (socket) => {
        onState('connected');
        scheduleRenewal();
        watchForSilence(socket as WebSocket);
      },
      closed: () => {
        clearTimeout(renewal);
        onState('away');
      },
    },
  });

  /** A socket ends with its access token, unless it is shown the next one in time. */
  const scheduleRenewal = () => {
    renewal = setTimeout(
      () => {
        void session
          .accessToken()
          .then((accessToken) => connection.run(RenewConnectionDocument, { input: { accessToken } }))
          .then(scheduleRenewal, () => {
            // Then the socket ends, and its successor has the new token.
          });
      },
      Math.max(1000, session.renewAt().getTime() - Date.now()),
    );
  };

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
    run: async (document, variables) => {
      for (;;) {
        try {
          return await runOnce(payloadOf(document, variables));
        } catch (error) {
          const wait = retryAfterMs(error);
          if (wait === null) throw error;
          await sleep(wait);
        }
      }
    },
    follow: (document, variables, onNext, onEnd) => {
      const payload = payloadOf(document, variables);
      return client.subscribe(payload, {
        next: ({ data, errors }) => {
          if (data) onNext(data as never);
          else if (errors) onEnd(errors[0]);
        },
        error: onEnd,
        complete: () => onEnd(),
      });
    },
    close: async () => {
      clearTimeout(renewal);
      await client.dispose();
    },
  };
  return connection;
};

/** Where the network swallows everything, no close ever comes: two unanswered pings end the socket. */
const watchForSilence = (socket: WebSocket) => {
  let isAlive = true;
  const timer = setInterval(() => {
    if (!isAlive) return socket.terminate();
    isAlive = false;
    socket.ping();
  }, KEEP_ALIVE_MS);
  socket.on('message', () => (isAlive = true));
  socket.on('pong', () => (isAlive = true));
  socket.on('close', () => clearInterval(timer));
};

/** The server's own word that it may be tried again, or null. Over WebSocket a refusal comes as a list. */
const retryAfterMs = (error: unknown): number | null => {
  const refusal = error instanceof OperationError ? error.refusal : Array.isArray(error) ? (error[0] as unknown) : null;
  if (typeof refusal !== 'object' || refusal === null || !('extensions' in refusal)) return null;
  const { code, retryAfterMs } = refusal.extensions as { code?: string; retryAfterMs?: number };
  return code === 'UNAVAILABLE' ? (retryAfterMs ?? 1000) : null;
};

const isCloseEvent = (error: unknown): error is { code: number; reason: string } =>
  typeof error === 'object' && error !== null && 'code' in error && 'reason' in error;

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/**
 * A graphql-ws client that always reconnects: after every loss, with a fresh token, even if nothing reports that the network is
 * gone. Pass it to Apollo's `GraphQLWsLink`, urql's `subscriptionExchange`, and `followChat`: one socket for all of them.
 */
import { createClient, type Client, type ClientOptions } from 'graphql-ws';
import { SignedOutError } from './refusal.js';
import { createRenewal } from './renewal.js';
import { call } from './report.js';

/**
 * Called before each opening of the socket, and again before a token expires, to renew it on the open socket.
 *
 * @param refused the credential that the server has just refused, if any: return another one, as `session.accessToken` does
 */
export type AskCredential = (refused?: string) => string | Promise<string>;

/** One of the two. */
export type Credential =
  | {
      accessToken: AskCredential;
      authorization?: undefined;
    }
  | {
      /** Including its scheme: `Token pat_…` for an API token. */
      authorization: AskCredential;
      accessToken?: undefined;
    };

export type ConnectionOptions = Credential & {
  /** `wss://…/graphql`; a function is called before each opening. */
  url: ClientOptions['url'];
  /** Needed if there is no global WebSocket: Node before 22. */
  webSocketImpl?: unknown;
  /** A socket that has not opened within this time is given up, and the next one is tried. Default: 10 s. */
  openWithinMs?: number;
  /** Moving to another node on the server's request is not reported as `away` if it succeeds at once. */
  onState?: (state: 'connected' | 'away') => unknown;
  /**
   * Reconnecting has stopped: the server refuses the credential. 4401: the session, the API token or the account is gone (or
   * `accessToken` threw SignedOutError). 4403: the credential is malformed or unknown, and so was the one requested after it.
   */
  onRefused?: (code: number, reason: string) => unknown;
  /** Reconnecting has stopped because of an error in the client itself. */
  onGone?: (error: unknown) => unknown;
};

const PING_EVERY_MS = 5000;
const MAX_WAIT_MS = 5000;
const OPEN_WITHIN_MS = 10_000;

/** The session, the API token or the account is gone. */
const UNAUTHORIZED = 4401;
/** The token is malformed, unknown or has expired. */
const FORBIDDEN = 4403;
/** The node is stopping, or the connection is old: the client opens another one at once. */
const GOING_AWAY = 1001;

export const createConnection = ({
  url,
  accessToken,
  authorization,
  webSocketImpl,
  openWithinMs = OPEN_WITHIN_MS,
  onState,
  onRefused,
  onGone,
}: ConnectionOptions): Client => {
  const ask = async (refused?: string): Promise<string> =>
    authorization ? authorization(refused) : `Bearer ${await accessToken(refused && tokenOf(refused))}`;

  let silence: ReturnType<typeof setTimeout> | undefined;
  /** The credential last shown on the current socket. */
  let shown = '';
  /** The credential that the last socket was closed for. */
  let refused: string | undefined;
  let isRefused = false;
  /** Moving to another node on the server's request: not reported unless the first attempt fails. */
  let isMoving = false;

  const refuse = (code: number, reason: string) => {
    if (!isRefused) call(onRefused, code, reason);
    isRefused = true;
  };

  const renewal = createRenewal({
    ask: async () => tokenOf(await ask()),
    show: (token) =>
      new Promise((resolve, reject) => {
        client.subscribe<{ renewConnection: { __typename: string } | null }>(
          { query: RENEW, variables: { input: { accessToken: token } } },
          {
            next: ({ data }) => {
              const isTaken = data?.renewConnection?.__typename === 'RenewConnectionSuccess';
              if (isTaken) shown = `Bearer ${token}`;
              if (data?.renewConnection) resolve(isTaken);
            },
            error: reject,
            complete: () => reject(new Error('The server gave no answer')),
          },
        );
      }),
  });

  const client = createClient({
    url,
    webSocketImpl: impatient(webSocketImpl ?? globalThis.WebSocket, openWithinMs),
    lazy: false,
    keepAlive: PING_EVERY_MS,
    retryAttempts: Infinity,
    shouldRetry: () => !isRefused,
    // Randomised, so that clients do not all reconnect at once.
    retryWait: (retries) => sleep(Math.min(MAX_WAIT_MS, 100 * 2 ** retries) * (0.5 + Math.random() / 2)),
    connectionParams: async () => {
      try {
        return { authorization: (shown = await ask(refused)) };
      } catch (error) {
        // graphql-ws closes with 4005. If that close comes late, graphql-ws takes it for the end of the next socket, and stops for good.
        if (!(error instanceof SignedOutError)) client.terminate();
        throw error;
      }
    },
    onNonLazyError: (error) => {
      if (isRefused && onRefused) return;
      // eslint-disable-next-line no-console -- otherwise the error would go unnoticed
      call(onGone ?? console.error, error);
    },
    on: {
      connected: () => {
        refused = undefined;
        isRefused = false;
        renewal.begin(tokenOf(shown));
        if (!isMoving) call(onState, 'connected');
        isMoving = false;
      },
      // If the network drops everything silently, no close event ever comes.
      ping: (isReceived) => {
        if (!isReceived) silence = setTimeout(() => client.terminate(), PING_EVERY_MS);
      },
      pong: (isReceived) => {
        if (isReceived) clearTimeout(silence);
      },
      error: (error) => {
        if (error instanceof SignedOutError) refuse(error.code, error.message);
      },
      closed: (event) => {
        clearTimeout(silence);
        renewal.stop();
        const { code, reason } = event as { code?: number; reason?: string };
        // An expired token, or a wrong clock: retried once.
        if (code === UNAUTHORIZED || (code === FORBIDDEN && refused !== undefined)) refuse(code, reason ?? '');
        if (code === FORBIDDEN) refused = shown;
        isMoving = code === GOING_AWAY && !isMoving;
        if (!isMoving) call(onState, 'away');
      },
    },
  });
  return {
    ...client,
    dispose: async () => {
      // While disconnected, graphql-ws rejects with the reason for the disconnect.
      await Promise.resolve(client.dispose()).catch(() => {});
    },
  };
};

/** Gives up a socket that does not open. `terminate` would too, but with the `ws` package that is an uncaught error. */
const impatient = (Socket: unknown, openWithinMs: number): unknown =>
  typeof Socket !== 'function'
    ? Socket
    : class extends (Socket as typeof WebSocket) {
        constructor(url: string, protocols?: string) {
          super(url, protocols);
          const timer = setTimeout(() => this.close(), openWithinMs);
          for (const type of ['open', 'close']) this.addEventListener(type, () => clearTimeout(timer));
        }
      };

const RENEW =
  'mutation ($input: RenewConnectionInput!) { renewConnection(input: $input) { __typename ... on Error { reason } } }';

/** The token without its scheme. */
const tokenOf = (authorization: string) => authorization.replace(/^\S+ +/, '');

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

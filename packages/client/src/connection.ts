/**
 * A graphql-ws client that always comes back: after every loss, with a fresh token, also where nothing says that the network is
 * gone. Hand it to Apollo's `GraphQLWsLink`, urql's `subscriptionExchange`, and `followChat`: one socket for all of them.
 */
import { createClient, type Client, type ClientOptions } from 'graphql-ws';
import { SignedOutError } from './refusal.js';
import { createRenewal } from './renewal.js';
import { call } from './report.js';

/**
 * Asked each time: before each opening of the socket, and again before a token ends, which is then renewed on the open socket.
 *
 * @param refused what the server has just refused, if it has: answer with another one, as `session.accessToken` does
 */
export type AskCredential = (refused?: string) => string | Promise<string>;

/** Either of both. */
export type Credential =
  | {
      accessToken: AskCredential;
      authorization?: undefined;
    }
  | {
      /** With its scheme: `Token pat_…` for an API token. */
      authorization: AskCredential;
      accessToken?: undefined;
    };

export type ConnectionOptions = Credential & {
  /** `wss://…/graphql`; a function is asked each time. */
  url: ClientOptions['url'];
  /** Where there is no global one: Node before 22. */
  webSocketImpl?: unknown;
  /** A socket that has not opened by then is given up, and the next one tried. Default: 10 s. */
  openWithinMs?: number;
  /** Moving on to another node as the server wants it is no `away`, where that succeeds at once. */
  onState?: (state: 'connected' | 'away') => unknown;
  /**
   * It will not come back: the server does not take the credential. 4401: the session, the API token or the account is gone (or
   * `accessToken` said SignedOutError). 4403: malformed or unknown, and so was the one that was asked for after that.
   */
  onRefused?: (code: number, reason: string) => unknown;
  /** It will not come back: the client itself did something wrong. */
  onGone?: (error: unknown) => unknown;
};

const PING_EVERY_MS = 5000;
const MAX_WAIT_MS = 5000;
const OPEN_WITHIN_MS = 10_000;

/** The session, the API token or the account is gone. */
const UNAUTHORIZED = 4401;
/** The token is malformed, unknown or has expired. */
const FORBIDDEN = 4403;
/** The node stops, or the connection is old: another one is opened at once. */
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
  /** What the present socket was shown last. */
  let shown = '';
  /** What the last one was closed for. */
  let refused: string | undefined;
  let isRefused = false;
  /** From one node to another, as told to: nothing that anybody need be shown, unless it does not succeed at once. */
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
    // Drawn by lot, so that not everybody comes back at once.
    retryWait: (retries) => sleep(Math.min(MAX_WAIT_MS, 100 * 2 ** retries) * (0.5 + Math.random() / 2)),
    connectionParams: async () => {
      try {
        return { authorization: (shown = await ask(refused)) };
      } catch (error) {
        // graphql-ws closes with 4005. Where that close comes late it takes it for the end of the next socket, and for ever.
        if (!(error instanceof SignedOutError)) client.terminate();
        throw error;
      }
    },
    onNonLazyError: (error) => {
      if (isRefused && onRefused) return;
      // eslint-disable-next-line no-console -- otherwise nobody would know
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
      // Where the network swallows everything no close ever comes.
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
        // An expired token, or a wrong clock: once.
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
      // While it is away graphql-ws rejects with why.
      await Promise.resolve(client.dispose()).catch(() => {});
    },
  };
};

/** Gives up a socket that does not open: `terminate` would, but with the package ws that is an uncaught error. */
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

/** Without its scheme. */
const tokenOf = (authorization: string) => authorization.replace(/^\S+ +/, '');

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/**
 * A graphql-ws client that always comes back: after every loss, with a fresh token, also where nothing says that the network is
 * gone. Hand it to Apollo's `GraphQLWsLink`, urql's `subscriptionExchange`, and `followChat`: one socket for all of them.
 */
import { createClient, type Client, type ClientOptions } from 'graphql-ws';

export interface ConnectionOptions {
  /** `wss://…/graphql`; a function is asked anew each time. */
  url: ClientOptions['url'];
  /** Asked anew each time, since the socket ends with the token that it was opened with. */
  accessToken: () => string | Promise<string>;
  /** Where there is no global one: Node before 22. */
  webSocketImpl?: unknown;
  onState?: (state: 'connected' | 'away') => void;
  /** It will not come back: the client itself did something wrong. */
  onGone?: (error: unknown) => void;
}

const PING_EVERY_MS = 5000;
const LONGEST_WAIT_MS = 5000;

export const createConnection = ({ url, accessToken, webSocketImpl, onState, onGone }: ConnectionOptions): Client => {
  let silence: ReturnType<typeof setTimeout> | undefined;
  const client = createClient({
    url,
    webSocketImpl,
    lazy: false,
    keepAlive: PING_EVERY_MS,
    retryAttempts: Infinity,
    shouldRetry: () => true,
    // Drawn by lot, so that not everybody comes back at once.
    retryWait: (retries) => sleep(Math.min(LONGEST_WAIT_MS, 100 * 2 ** retries) * (0.5 + Math.random() / 2)),
    connectionParams: async () => ({ authorization: `Bearer ${await accessToken()}` }),
    onNonLazyError: onGone,
    on: {
      connected: () => onState?.('connected'),
      // Where the network swallows everything no close ever comes.
      ping: (isReceived) => {
        if (!isReceived) silence = setTimeout(() => client.terminate(), PING_EVERY_MS);
      },
      pong: (isReceived) => {
        if (isReceived) clearTimeout(silence);
      },
      closed: () => {
        clearTimeout(silence);
        onState?.('away');
      },
    },
  });
  return client;
};

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

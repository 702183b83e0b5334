/** One subscription over a socket of its own, in `graphql-transport-ws`. It ends once, and never comes back by itself. */
import { WebSocket } from 'ws';

export interface SubscriptionOptions {
  url: string;
  token: string;
  query: string;
  variables: Record<string, unknown>;
  onBegun?: () => void;
  onNext: (data: Record<string, unknown>) => void;
  /** `refused`: with the code of the error. Called once, last. */
  onEnd: (end: { kind: 'lost' | 'complete' } | { kind: 'refused'; code: string }) => void;
}

export interface Subscription {
  /** Ends it at once, as a client whose network is gone. */
  drop(): void;
  /** Reads nothing any more, until `resume`: what comes stays with the server. */
  pause(): void;
  resume(): void;
}

const SILENCE_MS = 3000;

export const subscribe = ({
  url,
  token,
  query,
  variables,
  onBegun,
  onNext,
  onEnd,
}: SubscriptionOptions): Subscription => {
  const socket = new WebSocket(url, 'graphql-transport-ws', { handshakeTimeout: 5000, perMessageDeflate: false });
  let isOver = false;
  let isHeard = true;
  let isPaused = false;

  const end: SubscriptionOptions['onEnd'] = (how) => {
    if (isOver) return;
    isOver = true;
    clearInterval(timer);
    socket.terminate();
    onEnd(how);
  };

  // A connection that is half open is never closed: silence tells.
  const timer = setInterval(() => {
    if (isPaused) return;
    if (!isHeard) return end({ kind: 'lost' });
    isHeard = false;
    if (socket.readyState === socket.OPEN) socket.ping();
  }, SILENCE_MS);

  socket.on('pong', () => (isHeard = true));
  socket.on('ping', () => (isHeard = true));
  socket.on('error', () => end({ kind: 'lost' }));
  socket.on('close', () => end({ kind: 'lost' }));
  socket.on('open', () => {
    socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } }));
  });
  socket.on('message', (data: Buffer) => {
    isHeard = true;
    if (isOver) return;
    const message = JSON.parse(data.toString()) as { type: string; payload?: unknown };
    if (message.type === 'connection_ack') {
      socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query, variables } }));
      onBegun?.();
    } else if (message.type === 'next') {
      const { data: result, errors } = message.payload as { data?: Record<string, unknown>; errors?: unknown };
      if (result && !errors) onNext(result);
      else end({ kind: 'refused', code: codeOf(errors) });
    } else if (message.type === 'error') end({ kind: 'refused', code: codeOf(message.payload) });
    else if (message.type === 'complete') end({ kind: 'complete' });
  });

  return {
    drop: () => end({ kind: 'lost' }),
    pause: () => {
      isPaused = true;
      socket.pause();
    },
    resume: () => {
      isPaused = false;
      isHeard = true;
      socket.resume();
    },
  };
};

const codeOf = (errors: unknown): string => {
  const [first] = (errors ?? []) as { extensions?: { code?: string; endCode?: string } }[];
  return first?.extensions?.endCode ?? first?.extensions?.code ?? 'unknown';
};

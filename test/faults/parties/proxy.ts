/** A TCP proxy between two parties, where the network breaks: it cuts, stalls, slows, and leaves connections half open. */
import { createServer, connect, type Socket } from 'node:net';
import { once } from 'node:events';

export interface Proxy {
  readonly port: number;
  readonly connections: number;
  /** Ends every connection at once, without a word; new ones are taken. */
  cut(): void;
  /** Ends one of them, whichever. */
  cutOne(): void;
  /** While closed, nobody is let in, and who is in is cut. */
  close(): void;
  /** Nothing passes any more, in either direction, on connections old and new; nobody is told. */
  stall(): void;
  /** Every piece is late by so much. */
  slow(ms: number): void;
  /** What is sent is swallowed, in both directions, as where a cable was pulled. What was swallowed never comes: heal cuts. */
  swallow(): void;
  /** Leads somewhere else from now on; connections that there are end. */
  leadTo(port: number): void;
  /** As if nothing had been; where it leads stays. */
  heal(): void;
  stop(): Promise<void>;
}

interface Pair {
  client: Socket;
  server: Socket;
  /** Something was swallowed: it can only be cut. */
  isMaimed: boolean;
}

type State = 'open' | 'closed' | 'stalled' | 'swallowing';

export const createProxy = async (firstPort: number): Promise<Proxy> => {
  let targetPort = firstPort;
  const pairs = new Set<Pair>();
  let state = 'open' as State;
  let delayMs = 0;

  const end = (pair: Pair) => {
    pairs.delete(pair);
    pair.client.destroy();
    pair.server.destroy();
  };

  const pump = (pair: Pair, from: Socket, to: Socket) => {
    from.on('data', (data) => {
      if (state === 'swallowing') {
        pair.isMaimed = true;
        return;
      }
      if (delayMs > 0) setTimeout(() => to.write(data), delayMs);
      else if (!to.write(data)) {
        from.pause();
        to.once('drain', () => state !== 'stalled' && from.resume());
      }
    });
    from.on('end', () => (delayMs > 0 ? setTimeout(() => to.end(), delayMs) : to.end()));
    from.on('error', () => end(pair));
    from.on('close', () => end(pair));
  };

  const server = createServer({ allowHalfOpen: true }, (client) => {
    if (state === 'closed') return client.destroy();
    const target = connect({ port: targetPort, host: '127.0.0.1', allowHalfOpen: true });
    client.setNoDelay();
    target.setNoDelay();
    const pair: Pair = { client, server: target, isMaimed: false };
    pairs.add(pair);
    pump(pair, client, target);
    pump(pair, target, client);
    if (state === 'stalled') pause(pair);
  });
  const pause = ({ client, server: target }: Pair) => {
    client.pause();
    target.pause();
  };
  const cut = () => {
    for (const pair of [...pairs]) end(pair);
  };

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('No port');
  return {
    port: address.port,
    get connections() {
      return pairs.size;
    },
    cut,
    cutOne: () => {
      const [pair] = pairs;
      if (pair !== undefined) end(pair);
    },
    close: () => {
      state = 'closed';
      cut();
    },
    stall: () => {
      state = 'stalled';
      for (const pair of pairs) pause(pair);
    },
    slow: (ms) => (delayMs = ms),
    leadTo: (port) => {
      targetPort = port;
      cut();
    },
    swallow: () => (state = 'swallowing'),
    heal: () => {
      const wasStalled = state === 'stalled';
      state = 'open';
      delayMs = 0;
      for (const pair of [...pairs]) {
        if (pair.isMaimed) end(pair);
        else if (wasStalled) {
          pair.client.resume();
          pair.server.resume();
        }
      }
    },
    stop: async () => {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
};

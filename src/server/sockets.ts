/** Accepts, refuses and watches WebSockets. `graphql-sockets.ts` handles their messages. */
import { randomUUID } from 'node:crypto';
import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { handleProtocols } from 'graphql-ws';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Logger } from '../log-line.js';
import { createHeartbeat } from './heartbeat.js';

export const MAX_FRAME_BYTES = 256 * 1024;

export interface SocketFacts {
  socketId: string;
  request: IncomingMessage;
}

export interface SocketsOptions {
  logger: Logger;
  /** @returns why the request is refused, or undefined */
  refusalOf: (request: IncomingMessage) => { status: number; reason: string } | undefined;
  /** Serves an open socket. */
  onSocket: (socket: WebSocket, facts: SocketFacts, onBeat: () => void) => void;
  pingMs: number;
  stalledMs: number;
}

export interface Sockets {
  /** Handles the HTTP server's `upgrade` event. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** The number of open sockets. */
  size(): number;
  stop(): void;
}

export const createSockets = ({ logger, refusalOf, onSocket, pingMs, stalledMs }: SocketsOptions): Sockets => {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: MAX_FRAME_BYTES,
    // It takes 232 KB a socket, and lets a few bytes decompress to many.
    perMessageDeflate: false,
    handleProtocols,
  });
  const heartbeat = createHeartbeat({ everyMs: pingMs, stalledMs, onDead: (socket) => socket.terminate() });

  let open = 0;

  const accept = (socket: WebSocket, request: IncomingMessage) => {
    const socketId = randomUUID();
    const onBeat = () => heartbeat.beat(socket);
    open += 1;
    heartbeat.add(socket);
    socket.on('pong', onBeat);
    socket.on('message', onBeat);
    // The close code tells the client its mistake: 1009 for a frame that is too long, 1007 for invalid UTF-8.
    socket.on('error', (error: Error & { code?: string }) => {
      logger.info({ socketId, code: error.code, reason: error.message }, 'Socket broke a rule');
    });
    socket.once('close', () => {
      open -= 1;
      heartbeat.remove(socket);
    });
    onSocket(socket, { socketId, request }, onBeat);
  };

  return {
    upgrade: (request, socket, head) => {
      const onError = () => socket.destroy();
      socket.on('error', onError);
      const refusal = refusalOf(request);
      if (refusal !== undefined) {
        logger.info({ ...refusal, origin: request.headers.origin }, 'Socket refused');
        return refuse(socket, refusal.status);
      }
      socket.off('error', onError);
      server.handleUpgrade(request, socket, head, accept);
    },
    size: () => open,
    stop: () => {
      heartbeat.stop();
      server.close();
    },
  };
};

const refuse = (socket: Duplex, status: number) =>
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n${status === 503 ? 'Retry-After: 1\r\n' : ''}\r\n`,
  );

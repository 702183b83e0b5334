/** WebSockets: accepted or refused, heard, ended. What they say is `graphql-sockets.ts`' business. */
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
  /** @returns why it is refused, if it is */
  refusalOf: (request: IncomingMessage) => { status: number; reason: string } | undefined;
  /** Takes over an open socket. */
  onSocket: (socket: WebSocket, facts: SocketFacts, onBeat: () => void) => void;
  pingMs: number;
  stalledMs: number;
}

export interface Sockets {
  /** For the HTTP server's `upgrade`. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Those that are open. */
  size(): number;
  stop(): void;
}

export const createSockets = ({ logger, refusalOf, onSocket, pingMs, stalledMs }: SocketsOptions): Sockets => {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: MAX_FRAME_BYTES,
    // It takes 232 KB a socket, and lets few bytes unpack to many.
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
    // What it did wrong it is told by the close code: 1009 for a frame too long, 1007 for one that is no UTF-8.
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

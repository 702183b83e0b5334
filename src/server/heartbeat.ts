/** Detects sockets that died without being closed, so that nobody who is gone counts as present. */
import type { WebSocket } from 'ws';
import { turnTime } from '../turn-time.js';

export interface HeartbeatOptions {
  /** The time between two pings. A socket that has not answered by the next one is dead. */
  everyMs: number;
  /** How long a socket with unsent data may accept none of it. Its ping waits behind that data. */
  stalledMs: number;
  onDead: (socket: WebSocket) => void;
}

export interface Heartbeat {
  add(socket: WebSocket): void;
  /** The socket received or accepted data. */
  beat(socket: WebSocket): void;
  remove(socket: WebSocket): void;
  stop(): void;
}

/** One timer for all sockets. */
export const createHeartbeat = ({ everyMs, stalledMs, onDead }: HeartbeatOptions): Heartbeat => {
  const lastBeat = new Map<WebSocket, number>();

  const timer = setInterval(() => {
    const now = performance.now();
    for (const [socket, at] of lastBeat) {
      const patience = socket.bufferedAmount > 0 ? Math.max(stalledMs, 2 * everyMs) : 2 * everyMs;
      // Half a period less tells them apart: a live socket's last pong is about one period old, a dead one's two.
      if (now - at > patience - everyMs / 2) onDead(socket);
      else if (socket.readyState === socket.OPEN) socket.ping();
    }
  }, everyMs).unref();

  return {
    add: (socket) => void lastBeat.set(socket, turnTime()),
    beat: (socket) => {
      if (lastBeat.has(socket)) lastBeat.set(socket, turnTime());
    },
    remove: (socket) => void lastBeat.delete(socket),
    stop: () => clearInterval(timer),
  };
};

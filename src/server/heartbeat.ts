/** Finds sockets that are dead without having been closed, so that nobody counts as present who is gone. */
import type { WebSocket } from 'ws';

export interface HeartbeatOptions {
  /** Between two pings; one that does not answer by the next one is dead. */
  everyMs: number;
  /** How long one that has something waiting to be sent may take none of it: its ping waits behind that. */
  stalledMs: number;
  onDead: (socket: WebSocket) => void;
}

export interface Heartbeat {
  add(socket: WebSocket): void;
  /** It was heard from, or took something. */
  beat(socket: WebSocket): void;
  remove(socket: WebSocket): void;
  stop(): void;
}

/** One timer for all of them. */
export const createHeartbeat = ({ everyMs, stalledMs, onDead }: HeartbeatOptions): Heartbeat => {
  const lastBeat = new Map<WebSocket, number>();

  const timer = setInterval(() => {
    const now = performance.now();
    for (const [socket, at] of lastBeat) {
      const patience = socket.bufferedAmount > 0 ? Math.max(stalledMs, 2 * everyMs) : 2 * everyMs;
      // Half a period of grace, for the pong of a ping that was sent a period ago is due at this very moment.
      if (now - at > patience - everyMs / 2) onDead(socket);
      else if (socket.readyState === socket.OPEN) socket.ping();
    }
  }, everyMs).unref();

  return {
    add: (socket) => void lastBeat.set(socket, performance.now()),
    beat: (socket) => {
      if (lastBeat.has(socket)) lastBeat.set(socket, performance.now());
    },
    remove: (socket) => void lastBeat.delete(socket),
    stop: () => clearInterval(timer),
  };
};

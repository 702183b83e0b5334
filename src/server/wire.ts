/** One WebSocket as text in and text out, with backpressure. */
import type { WebSocket } from 'ws';

export interface Wire {
  readonly isOpen: boolean;
  /** The close code and reason of this side, if it closed the socket. */
  readonly ownClose: { code: number; reason: string } | undefined;
  /** Resolves once it is closed, by either side. */
  readonly closed: Promise<void>;
  /** Resolves once the kernel has accepted the text, or nothing more can be sent. */
  send(text: string): Promise<void>;
  /** Listens as long as the socket is open. */
  onText(listener: (text: string) => void): void;
  /** Earlier messages still arrive. A client that does not answer the close frame in time is cut off. */
  close(code: number, reason: string): void;
}

// While the client leaves more than this unread, the server reads no more of its requests.
const MAX_BACKLOG_BYTES = 1024 * 1024;
const CLOSE_WITHIN_MS = 3000;
const UNSUPPORTED_DATA = 1003;

/** @param onTaken called when the client has accepted data */
export const createWire = (socket: WebSocket, onTaken: () => void): Wire => {
  let ownClose: Wire['ownClose'];
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const isOpen = () => socket.readyState === socket.OPEN;

  const close = (code: number, reason: string) => {
    if (!isOpen()) return;
    ownClose = { code, reason };
    // The client's close frame must be read.
    socket.resume();
    socket.close(code, reason);
    const timer = setTimeout(() => socket.terminate(), CLOSE_WITHIN_MS);
    void closed.then(() => clearTimeout(timer));
  };

  return {
    get isOpen() {
      return isOpen();
    },
    get ownClose() {
      return ownClose;
    },
    closed,
    send: (text) =>
      new Promise((resolve) => {
        if (!isOpen()) return resolve();
        socket.send(text, (error) => {
          if (!error) onTaken();
          if (socket.isPaused && socket.bufferedAmount < MAX_BACKLOG_BYTES) socket.resume();
          resolve();
        });
        if (socket.bufferedAmount > MAX_BACKLOG_BYTES) socket.pause();
      }),
    onText: (listener) =>
      void socket.on('message', (data: Buffer, isBinary) => {
        // Between our close frame and the client's, no new operation begins.
        if (!isOpen()) return;
        if (isBinary) close(UNSUPPORTED_DATA, 'Only text is understood');
        else listener(data.toString());
      }),
    close,
  };
};

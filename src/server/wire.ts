/** One WebSocket as text in and text out, with backpressure. What is sent in one turn of the event loop goes out in one write. */
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { FlushQueue } from './flush-queue.js';
import { framesOf } from './frame.js';

export interface Wire {
  readonly isOpen: boolean;
  /** The close code and reason of this side, if it closed the socket. */
  readonly ownClose: { code: number; reason: string } | undefined;
  /** Resolves once it is closed, by either side. */
  readonly closed: Promise<void>;
  /** Whether the client keeps up: little waits for it. */
  isReady(): boolean;
  /** Calls `listener` once, when it is ready again or closed. */
  onReady(listener: () => void): void;
  /** Sends one text, given in parts, whether or not it is ready. After it is closed nothing is sent. */
  write(...parts: Buffer[]): void;
  /** Sends one text. Resolves once it is ready for more, or nothing more can be sent. */
  send(text: string): Promise<void>;
  /** Listens as long as the socket is open. */
  onText(listener: (text: string) => void): void;
  /** Earlier messages still arrive. A client that does not answer the close frame in time is cut off. */
  close(code: number, reason: string): void;
}

/** Beyond this a subscription's items wait in its bounded queue, and then in the log. */
const READY_BYTES = 64 * 1024;
// While the client leaves more than this unread, the server reads no more of its requests.
const MAX_BACKLOG_BYTES = 1024 * 1024;
const CLOSE_WITHIN_MS = 3000;
const UNSUPPORTED_DATA = 1003;

const SENT = Promise.resolve();

/** @param onTaken called when the client has accepted data */
export const createWire = (socket: WebSocket, flushQueue: FlushQueue, onTaken: () => void): Wire => {
  let ownClose: Wire['ownClose'];
  let queue: (readonly Buffer[])[] = [];
  let queuedBytes = 0;
  let waiting: (() => void)[] = [];
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const isOpen = () => socket.readyState === socket.OPEN;
  const backlog = () => queuedBytes + socket.bufferedAmount;
  const isReady = () => backlog() < READY_BYTES;

  const tellReady = () => {
    const those = waiting;
    waiting = [];
    for (const listener of those) listener();
  };
  void closed.then(tellReady);

  const onWritten = (error?: Error | null) => {
    if (!error) onTaken();
    if (socket.isPaused && backlog() < MAX_BACKLOG_BYTES) socket.resume();
    if (waiting.length > 0 && isReady()) tellReady();
  };

  const flush = () => {
    if (queue.length === 0) return;
    const those = queue;
    queue = [];
    queuedBytes = 0;
    if (!isOpen()) return;
    // Past ws' own `send`, which writes header and text of each frame apart. Without compression, which is off, it queues nothing.
    const { _socket: stream } = socket as unknown as { _socket: Socket };
    stream.write(framesOf(those), onWritten);
    if (backlog() > MAX_BACKLOG_BYTES) socket.pause();
  };

  const own = { flush };

  const write = (...parts: Buffer[]) => {
    if (!isOpen()) return;
    if (queue.length === 0) flushQueue.add(own);
    queue.push(parts);
    for (const { length } of parts) queuedBytes += length;
  };

  const close = (code: number, reason: string) => {
    if (!isOpen()) return;
    ownClose = { code, reason };
    flush();
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
    isReady,
    onReady: (listener) => {
      if (isOpen()) waiting.push(listener);
      else listener();
    },
    write,
    send: (text) => {
      write(Buffer.from(text));
      if (!isOpen() || isReady()) return SENT;
      return new Promise((resolve) => waiting.push(resolve));
    },
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

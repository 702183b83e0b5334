/** Server-Sent Events in graphql-sse's "distinct connections" mode. */
import type { ServerResponse } from 'node:http';
import type { Outlet } from './live-results.js';

const HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-cache, no-transform',
  // Without this nginx buffers the events.
  'X-Accel-Buffering': 'no',
};

/** The Last-Event-ID with which an EventSource reconnects after a complete subscription: it takes every end for a lost connection. */
export const COMPLETE_ID = 'complete';

const COMPLETE = `event: complete\nid: ${COMPLETE_ID}\ndata:\n\n`;
const COMPLETE_FOR_NOW = 'event: complete\ndata:\n\n';
const PING = ':\n\n';
const END_OF_EVENT = Buffer.from('\n\n');

/**
 * Whether to answer with Server-Sent Events.
 *
 * @param isStream whether it is a subscription, which has no other form; a single result takes this form only if asked for
 */
export const acceptsEvents = (accept: string | null, isStream: boolean): boolean => {
  const types = (accept ?? '*/*').split(',').map((type) => type.split(';')[0]!.trim().toLowerCase());
  const isOneOf = (...those: string[]) => types.some((type) => those.includes(type));
  if (isStream) return isOneOf('text/event-stream', 'text/*', '*/*');
  return isOneOf('text/event-stream') && !isOneOf('application/json', 'application/graphql-response+json', '*/*');
};

export interface EventStreamOptions {
  status: number;
  pingMs: number;
  /** The id of the result that is written next, and whether the client may resume from it. */
  ids?: { readonly next: string | null; readonly canResume: boolean } | undefined;
}

export interface EventStream extends Outlet {
  /** Resolves once the answer has ended; whether the client disconnected before. */
  readonly over: Promise<{ hasLeft: boolean }>;
}

/** Begins an answer. With backpressure: it is ready while the client takes what was written. */
export const openEventStream = (response: ServerResponse, { status, pingMs, ids }: EventStreamOptions): EventStream => {
  let waiting: (() => void)[] = [];
  const tellReady = () => {
    const those = waiting;
    waiting = [];
    for (const listener of those) listener();
  };
  const over = new Promise<{ hasLeft: boolean }>((resolve) => {
    response.once('close', () => resolve({ hasLeft: !response.writableFinished }));
    if (response.destroyed) resolve({ hasLeft: true });
  });

  response.writeHead(status, HEADERS);
  // Some browsers ignore the headers until the first bytes of the body.
  response.write(PING);
  response.on('drain', tellReady);
  const pings = setInterval(() => {
    if (!response.writableNeedDrain) response.write(PING);
  }, pingMs);
  void over.then(() => clearInterval(pings));

  return {
    over,
    isReady: () => !response.writableNeedDrain,
    onReady: (listener) => void waiting.push(listener),
    write: (json, hasErrors) => {
      if (response.destroyed) return;
      // A result with errors is incomplete: without an id, the client asks for it again.
      const id = ids?.next && !hasErrors ? `id: ${ids.next}\n` : '';
      response.write(Buffer.concat([Buffer.from(`event: next\n${id}data: `), json, END_OF_EVENT]));
    },
    end: (isHeld) => {
      clearInterval(pings);
      response.end(isHeld ? undefined : ids?.canResume ? COMPLETE_FOR_NOW : COMPLETE);
    },
  };
};

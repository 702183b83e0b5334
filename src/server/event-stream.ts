/** Server-Sent Events in graphql-sse's "distinct connections" mode. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { ExecutionResult, FormattedExecutionResult } from 'graphql';

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

interface EventStreamOptions {
  status: number;
  pingMs: number;
  /** The id of the last result read, and whether the client may resume from it. */
  ids?: { readonly next: string | null; readonly canResume: boolean } | undefined;
  format: (result: ExecutionResult) => FormattedExecutionResult;
}

/**
 * Writes results with backpressure: each after the client has taken the one before.
 *
 * @param results ended at once if the client disconnects
 * @returns once the answer has ended; whether the client disconnected before
 */
export const writeEvents = async (
  response: ServerResponse,
  results: AsyncIterator<ExecutionResult> & { readonly wasCut?: boolean },
  { status, pingMs, ids, format }: EventStreamOptions,
): Promise<{ hasLeft: boolean }> => {
  let hasLeft = response.destroyed;
  const left = new AbortController();
  const onClose = () => {
    if (response.writableFinished) return;
    hasLeft = true;
    left.abort();
    void Promise.resolve(results.return?.()).catch(() => undefined);
  };
  response.once('close', onClose);
  if (hasLeft) onClose();

  const write = async (text: string) => {
    if (hasLeft || response.write(text)) return;
    await once(response, 'drain', { signal: left.signal }).catch(() => undefined);
  };

  response.writeHead(status, HEADERS);
  // Some browsers ignore the headers until the first bytes of the body.
  await write(PING);
  const pings = setInterval(() => {
    if (!response.writableNeedDrain) response.write(PING);
  }, pingMs);
  try {
    for (;;) {
      const result = await results.next();
      if (hasLeft) break;
      if (result.done) {
        response.end(results.wasCut ? undefined : ids?.canResume ? COMPLETE_FOR_NOW : COMPLETE);
        break;
      }
      // A result with errors is incomplete: without an id, the client asks for it again.
      const id = ids?.next && !result.value.errors ? `id: ${ids.next}\n` : '';
      await write(`event: next\n${id}data: ${JSON.stringify(format(result.value))}\n\n`);
    }
  } finally {
    clearInterval(pings);
  }
  return { hasLeft };
};

/** A stream of one result. */
export const single = (result: ExecutionResult): AsyncIterator<ExecutionResult> => {
  const results = [result];
  return {
    next: () => {
      const value = results.pop();
      return Promise.resolve(value === undefined ? { done: true, value: undefined } : { done: false, value });
    },
  };
};

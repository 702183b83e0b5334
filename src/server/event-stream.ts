/** Server-Sent Events as graphql-sse's "distinct connections" mode has them. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { ExecutionResult, FormattedExecutionResult } from 'graphql';

const HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-cache, no-transform',
  // nginx buffers answers, and so the events, unless told.
  'X-Accel-Buffering': 'no',
};

/** With what an EventSource comes back from a subscription that is complete: it takes every end for a lost connection. */
export const COMPLETE_ID = 'complete';

const COMPLETE = `event: complete\nid: ${COMPLETE_ID}\ndata:\n\n`;
const COMPLETE_FOR_NOW = 'event: complete\ndata:\n\n';
const PING = ':\n\n';

/**
 * Whether the answer goes out as events.
 *
 * @param isStream a subscription's results, which can go out in no other way; a single result only where asked for
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
  /** Of the result that was taken last, and whether it may be resumed from. */
  ids?: { readonly next: string | null; readonly canResume: boolean } | undefined;
  format: (result: ExecutionResult) => FormattedExecutionResult;
}

/**
 * Writes results as they come, each once the one before was taken.
 *
 * @param results let go of at once where the client leaves
 * @returns once the answer has ended; whether the client left before
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
  // Some browsers take no notice of the headers until something follows.
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
      // One that lacks something has not come: it is asked for again.
      const id = ids?.next && !result.value.errors ? `id: ${ids.next}\n` : '';
      await write(`event: next\n${id}data: ${JSON.stringify(format(result.value))}\n\n`);
    }
  } finally {
    clearInterval(pings);
  }
  return { hasLeft };
};

/** A single result, as a stream of one. */
export const single = (result: ExecutionResult): AsyncIterator<ExecutionResult> => {
  const results = [result];
  return {
    next: () => {
      const value = results.pop();
      return Promise.resolve(value === undefined ? { done: true, value: undefined } : { done: false, value });
    },
  };
};

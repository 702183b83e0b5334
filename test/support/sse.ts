/** A small client for Server-Sent Events, as graphql-sse's "distinct connections" has them. */
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { print } from 'graphql';
import { bearer, postBody, type RequestOptions } from './http.js';
import { createLiveSource, type Answer, type Live } from './live.js';

export interface EventStream<Data> extends Live<Data> {
  readonly status: number;
}

/** Asks over Server-Sent Events: a subscription, or anything else. */
export const openEvents = async <Data, Variables>(
  endpoint: string,
  query: string | TypedDocumentNode<Data, Variables>,
  variables?: Variables,
  { token, headers }: RequestOptions = {},
): Promise<EventStream<Data>> => {
  const body = JSON.stringify({ query: typeof query === 'string' ? query : print(query), variables });
  const accept = { Accept: 'text/event-stream' };
  const response = await postBody(endpoint, body, { ...accept, ...bearer(token), ...headers });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  const source = createLiveSource<Data>(() => reader.cancel());
  void readEvents(reader, (event, data) => {
    if (event === 'next') source.push(JSON.parse(data) as Answer<Data>);
    if (event === 'complete') source.end('complete');
  }).finally(() => source.end('cut'));
  return { ...source.live, status: response.status };
};

const readEvents = async (
  reader: ReadableStreamDefaultReader<string>,
  onEvent: (event: string, data: string) => void,
): Promise<void> => {
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read().catch(() => ({ done: true, value: undefined }));
    if (done) return;
    const blocks = (rest + value).split('\n\n');
    rest = blocks.pop()!;
    for (const block of blocks) {
      const lines = block.split('\n').filter((line) => !line.startsWith(':'));
      const field = (name: string) =>
        lines
          .filter((line) => line.startsWith(`${name}:`))
          .map((line) => line.slice(name.length + 1).replace(/^ /, ''))
          .join('\n');
      if (lines.length > 0) onEvent(field('event'), field('data'));
    }
  }
};

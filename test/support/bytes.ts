/** One request without an account, over any transport, and its answer as it came. */
import { postBody } from './http.js';
import type { TestNode } from './node.js';
import type { Transport } from './people.js';
import { openSocket } from './socket.js';
import { until } from './until.js';

export interface Params {
  query?: string;
  variables?: object;
  operationName?: string;
  extensions?: object;
}

/** @returns the whole body, or the frame that answers */
export const answerText = async (node: TestNode, transport: Transport, params: Params): Promise<string> => {
  if (transport !== 'ws') {
    const accept = transport === 'sse' ? 'text/event-stream' : 'application/json';
    return (await postBody(node.endpoint, JSON.stringify(params), { Accept: accept })).text();
  }
  const socket = await openSocket(node.socketUrl);
  const frames: string[] = [];
  socket.socket.on('message', (data: Buffer) => void frames.push(data.toString()));
  socket.send({ id: '1', type: 'subscribe', payload: params });
  await until(() => frames.length > 0, 'an answer');
  await socket.close();
  return frames[0]!;
};

export interface Answered {
  data?: unknown;
  errors?: { message: string; extensions: { code: string } }[];
}

/** What it says. */
export const answerIn = (transport: Transport, text: string): Answered => {
  if (transport === 'http') return JSON.parse(text) as Answered;
  if (transport === 'sse') return JSON.parse(/^data: (.+)$/m.exec(text)![1]!) as Answered;
  const { type, payload } = JSON.parse(text) as { type: string; payload: unknown };
  return type === 'error' ? { errors: payload as NonNullable<Answered['errors']> } : (payload as Answered);
};

/** `write(0) write(1) …`, as in documents. */
export const times = (count: number, write: (n: number) => string): string =>
  Array.from({ length: count }, (_, n) => write(n)).join(' ');

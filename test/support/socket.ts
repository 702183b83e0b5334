/** One WebSocket that speaks `graphql-transport-ws`, never comes back by itself, and shows what it hears. */
import { randomUUID } from 'node:crypto';
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { print } from 'graphql';
import { WebSocket, type ClientOptions } from 'ws';
import { authorizationOf } from './http.js';
import { createLiveSource, type Answer, type Live, type LiveSource } from './live.js';

export interface Close {
  code: number;
  reason: string;
}

export interface Socket {
  readonly socket: WebSocket;
  readonly closed: Promise<Close>;
  /** Everything that it was sent. */
  readonly messages: Message[];
  /** Sends whatever it is given; text as it is. */
  send(message: object | string | Buffer): void;
  /** Begins an operation. It is complete, or refused (its last answer has errors and no data), or cut. */
  open<Data, Variables>(query: string | TypedDocumentNode<Data, Variables>, variables?: Variables): Live<Data>;
  /** One with a single result. */
  ask<Data, Variables>(
    query: string | TypedDocumentNode<Data, Variables>,
    variables?: Variables,
  ): Promise<Answer<Data>>;
  close(): Promise<Close>;
}

export interface Message {
  type: string;
  id?: string;
  payload?: unknown;
}

interface SocketOptions {
  token?: string | undefined;
  /** In place of those with the token. */
  connectionParams?: unknown;
  headers?: Record<string, string>;
  options?: ClientOptions;
  /** False: it connects and says nothing. */
  init?: boolean;
}

/** @returns once it was acknowledged, or closed, or connected where it says nothing; fails where the upgrade was refused */
export const openSocket = async (
  url: string,
  { token, connectionParams, headers = {}, options, init = true }: SocketOptions = {},
): Promise<Socket> => {
  const socket = new WebSocket(url, 'graphql-transport-ws', { ...options, headers });
  const messages: Message[] = [];
  const operations = new Map<string, LiveSource<unknown>>();
  const closed = new Promise<Close>((resolve) =>
    socket.once('close', (code, reason) => {
      for (const source of operations.values()) source.end('cut');
      resolve({ code, reason: reason.toString() });
    }),
  );
  await new Promise<void>((resolve, reject) => socket.once('open', resolve).once('error', reject));
  socket.on('error', () => undefined); // told by `closed`

  const send = (message: object | string | Buffer) => {
    if (socket.readyState !== socket.OPEN) return;
    socket.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message));
  };

  let onAcknowledged = () => {};
  const acknowledged = new Promise<void>((resolve) => (onAcknowledged = resolve));
  socket.on('message', (data: Buffer) => {
    const message = JSON.parse(data.toString()) as Message;
    messages.push(message);
    const source = operations.get(message.id ?? '');
    if (message.type === 'connection_ack') onAcknowledged();
    if (message.type === 'next') source?.push(message.payload as Answer<unknown>);
    if (message.type === 'error') source?.push({ errors: message.payload as NonNullable<Answer<unknown>['errors']> });
    if (message.type === 'error' || message.type === 'complete') source?.end('complete');
  });

  const open: Socket['open'] = <Data, Variables>(
    query: string | TypedDocumentNode<Data, Variables>,
    variables?: Variables,
  ) => {
    const id = randomUUID();
    const source = createLiveSource<Data>(() => {
      send({ id, type: 'complete' });
      source.end('cut');
    });
    operations.set(id, source);
    const text = typeof query === 'string' ? query : print(query);
    send({ id, type: 'subscribe', payload: { query: text, variables } });
    if (socket.readyState !== socket.OPEN) source.end('cut');
    return source.live;
  };

  if (init) {
    const payload = connectionParams ?? (token === undefined ? undefined : { authorization: authorizationOf(token) });
    send({ type: 'connection_init', payload });
    await Promise.race([acknowledged, closed]);
  }
  return {
    socket,
    closed,
    messages,
    send,
    open,
    ask: (query, variables) => open(query, variables).next(),
    close: () => {
      socket.close(1000);
      return closed;
    },
  };
};

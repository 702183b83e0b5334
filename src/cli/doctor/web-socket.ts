/** Checks that proxies in front let WebSockets through. Pages and queries may work even if they do not. */
import { WebSocket } from 'ws';
import { ok, type Finding } from '../../finding.js';

/** Sends `connection_init` as clients do, without a credential. */
export const checkWebSocket = async (url: string, milliseconds: number): Promise<Finding> => {
  const end = await openAndGreet(url.replace(/^http/, 'ws'), milliseconds);
  if (end === undefined) return ok('WebSockets work');
  return {
    outcome: 'warning',
    sentence: `WebSockets do not work: ${end}`,
    remedy:
      'Make the proxy in front forward Upgrade and Connection; in nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;',
  };
};

/** @returns undefined if a node answered, even with a close code of its own; otherwise what happened instead */
const openAndGreet = (url: string, milliseconds: number): Promise<string | undefined> =>
  new Promise((resolve) => {
    const socket = new WebSocket(url, 'graphql-transport-ws');
    const settle = (end: string | undefined) => {
      clearTimeout(timer);
      resolve(end);
      socket.terminate();
    };
    const timer = setTimeout(() => settle(`no answer within ${milliseconds / 1000} s`), milliseconds);
    socket.on('open', () => socket.send('{"type":"connection_init"}'));
    socket.on('message', () => settle(undefined));
    socket.on('unexpected-response', (_request, { statusCode }) =>
      settle(`the answer is ${statusCode} instead of 101`),
    );
    socket.on('close', (code) => settle(isOurs(code) ? undefined : `the connection is closed with ${code}`));
    // `terminate` during the handshake also emits an error, but by then this is settled.
    socket.on('error', ({ message }) => settle(message));
  });

const isOurs = (code: number) => code >= 4400 && code < 4500;

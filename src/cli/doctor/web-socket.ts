/** Whether what stands in front lets WebSockets through: pages may load and queries be answered where it does not. */
import { WebSocket } from 'ws';
import { ok, type Finding } from '../../finding.js';

/** Says hello as clients do, without a credential. */
export const checkWebSocket = async (url: string, milliseconds: number): Promise<Finding> => {
  const end = await openAndGreet(url.replace(/^http/, 'ws'), milliseconds);
  if (end === undefined) return ok('WebSockets pass');
  return {
    outcome: 'warning',
    sentence: `No WebSocket passes: ${end}`,
    remedy:
      'Let what stands in front hand on Upgrade and Connection; in nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;',
  };
};

/** @returns undefined where a node has answered, with a close code of its own at least; else what came instead */
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
      settle(`it is answered with ${statusCode} instead of 101`),
    );
    socket.on('close', (code) => settle(isOurs(code) ? undefined : `it is closed with ${code}`));
    // Also where it is ended while it is being opened, which is settled by then.
    socket.on('error', ({ message }) => settle(message));
  });

const isOurs = (code: number) => code >= 4400 && code < 4500;

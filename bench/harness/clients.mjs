// Clients that ask: over a socket of graphql-transport-ws or over one HTTP connection that is kept. As little work as that takes.
import { connect } from 'node:net';
import { WebSocket } from 'ws';

/**
 * @typedef {object} Client
 * @property {(body: string) => Promise<string>} ask a JSON body with `query` and `variables`; resolves with the whole answer as text
 * @property {() => void} close
 *
 * @typedef {Client & { subscribe: (body: string, hear: (frame: string) => void, lost: (error: Error) => void) => void }} SocketClient
 * `hear` gets each frame as text, that of the end included; `lost` is called if the socket closes by itself
 */

/**
 * Any number of operations may be underway.
 *
 * @param {string} url
 * @param {string} token
 * @returns {Promise<SocketClient>}
 */
export const openSocket = (url, token) =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(url, ['graphql-transport-ws'], { perMessageDeflate: false });
    const waiting = new Map();
    let asked = 0;
    const end = (error) => {
      reject(error);
      for (const one of waiting.values()) one.reject(error);
      waiting.clear();
    };
    const begin = (body, one) => {
      const id = String((asked += 1));
      waiting.set(id, one);
      socket.send(`{"id":"${id}","type":"subscribe","payload":${body}}`);
    };
    const ask = (body) =>
      new Promise((answered, refused) => begin(body, { resolve: answered, reject: refused, isOnce: true }));
    const subscribe = (body, hear, lost) => begin(body, { resolve: hear, reject: lost, isOnce: false });
    const close = () => {
      waiting.clear();
      socket.terminate();
    };
    socket.on('open', () =>
      socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } })),
    );
    socket.on('message', (data) => {
      const text = data.toString();
      if (text.startsWith('{"type":"connection_ack"')) return resolve({ ask, subscribe, close });
      if (text.startsWith('{"type":"ping"')) return socket.send('{"type":"pong"}');
      // `id` comes first, or after `type`, or last: all are allowed.
      const id = /^\{(?:"type":"\w+",)?"id":"(\d+)"/.exec(text)?.[1] ?? /"id":"(\d+)"\}$/.exec(text)?.[1];
      const one = waiting.get(id);
      if (one?.isOnce) waiting.delete(id); // and not again for `complete`
      one?.resolve(text);
    });
    socket.on('error', end);
    socket.on('close', (code, reason) => end(new Error(`closed: ${code} ${reason}`)));
  });

/** Servers close connections that were idle for some seconds. */
const IDLE_AT_MOST_MS = 1000;

/**
 * One request at a time, over one connection while it is in use.
 *
 * @param {string} url
 * @param {string} token
 * @returns {Client}
 */
export const createHttpClient = (url, token) => {
  const { hostname, port, host, pathname } = new URL(url);
  const head =
    `POST ${pathname} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nAccept: application/json\r\n` +
    `Authorization: Bearer ${token}\r\nContent-Length: `;
  let socket;
  let waiting;
  let answeredAt = 0;

  const open = () => {
    const own = connect({ host: hostname, port: Number(port), noDelay: true });
    let rest = Buffer.alloc(0);
    own.on('data', (chunk) => {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const answer = readAnswer(rest);
      if (answer === undefined) return;
      rest = rest.subarray(answer.end);
      answeredAt = performance.now();
      if (answer.status === 200) waiting.resolve(answer.text);
      else waiting.reject(new Error(`HTTP ${answer.status}: ${answer.text}`));
    });
    const end = (error) => own === socket && waiting?.reject(error);
    own.on('error', end);
    own.on('close', () => end(new Error('The server has closed the connection')));
    return own;
  };

  return {
    ask: (body) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        if (performance.now() - answeredAt > IDLE_AT_MOST_MS) {
          const old = socket;
          socket = open();
          old?.destroy();
        }
        socket.write(`${head}${Buffer.byteLength(body)}\r\n\r\n${body}`);
      }),
    close: () => socket?.destroy(),
  };
};

/** @returns undefined while some of it is still to come */
const readAnswer = (data) => {
  const headEnd = data.indexOf('\r\n\r\n');
  if (headEnd === -1) return undefined;
  const head = data.subarray(0, headEnd).toString('latin1');
  const status = Number(head.slice(9, 12));
  const from = headEnd + 4;
  const length = /^content-length: *(\d+)/im.exec(head)?.[1];
  if (length !== undefined) {
    const end = from + Number(length);
    return data.length < end ? undefined : { status, text: data.subarray(from, end).toString(), end };
  }
  const chunks = [];
  for (let at = from; ;) {
    const lineEnd = data.indexOf('\r\n', at);
    if (lineEnd === -1) return undefined;
    const size = parseInt(data.subarray(at, lineEnd).toString('latin1'), 16);
    const next = lineEnd + 2 + size + 2;
    if (data.length < next) return undefined;
    if (size === 0) return { status, text: Buffer.concat(chunks).toString(), end: next };
    chunks.push(data.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = next;
  }
};

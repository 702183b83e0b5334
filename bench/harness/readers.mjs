// The generator of reads: clients that ask the same again and again, in a process of their own.
import { answerRequests } from './answering.mjs';
import { createHttpClient, openSocket } from './clients.mjs';
import { keepUnderway } from './underway.mjs';

/** @type {Map<string, import('./clients.mjs').Client[]>} */
const groups = new Map();

/** A frame without its id and type. */
const payloadOf = (text) => text.slice(text.indexOf('{"data"'), text.lastIndexOf('}}') + 2);

answerRequests({
  start: () => null,

  /** So many clients of one person. */
  open: async ({ name, transport, url, token, clients }) => {
    const open = transport === 'http' ? createHttpClient : openSocket;
    groups.set(name, await Promise.all(Array.from({ length: clients }, () => open(url, token))));
  },

  once: ({ name, body }) => groups.get(name)[0].ask(body),

  /** Each client has one request underway; each answer must be the first one. */
  read: async ({ name, body, count }) => {
    const clients = groups.get(name);
    let first;
    return keepUnderway({ count }, clients.length, async (worker) => {
      const payload = payloadOf(await clients[worker].ask(body));
      first ??= payload;
      if (payload !== first || payload.length < 100)
        throw new Error(`${name}: not the answer of before: ${payload.slice(0, 300)}`);
    });
  },

  close: ({ name }) => {
    for (const { close } of groups.get(name)) close();
    groups.delete(name);
  },
});

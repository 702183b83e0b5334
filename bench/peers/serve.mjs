// How each peer is run: it listens on a port of its own, and publishes when the bench tells it to, which costs it nothing.
import { answerRequests } from '../harness/answering.mjs';
import { createMessages } from './messages.mjs';

/**
 * @param {(options: { secret: string, redisUrl?: string, databaseUrl?: string }) => Promise<{ port: number,
 *   publish?: (chatId: string, event: object) => unknown, handlers?: object }>} start
 */
export const servePeer = (start) => {
  let peer;
  let messages;
  answerRequests({
    start: async ({ options }) => {
      messages = createMessages(options.text);
      peer = await start(options);
      return { port: peer.port };
    },
    publish: async ({ chatId, count, text }) => {
      let event;
      for (let sent = 0; sent < count; sent += 1) {
        event = messages.next(chatId, text);
        await peer.publish(chatId, event);
      }
      return event.seq;
    },
  });
};

/** @returns the port of 127.0.0.1 that it has taken */
export const listen = (server) =>
  new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)));

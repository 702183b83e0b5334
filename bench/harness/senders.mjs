// The generator of sends: clients that send into chats, in a process of their own.
import { answerRequests } from './answering.mjs';
import { createHttpClient, openSocket } from './clients.mjs';
import { keepUnderway } from './underway.mjs';

/** @type {Map<string, { clients: import('./clients.mjs').Client[], bodies: string[][], sent: Map<string, number[]>, next: number[] }>} */
const groups = new Map();

answerRequests({
  start: () => null,

  /** A client for each of `senders`: `{ token, chats }`, with whose chats it takes turns. */
  open: async ({ name, transport, url, senders, query, text }) => {
    const open = transport === 'http' ? createHttpClient : openSocket;
    groups.set(name, {
      clients: await Promise.all(senders.map(({ token }) => open(url, token))),
      chats: senders.map(({ chats }) => chats),
      bodies: senders.map(({ chats }) => chats.map((chatId) => JSON.stringify({ query, variables: { chatId, text } }))),
      next: senders.map(() => 0),
      sent: new Map(),
    });
  },

  /** Each client has one message underway. */
  send: ({ name, seconds }) => {
    const { clients, chats, bodies, next, sent } = groups.get(name);
    return keepUnderway({ seconds }, clients.length, async (worker) => {
      const turn = next[worker]++ % bodies[worker].length;
      const answer = await clients[worker].ask(bodies[worker][turn]);
      const seq = /"seq":(\d+)/.exec(answer)?.[1];
      if (seq === undefined) throw new Error(`${name}: not sent: ${answer.slice(0, 300)}`);
      const chatId = chats[worker][turn];
      const seqs = sent.get(chatId);
      if (seqs === undefined) sent.set(chatId, [Number(seq)]);
      else seqs.push(Number(seq));
    });
  },

  /** The acknowledged numbers of each chat. Each chat begins at 1, and one group alone sends into it. */
  sent: ({ name }) => {
    const wrong = [];
    let total = 0;
    for (const [chatId, seqs] of groups.get(name).sent) {
      total += seqs.length;
      const sorted = [...seqs].sort((one, other) => one - other);
      if (sorted.some((seq, index) => seq !== index + 1)) wrong.push(chatId);
    }
    return { total, wrong };
  },

  close: ({ name }) => {
    for (const { close } of groups.get(name).clients) close();
    groups.delete(name);
  },
});

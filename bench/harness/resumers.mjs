// The generator of comebacks: clients that follow a chat each, lose their sockets together, and go on from what they have. Each counts
// how often it got each number.
import { WebSocket } from 'ws';
import { answerRequests } from './answering.mjs';
import { openSocket } from './clients.mjs';
import { now } from './schedule.mjs';

/** Clients that connect at the same time. */
const AT_ONCE = 100;
/** Messages of one chat in one window. */
const CAPACITY = 1024;

/**
 * @typedef {object} Resumer
 * @property {string} token
 * @property {string} chatId
 * @property {number} first the number that it got first
 * @property {number} last the greatest that it got
 * @property {Uint8Array} counts how often, from the first on
 * @property {string} frame the newest with a message
 * @property {string | undefined} pid by which Socket.IO recognizes it
 * @property {number} aim the number by which it has caught up
 * @property {boolean} isFetching what it missed is still to come, whatever else has come
 * @property {undefined | (() => void)} caughtUp
 */

/** @type {Map<string, { plan: any, clients: Resumer[], faults: string[], recovered: number }>} */
const groups = new Map();

const createResumer = ({ token, chatId }) => ({
  token,
  chatId,
  first: 0,
  last: 0,
  counts: new Uint8Array(CAPACITY),
  frame: '',
  pid: undefined,
  aim: Infinity,
  isFetching: false,
  caughtUp: undefined,
  close: () => {},
});

const take = (client, seq) => {
  if (client.first === 0) client.first = seq;
  client.counts[seq - client.first] += 1;
  if (seq > client.last) client.last = seq;
  look(client);
};

const look = (client) => {
  if (client.last >= client.aim && !client.isFetching) client.caughtUp?.();
};

/** The first number is the event's own. */
const seqOf = (text) => {
  const at = text.indexOf('"seq":');
  return at === -1 ? undefined : parseInt(text.slice(at + 6, at + 16), 10);
};

const hear = (group, client, text) => {
  const seq = seqOf(text);
  if (seq !== undefined) {
    if (group.plan.isOrdered && client.last !== 0 && seq !== client.last + 1)
      group.faults.push(`${seq} after ${client.last}`);
    client.frame = text;
    take(client, seq);
  } else if (text.includes('"errors"') || text.includes('"type":"error"') || text.includes('"type":"complete"'))
    group.faults.push(text.slice(0, 300));
};

const lose = (group) => (error) => group.faults.push(error.message);

/** How each contender's clients follow for the first time, and how they come back. */
const KINDS = {
  /** With the cursor of the newest event. */
  cursor: async (group, client) => {
    const { url, query, isList } = group.plan;
    const socket = await openSocket(url, client.token);
    client.close = socket.close;
    const cursor = /"cursor":"([^"]+)"/.exec(client.frame)?.[1];
    const after = isList && cursor !== undefined ? [cursor] : cursor;
    const variables = isList ? { after } : { chatId: client.chatId, after };
    socket.subscribe(JSON.stringify({ query, variables }), (text) => hear(group, client, text), lose(group));
  },

  /** Subscribes, then queries what came after the newest message. */
  refetch: async (group, client) => {
    const { url, query, missedQuery } = group.plan;
    const socket = await openSocket(url, client.token);
    client.close = socket.close;
    const afterSeq = client.last; // before the subscription brings newer ones
    client.isFetching = client.first !== 0;
    const { chatId } = client;
    socket.subscribe(
      JSON.stringify({ query, variables: { chatId } }),
      (text) => hear(group, client, text),
      lose(group),
    );
    if (!client.isFetching) return;
    const answer = await socket.ask(JSON.stringify({ query: missedQuery, variables: { chatId, afterSeq } }));
    const { data } = JSON.parse(answer).payload;
    for (const { seq } of data.missed) take(client, seq);
    client.isFetching = false;
    look(client);
  },

  /** Connection state recovery: the server recognizes it by its private id, and the newest packet by its offset. */
  socketIo: (group, client) =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(group.plan.url, { perMessageDeflate: false });
      const pidBefore = client.pid;
      const offset = /"([^"]+)"\]$/.exec(client.frame)?.[1];
      let isClosed = false;
      client.close = () => {
        isClosed = true;
        socket.terminate();
      };
      socket.on('message', (data) => {
        const text = data.toString();
        if (text.startsWith('42')) hear(group, client, text);
        else if (text === '2') socket.send('3');
        else if (text.startsWith('40')) {
          client.pid = /"pid":"([^"]+)"/.exec(text)?.[1];
          if (client.pid !== undefined && client.pid === pidBefore) group.recovered += 1;
          else socket.send(`42${JSON.stringify(['follow', client.chatId])}`);
          resolve();
        } else if (text.startsWith('0'))
          socket.send(`40${JSON.stringify({ token: client.token, pid: pidBefore, offset })}`);
      });
      socket.on('error', reject);
      socket.on('close', (code, reason) => {
        const error = new Error(`closed: ${code} ${reason}`);
        reject(error);
        if (!isClosed) lose(group)(error);
      });
    }),
};

const connectAll = async (group, connect) => {
  const left = [...group.clients];
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let client; (client = left.pop()) !== undefined;) await connect(client);
    }),
  );
};

/** Resolves with the time at which it has that number. */
const reach = (client, aim) =>
  new Promise((resolve) => {
    const end = () => {
      client.caughtUp = undefined;
      resolve(now());
    };
    client.aim = aim;
    client.caughtUp = end;
    look(client);
  });

/** @returns {Promise<undefined | any>} undefined if it takes longer */
const within = async (ms, promise) => {
  let timer;
  const late = new Promise((resolve) => (timer = setTimeout(() => resolve(undefined), ms)));
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};

answerRequests({
  start: () => null,

  /** `people` are `{ token, chatId }`. */
  open: async ({ name, plan, people }) => {
    const group = { plan, clients: people.map(createResumer), faults: [], recovered: 0 };
    groups.set(name, group);
    await connectAll(group, (client) => KINDS[plan.kind](group, client));
  },

  /** How many do not have the number of their chat after so many ms. `heads` is a map from chats to numbers. */
  reach: async ({ name, heads, withinMs }) => {
    const { clients } = groups.get(name);
    await within(withinMs, Promise.all(clients.map((client) => reach(client, heads.get(client.chatId)))));
    return clients.filter((client) => client.last < heads.get(client.chatId)).length;
  },

  /** All sockets at once, without a word to the server. */
  drop: ({ name }) => {
    for (const { close } of groups.get(name).clients) close();
  },

  /**
   * Everyone comes back. `heads` are the numbers that had been sent when that begins: with those a client has caught up.
   * All in ms: until all are connected, until all have caught up (NaN if they do not in time), and p50 and p99 of one from its first byte on.
   */
  resume: async ({ name, heads, withinMs }) => {
    const group = groups.get(name);
    const begunAt = now();
    const took = [];
    const catching = [];
    const connecting = connectAll(group, async (client) => {
      const dialledAt = now();
      catching.push(reach(client, heads.get(client.chatId)).then((at) => took.push(at - dialledAt)));
      await KINDS[group.plan.kind](group, client);
    });
    const connected = await within(
      withinMs,
      connecting.then(() => now() - begunAt),
    );
    if (connected === undefined) throw new Error(`${name}: not everyone is connected`);
    const caughtUp = await within(
      withinMs,
      Promise.all(catching).then(() => now() - begunAt),
    );
    took.sort((one, other) => one - other);
    const at = (share) => took[Math.floor((took.length - 1) * share)] ?? NaN;
    return { connected, caughtUp: caughtUp ?? NaN, p50: at(0.5), p99: at(0.99) };
  },

  /** Of what was sent up to `heads`, from what each got first. */
  report: ({ name, heads }) => {
    const { clients, faults, recovered } = groups.get(name);
    let expected = 0;
    let lost = 0;
    let doubled = 0;
    for (const { chatId, first, counts } of clients) {
      const length = heads.get(chatId) - first + 1;
      if (length > CAPACITY) throw new Error(`${name}: more messages than are counted`);
      expected += length;
      for (let place = 0; place < length; place += 1) {
        if (counts[place] === 0) lost += 1;
        else doubled += counts[place] - 1;
      }
    }
    return { expected, lost, doubled, recovered, faults };
  },

  leave: ({ name }) => {
    for (const { close } of groups.get(name).clients) close();
    groups.delete(name);
  },
});

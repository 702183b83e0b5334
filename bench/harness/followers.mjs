// The generator: clients that follow a chat, in a process of their own. Each counts every message, and sees that each has the number
// after the one before. It parses no JSON on the way, so that it takes little of the machine.
import { request } from 'node:http';
import { WebSocket } from 'ws';
import { answerRequests } from './answering.mjs';
import { now } from './schedule.mjs';

const AT_ONCE = 50;
const CONNECT_WITHIN_MS = 60_000;

/**
 * `missing`: numbers that it may still get; `late`: how many of those it did get.
 *
 * @typedef {{ last: number, received: number, missing: Set<number>, late: number, doubled: number, faults: string[], text: string }} Follower
 */

/** @type {Map<string, { followers: Follower[], close: (() => void)[], waiting: undefined | (() => void), arrivals: { seq: number, at: number }[] }>} */
const groups = new Map();

const createFollower = () => ({
  last: 0,
  received: 0,
  missing: new Set(),
  late: 0,
  doubled: 0,
  faults: [],
  text: '',
});

/** One frame or one event of a stream. The first `"seq":` in it is the event's own number. */
const take = (group, follower, data) => {
  const at = data.indexOf('"seq":');
  if (at === -1) {
    const text = data.toString();
    if (text.includes('"errors"') || text.includes('"type":"error"')) follower.faults.push(text.slice(0, 300));
    return;
  }
  let seq = 0;
  for (let place = at + 6; data[place] >= 48 && data[place] <= 57; place += 1) seq = seq * 10 + data[place] - 48;
  if (follower.last !== 0 && seq !== follower.last + 1) {
    follower.faults.push(`${seq} after ${follower.last}`);
    for (let missing = follower.last + 1; missing < seq; missing += 1) follower.missing.add(missing);
    if (follower.missing.delete(seq)) follower.late += 1;
    else if (seq <= follower.last) follower.doubled += 1;
  }
  if (group.isTimed) group.arrivals.push({ seq, at: now() });
  follower.last = Math.max(follower.last, seq);
  follower.received += 1;
  if (follower === group.followers[0]) follower.text = data;
  if (group.waiting !== undefined && seq >= group.aim) {
    group.reached += 1;
    if (group.reached === group.followers.length) group.waiting();
  }
};

/** How to speak each protocol: what to send at first, and which frame answers it. */
const PROTOCOLS = {
  /** graphql-transport-ws */
  graphql: {
    subprotocol: 'graphql-transport-ws',
    open: ({ token }) => JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } }),
    hear: (socket, text, { query, variables, otherChatId }, ready) => {
      if (text.startsWith('{"type":"ping"')) socket.send('{"type":"pong"}');
      if (!text.includes('connection_ack')) return;
      socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query, variables } }));
      if (otherChatId !== undefined) {
        const payload = { query, variables: { chatId: otherChatId } };
        socket.send(JSON.stringify({ id: '2', type: 'subscribe', payload }));
      }
      ready();
    },
  },
  socketIo: {
    open: undefined,
    hear: (socket, text, { token, chatId }, ready) => {
      if (text === '2') socket.send('3');
      else if (text.startsWith('0')) socket.send(`40${JSON.stringify({ token })}`);
      else if (text.startsWith('40')) {
        socket.send(`42${JSON.stringify(['follow', chatId])}`);
        ready();
      }
    },
  },
  plain: {
    open: ({ token, chatId }) => JSON.stringify({ token, chatId }),
    hear: (_socket, text, _plan, ready) => text === '{"ready":true}' && ready(),
  },
};

const bySocket = (group, follower, plan) =>
  new Promise((resolve, reject) => {
    const { subprotocol, open, hear } = PROTOCOLS[plan.protocol];
    const socket = new WebSocket(plan.url, subprotocol ? [subprotocol] : [], { perMessageDeflate: false });
    let isReady = false;
    const ready = () => {
      isReady = true;
      resolve();
    };
    socket.on('open', () => open && socket.send(open(plan)));
    socket.on('message', (data) => {
      // Control frames are short, and heartbeats go on.
      if (!isReady || data.length < 100) hear(socket, data.toString(), plan, ready);
      if (isReady) take(group, follower, data);
    });
    socket.on('error', reject);
    socket.on('close', (code, reason) => {
      if (!group.isClosing) follower.faults.push(`closed: ${code} ${reason}`);
      reject(new Error(`closed: ${code} ${reason}`));
    });
    group.close.push(() => socket.terminate());
    group.sockets.push(socket);
  });

const NEWLINE = 10;

const byEvents = (group, follower, { url, token, query, variables }) =>
  new Promise((resolve, reject) => {
    const headers = {
      accept: 'text/event-stream',
      'content-type': 'application/json',
      authorization: `Bearer ${token}`,
    };
    const asking = request(url, { method: 'POST', headers, agent: false }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`HTTP ${response.statusCode}`));
      resolve();
      let rest = Buffer.alloc(0);
      response.on('data', (chunk) => {
        let data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
        for (let end; (end = data.indexOf('\n\n')) !== -1; data = data.subarray(end + 2))
          if (data[0] !== NEWLINE) take(group, follower, data.subarray(0, end));
        rest = data;
      });
      response.on('close', () => group.isClosing || follower.faults.push('the stream ended'));
      response.on('error', () => {});
    });
    asking.on('error', (error) => (group.isClosing ? undefined : reject(error)));
    asking.end(JSON.stringify({ query, variables }));
    group.close.push(() => asking.destroy());
  });

answerRequests({
  start: () => null,

  /** Connects one follower for each token. If timed, the group keeps when each message came to each. */
  follow: async ({ name, plan, tokens, isTimed = false }) => {
    const group = {
      followers: [],
      close: [],
      sockets: [],
      waiting: undefined,
      aim: 0,
      reached: 0,
      isClosing: false,
      isTimed,
      arrivals: [],
    };
    groups.set(name, group);
    const left = [...tokens];
    const connect = plan.protocol === 'sse' ? byEvents : bySocket;
    let timer;
    const tooLong = new Promise((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`${name}: ${left.length} are not connected`)), CONNECT_WITHIN_MS);
    });
    const connecting = Array.from({ length: AT_ONCE }, async () => {
      for (let token; (token = left.pop()) !== undefined;) {
        const follower = createFollower();
        group.followers.push(follower);
        await connect(group, follower, { ...plan, token });
      }
    });
    await Promise.race([Promise.all(connecting), tooLong]).finally(() => clearTimeout(timer));
  },

  /** Resolves to whether each follower of the group has this number, at the latest after so many ms. */
  reach: ({ name, seq, withinMs }) => {
    const group = groups.get(name);
    group.aim = seq;
    group.reached = group.followers.filter(({ last }) => last >= seq).length;
    if (group.reached === group.followers.length) return true;
    return new Promise((resolve) => {
      const end = (isReached) => {
        clearTimeout(timer);
        group.waiting = undefined;
        resolve(isReached);
      };
      const timer = setTimeout(() => end(false), withinMs);
      group.waiting = () => end(true);
    });
  },

  /** What each has received since the last report; `text` is the newest frame of one of them. */
  report: ({ name }) => {
    const group = groups.get(name);
    const { followers, arrivals } = group;
    const sum = (of) => followers.reduce((total, follower) => total + of(follower), 0);
    const report = {
      received: followers.map(({ received }) => received),
      last: followers.map(({ last }) => last),
      faults: followers.flatMap(({ faults }) => faults),
      text: followers[0].text.toString(),
      lost: sum(({ missing }) => missing.size),
      late: sum(({ late }) => late),
      doubled: sum(({ doubled }) => doubled),
      arrivals,
    };
    for (const follower of followers)
      Object.assign(follower, { received: 0, missing: new Set(), late: 0, doubled: 0, faults: [] });
    group.arrivals = [];
    return report;
  },

  /** Their sockets are not read any more; what the kernel has taken stays with it. */
  stall: ({ name }) => {
    for (const socket of groups.get(name).sockets) socket._socket.pause();
  },

  leave: ({ name }) => {
    const group = groups.get(name);
    group.isClosing = true;
    for (const close of group.close) close();
    groups.delete(name);
  },
});

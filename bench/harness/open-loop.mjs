// The generator of an open loop: in each chat one client sends when a message is due, whatever became of the earlier ones, and others
// follow. A message begins with its number, so that each follower tells which one it has, and how long after it was due.
import { answerRequests } from './answering.mjs';
import { openSocket } from './clients.mjs';
import { now, onSchedule } from './schedule.mjs';

const AT_ONCE = 50;
/** Once a message is on its way for so long, nothing more is sent: it is too much already. */
const GIVE_UP_MS = 1000;
const DRAIN_WITHIN_MS = 60_000;

/** @type {Map<string, any>} */
const groups = new Map();

const take = (group, follower, frame) => {
  const textAt = frame.indexOf('"text":"#');
  if (textAt === -1) {
    if (/"errors"|"type":"(error|complete)"/.test(frame)) group.faults.push(frame.slice(0, 300));
    return;
  }
  const seqAt = frame.indexOf('"seq":');
  const seq = parseInt(frame.slice(seqAt + 6, seqAt + 16), 10);
  if (follower.last !== 0 && seq !== follower.last + 1) {
    if (group.isOrdered) group.faults.push(`${seq} after ${follower.last}`);
    group.disordered += 1;
  }
  if (follower.seqs.has(seq)) group.faults.push(`${seq} twice`);
  follower.seqs.add(seq);
  follower.last = seq;
  const dueAt = group.dueAt.get(parseInt(frame.slice(textAt + 9, textAt + 19), 10));
  if (dueAt === undefined) group.faults.push(`A message that was not sent: ${frame.slice(0, 300)}`);
  group.latencies.push(now() - dueAt);
  if (group.latencies.length === group.awaited) group.drained();
};

const inTurns = async (things, act) => {
  const left = [...things];
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let thing; (thing = left.pop()) !== undefined;) await act(thing);
    }),
  );
};

/** @returns {Promise<boolean>} */
const until = async (begin, withinMs) => {
  let timer;
  const late = new Promise((resolve) => (timer = setTimeout(() => resolve(false), withinMs)));
  return Promise.race([new Promise((resolve) => begin(() => resolve(true))), late]).finally(() => clearTimeout(timer));
};

answerRequests({
  start: () => null,

  /** `chats` are `{ chatId, sender, followers }`, of tokens; all over a socket each. */
  open: async ({ name, url, chats, sendQuery, followQuery, text, isOrdered }) => {
    const group = {
      sendQuery,
      text,
      isOrdered,
      inEach: chats[0].followers.length,
      chats: [],
      followers: [],
      closes: [],
      faults: [],
      sent: 0,
      dueAt: new Map(),
      latencies: [],
      disordered: 0,
      awaited: Infinity,
    };
    groups.set(name, group);
    const lost = (error) => group.faults.push(error.message);
    await inTurns(chats, async ({ chatId, sender, followers }) => {
      const socket = await openSocket(url, sender);
      group.closes.push(socket.close);
      group.chats.push({ chatId, ask: socket.ask });
      for (const token of followers) {
        const follower = { last: 0, seqs: new Set() };
        group.followers.push(follower);
        const own = await openSocket(url, token);
        group.closes.push(own.close);
        const body = JSON.stringify({ query: followQuery, variables: { chatId } });
        own.subscribe(body, (frame) => take(group, follower, frame), lost);
      }
    });
  },

  /**
   * Latencies in ms, of each delivery, from when its message was due. `drain`: from when the last one was due until all were
   * delivered. `isStopped`: it was too much. `disordered`: how many came after a number that is not the one before. It throws unless
   * every follower has every message once, and in order if that is promised.
   */
  run: async ({ name, rate, seconds }) => {
    const group = groups.get(name);
    Object.assign(group, { dueAt: new Map(), latencies: [], disordered: 0, awaited: Infinity });
    for (const { seqs } of group.followers) seqs.clear();
    const underway = new Set();
    const sends = [];
    let isStopped = false;
    const send = async (number, dueAt) => {
      const { chatId, ask } = group.chats[number % group.chats.length];
      group.dueAt.set(number, dueAt);
      underway.add(dueAt);
      const text = `#${String(number).padEnd(9)} ${group.text}`.slice(0, group.text.length);
      const answer = await ask(JSON.stringify({ query: group.sendQuery, variables: { chatId, text } }));
      underway.delete(dueAt);
      if (!answer.includes('"seq":')) throw new Error(`${name}: not sent: ${answer.slice(0, 300)}`);
    };
    const isOver = () => {
      const [oldest] = underway;
      return (isStopped = oldest !== undefined && now() - oldest > GIVE_UP_MS);
    };
    const first = group.sent;
    const count = await onSchedule({ rate, count: Math.ceil(rate * seconds), isOver }, (n, dueAt) => {
      sends.push(send(first + n, dueAt).catch((error) => group.faults.push(error.message)));
    });
    group.sent += count;
    const lastDueAt = group.dueAt.get(group.sent - 1);
    await Promise.all(sends);
    const isDrained = await until((done) => {
      group.drained = done;
      group.awaited = count * group.inEach;
      if (group.latencies.length >= group.awaited) done();
    }, DRAIN_WITHIN_MS);
    const drain = now() - lastDueAt;
    const { latencies, faults, awaited, disordered } = group;
    if (faults.length > 0) throw new Error(`${name}: ${faults.slice(0, 3).join('; ')}`);
    if (!isDrained || latencies.length !== awaited)
      throw new Error(`${name}: ${latencies.length} of ${awaited} deliveries`);
    latencies.sort((one, other) => one - other);
    const at = (share) => latencies[Math.floor((latencies.length - 1) * share)];
    return { sent: count, p50: at(0.5), p99: at(0.99), drain, isStopped, disordered };
  },

  close: ({ name }) => {
    for (const close of groups.get(name).closes) close();
    groups.delete(name);
  },
});

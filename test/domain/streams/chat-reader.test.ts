/** What the reader of a chat does in each state with each input, and that no order of inputs loses, doubles, reorders or leaks. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createChatReader,
  deliver,
  doubtAccess,
  missRead,
  nextOf,
  replaceLog,
  requestOf,
  rewind,
  takeAccess,
  takeEvents,
  takePage,
  type ChatReader,
  type Next,
  type ReaderState,
  type Request,
} from '../../../src/domain/streams/chat-reader.js';
import type { StreamItem } from '../../../src/domain/streams/stream-item.js';
import type { LogPosition } from '../../../src/log/cursor.js';
import type { ChatRow, LogEvent, MessageRow, UserFacts } from '../../../src/log/event.js';
import type { LogPage, Removal } from '../../../src/log/read.js';

const VIEWER = 1n;
const SOMEBODY: UserFacts = {
  id: 3n,
  username: 'somebody',
  firstName: '',
  lastName: '',
  role: 'USER',
  createdAt: new Date(0),
  avatar: null,
};
const OTHER = 2n;

/** Marks follow from the log's number and the event's. */
const markOf = (seq: number, log = 0) => seq * 10 + log;

const anEvent = (seq: number, more: Partial<Pick<LogEvent, 'type' | 'userId' | 'messages'>> = {}): LogEvent => ({
  chatId: 7n,
  seq,
  mark: markOf(seq),
  type: 'MESSAGE_SENT',
  createdAt: new Date(0),
  actorId: OTHER,
  userId: null,
  emoji: null,
  messages: [],
  users: [],
  ...more,
});

const aMessage = (seq: number, changedSeq = seq): MessageRow => ({
  chatId: 7n,
  seq,
  senderId: OTHER,
  text: 'text',
  metadata: null,
  clientMessageId: null,
  createdAt: new Date(0),
  editedAt: null,
  deletedAt: null,
  changedSeq,
  reactions: null,
  replyToSeq: null,
  mentionIds: null,
  mentionsEveryone: false,
  pinnedAt: null,
  attachmentCount: 0,
});

const aChat = (headSeq: number, log = 0): ChatRow => ({
  id: 7n,
  kind: 'GROUP',
  name: null,
  slug: null,
  orderRef: null,
  access: 'CLOSED',
  createdAt: new Date(0),
  activityAt: new Date(0),
  closedAt: null,
  headSeq,
  headMark: markOf(headSeq, log),
  messageCount: headSeq,
  hasBusiness: false,
  isBlocked: false,
});

const aPage = (after: number, headSeq: number, { log = 0, removals = [] as Removal[] } = {}): LogPage => ({
  chat: aChat(headSeq, log),
  markAtAfter: markOf(after, log),
  events: Array.from({ length: headSeq - after }, (_, index) => anEvent(after + 1 + index)),
  removals,
});

const ownRemovalAt = (seq: number): Removal => ({ userId: VIEWER, seq, mark: markOf(seq) });
const ownRemoval = (seq: number) => anEvent(seq, { type: 'MEMBER_REMOVED', userId: VIEWER });

/** A queue of so many items, in words: `event 3`, `ready 3`. */
const aQueue = (capacity = Infinity) => {
  const items: StreamItem[] = [];
  const put = (item: StreamItem) => items.length < capacity && items.push(item) > 0;
  return { items, put, told: () => items.map(tell) };
};

const tell = (item: StreamItem) => {
  if (item.kind === 'event') return `event ${item.event.seq}`;
  return item.kind === 'ready' ? `ready ${item.headSeq}` : item.kind;
};

const noQueue = () => false;

/** At position 3 of a log whose head is 3, all of it delivered. */
const states: Record<ReaderState, () => ChatReader> = {
  unsure: () => createChatReader({ chatId: 7n, viewerId: VIEWER, cursor: { seq: 3, mark: markOf(3) }, ready: 'owed' }),
  reading: () => {
    const reader = states.unsure();
    takeAccess(reader, requestOf(reader), { chat: aChat(5), seesWithoutMembership: false }, noQueue);
    return reader;
  },
  live: () => {
    const reader = states.unsure();
    takeAccess(reader, requestOf(reader), { chat: aChat(3), seesWithoutMembership: false }, () => true);
    deliver(reader, { kind: 'ready', chat: aChat(3), headSeq: 3, mark: markOf(3) });
    return reader;
  },
  departed: () => {
    const reader = states.live();
    takeEvents(reader, [ownRemoval(4)], [], () => true);
    return reader;
  },
};

type Put = ReturnType<typeof aQueue>['put'];

const inputs = {
  'the next event': (reader: ChatReader, put: Put) => takeEvents(reader, [anEvent(4)], [], put),
  'an event after a hole': (reader: ChatReader, put: Put) => takeEvents(reader, [anEvent(5)], [], put),
  'an event that it has': (reader: ChatReader, put: Put) => takeEvents(reader, [anEvent(3)], [], put),
  'an event for which there is no room': (reader: ChatReader) => takeEvents(reader, [anEvent(4)], [], noQueue),
  'the viewer’s removal': (reader: ChatReader, put: Put) => takeEvents(reader, [ownRemoval(4), anEvent(5)], [], put),
  'an event changed after the viewer’s removal': (reader: ChatReader, put: Put) =>
    takeEvents(reader, [anEvent(4, { messages: [aMessage(4, 6)] })], [ownRemovalAt(5)], put),
  'a reply to what changed after the viewer’s removal': (reader: ChatReader, put: Put) =>
    takeEvents(
      reader,
      [anEvent(4, { messages: [{ ...aMessage(4), replyToSeq: 1, repliedTo: aMessage(1, 6) }] })],
      [ownRemovalAt(5)],
      put,
    ),
  'the page it asked for': (reader: ChatReader, put: Put) =>
    takePage(reader, requestOf(reader), aPage(3, 5), undefined, put),
  'a page asked for before a rewind': (reader: ChatReader, put: Put) =>
    takePage(reader, { ...requestOf(reader), generation: -1 }, aPage(3, 5), undefined, put),
  'a page of another log': (reader: ChatReader, put: Put) =>
    takePage(reader, requestOf(reader), aPage(3, 5, { log: 1 }), undefined, put),
  'a page that begins with what is too old to be replayed': (reader: ChatReader, put: Put) =>
    takePage(reader, requestOf(reader), aPage(3, 5), new Date(1), put),
  'no page, for the chat is gone': (reader: ChatReader, put: Put) =>
    takePage(reader, requestOf(reader), null, undefined, put),
  'access, at the head': (reader: ChatReader, put: Put) =>
    takeAccess(reader, requestOf(reader), { chat: aChat(3), seesWithoutMembership: false }, put),
  'access, behind the head': (reader: ChatReader, put: Put) =>
    takeAccess(reader, requestOf(reader), { chat: aChat(5), seesWithoutMembership: false }, put),
  'access asked for before a rewind': (reader: ChatReader, put: Put) =>
    takeAccess(reader, { ...requestOf(reader), generation: -1 }, null, put),
  'no access': (reader: ChatReader, put: Put) => takeAccess(reader, requestOf(reader), null, put),
  'a full queue, nothing of this chat in it': (reader: ChatReader) => rewind(reader),
  'a read position for which there is no room': (reader: ChatReader) => missRead(reader),
  'a role that changed': (reader: ChatReader) => doubtAccess(reader),
  'another log': (reader: ChatReader) => replaceLog(reader),
} satisfies Record<string, (reader: ChatReader, put: Put) => Next>;

type Input = keyof typeof inputs;

/** What is done next, and what is in the queue then. */
type Outcome = [next: Next, ...queued: string[]];

/** Each state with each input: what is missing here does not compile. */
const table: Record<ReaderState, Record<Input, Outcome>> = {
  unsure: {
    'the next event': ['checkAccess'],
    'an event after a hole': ['checkAccess'],
    'an event that it has': ['checkAccess'],
    'an event for which there is no room': ['checkAccess'],
    'the viewer’s removal': ['checkAccess'],
    'an event changed after the viewer’s removal': ['checkAccess'],
    'a reply to what changed after the viewer’s removal': ['checkAccess'],
    'the page it asked for': ['checkAccess'],
    'a page asked for before a rewind': ['checkAccess'],
    'a page of another log': ['checkAccess'],
    'a page that begins with what is too old to be replayed': ['checkAccess'],
    'no page, for the chat is gone': ['checkAccess'],
    'access, at the head': ['wait', 'ready 3'],
    'access, behind the head': ['read'],
    'access asked for before a rewind': ['checkAccess'],
    'no access': ['unseen'],
    'a full queue, nothing of this chat in it': ['checkAccess'],
    'a read position for which there is no room': ['checkAccess'],
    'a role that changed': ['checkAccess'],
    'another log': ['checkAccess'],
  },
  reading: {
    'the next event': ['read'],
    'an event after a hole': ['read'],
    'an event that it has': ['read'],
    'an event for which there is no room': ['read'],
    'the viewer’s removal': ['read'],
    'an event changed after the viewer’s removal': ['read'],
    'a reply to what changed after the viewer’s removal': ['read'],
    'the page it asked for': ['wait', 'event 4', 'event 5', 'ready 5'],
    'a page asked for before a rewind': ['read'],
    'a page of another log': ['checkAccess'],
    'a page that begins with what is too old to be replayed': ['checkAccess'],
    'no page, for the chat is gone': ['gone'],
    'access, at the head': ['read'],
    'access, behind the head': ['read'],
    'access asked for before a rewind': ['read'],
    'no access': ['read'],
    'a full queue, nothing of this chat in it': ['read'],
    'a read position for which there is no room': ['read'],
    'a role that changed': ['checkAccess'],
    'another log': ['checkAccess'],
  },
  live: {
    'the next event': ['wait', 'event 4'],
    'an event after a hole': ['read'],
    'an event that it has': ['wait'],
    'an event for which there is no room': ['dropQueue'],
    'the viewer’s removal': ['removed', 'event 4'],
    'an event changed after the viewer’s removal': ['cutOff'],
    'a reply to what changed after the viewer’s removal': ['cutOff'],
    'the page it asked for': ['wait'],
    'a page asked for before a rewind': ['wait'],
    'a page of another log': ['wait'],
    'a page that begins with what is too old to be replayed': ['wait'],
    'no page, for the chat is gone': ['wait'],
    'access, at the head': ['wait'],
    'access, behind the head': ['wait'],
    'access asked for before a rewind': ['wait'],
    'no access': ['wait'],
    'a full queue, nothing of this chat in it': ['wait'],
    'a read position for which there is no room': ['read'],
    'a role that changed': ['checkAccess'],
    'another log': ['checkAccess'],
  },
  departed: {
    'the next event': ['removed'],
    'an event after a hole': ['removed'],
    'an event that it has': ['removed'],
    'an event for which there is no room': ['removed'],
    'the viewer’s removal': ['removed'],
    'an event changed after the viewer’s removal': ['removed'],
    'a reply to what changed after the viewer’s removal': ['removed'],
    'the page it asked for': ['removed'],
    'a page asked for before a rewind': ['removed'],
    'a page of another log': ['removed'],
    'a page that begins with what is too old to be replayed': ['removed'],
    'no page, for the chat is gone': ['removed'],
    'access, at the head': ['removed'],
    'access, behind the head': ['removed'],
    'access asked for before a rewind': ['removed'],
    'no access': ['removed'],
    'a full queue, nothing of this chat in it': ['removed'],
    'a read position for which there is no room': ['removed'],
    'a role that changed': ['removed'],
    'another log': ['removed'],
  },
};

describe.each(Object.keys(table) as ReaderState[])('a reader that is %s', (state) => {
  it.each(Object.keys(inputs) as Input[])('answers %s as it must', (input) => {
    const reader = states[state]();
    const queue = aQueue();

    const next = inputs[input](reader, queue.put);

    expect([next, ...queue.told()]).toEqual(table[state][input]);
    expect(next === 'dropQueue' || next === nextOf(reader)).toBe(true);
  });
});

it('begins with ready at the head of the access where there is no cursor, before what came meanwhile', () => {
  const reader = createChatReader({ chatId: 7n, viewerId: VIEWER, cursor: null, ready: 'owed' });
  const queue = aQueue();
  const request = requestOf(reader);
  takeEvents(reader, [anEvent(4)], [], queue.put);

  const next = takeAccess(reader, request, { chat: aChat(3), seesWithoutMembership: false }, queue.put);
  takePage(reader, requestOf(reader), aPage(3, 4), undefined, queue.put);

  expect(next).toBe('read');
  expect(queue.told()).toEqual(['ready 3', 'event 4']);
});

it('after a page with a hole the client is told to query the chat again, and goes on from the head', () => {
  const reader = states.reading();
  const queue = aQueue();
  takePage(reader, requestOf(reader), aPage(3, 5, { log: 1 }), undefined, queue.put);

  const next = takeAccess(reader, requestOf(reader), { chat: aChat(5, 1), seesWithoutMembership: false }, queue.put);

  expect(next).toBe('wait');
  expect(queue.told()).toEqual(['resync', 'ready 5']);
});

it('who sees the chat without being a member reads on past their removal, however it was read', () => {
  const reader = states.unsure();
  const queue = aQueue();
  takeAccess(reader, requestOf(reader), { chat: aChat(3), seesWithoutMembership: true }, queue.put);

  takeEvents(reader, [anEvent(4, { messages: [aMessage(4, 6)] })], [ownRemovalAt(5)], queue.put);
  const next = takeEvents(reader, [ownRemoval(5), anEvent(6)], [], queue.put);

  expect(next).toBe('wait');
  expect(queue.told()).toEqual(['ready 3', 'event 4', 'event 5', 'event 6']);
});

it('what was in a queue that was dropped comes again, and ready after it', () => {
  const reader = states.live();
  takeEvents(reader, [anEvent(4), anEvent(5)], [], () => true);
  deliver(reader, { kind: 'event', event: anEvent(4) });
  const queue = aQueue();

  const next = rewind(reader);
  takePage(reader, requestOf(reader), aPage(4, 5), undefined, queue.put);

  expect(next).toBe('read');
  expect(queue.told()).toEqual(['event 5', 'ready 5']);
});

it('a ready that was in a queue that was dropped comes again', () => {
  const reader = states.unsure();
  takeAccess(reader, requestOf(reader), { chat: aChat(3), seesWithoutMembership: false }, () => true);
  const queue = aQueue();

  rewind(reader);
  takePage(reader, requestOf(reader), aPage(3, 3), undefined, queue.put);

  expect(queue.told()).toEqual(['ready 3']);
});

it('a ready for which there is no room comes once there is', () => {
  const reader = states.reading();
  const [full, queue] = [aQueue(2), aQueue()];

  const next = takePage(reader, requestOf(reader), aPage(3, 5), undefined, full.put);
  takePage(reader, requestOf(reader), aPage(5, 5), undefined, queue.put);

  expect([next, ...full.told()]).toEqual(['read', 'event 4', 'event 5']);
  expect(queue.told()).toEqual(['ready 5']);
});

it('who is a member again reads on past their removal', () => {
  const reader = states.unsure();
  const queue = aQueue();
  takeAccess(reader, requestOf(reader), { chat: aChat(6), seesWithoutMembership: false }, queue.put);
  const page = aPage(3, 6, { removals: [ownRemovalAt(5)] });
  page.events = [anEvent(4, { messages: [aMessage(4, 6)] }), ownRemoval(5), anEvent(6)];

  const doubt = takePage(reader, requestOf(reader), page, undefined, queue.put);
  takeAccess(reader, requestOf(reader), { chat: aChat(6), seesWithoutMembership: false }, queue.put);
  const next = takePage(reader, requestOf(reader), page, undefined, queue.put);

  // Made sure of, since the log may be another one than the access was read of.
  expect(doubt).toBe('checkAccess');
  expect([next, ...queue.told()]).toEqual(['wait', 'event 4', 'event 5', 'event 6', 'ready 6']);
});

it('after a resync ready is told again, to a reader that had been ready', () => {
  const reader = states.live();
  const queue = aQueue();
  takeEvents(reader, [anEvent(5)], [], queue.put);
  takePage(reader, requestOf(reader), aPage(3, 5, { log: 1 }), undefined, queue.put);

  takeAccess(reader, requestOf(reader), { chat: aChat(5, 1), seesWithoutMembership: false }, queue.put);

  expect(queue.told()).toEqual(['resync', 'ready 5']);
});

it('does not ask again and again for what was known and is not in the log any more', () => {
  const reader = states.reading();
  const queue = aQueue();
  takeEvents(reader, [anEvent(9)], [], queue.put);

  const next = takePage(reader, requestOf(reader), aPage(3, 5), undefined, queue.put);

  expect([next, ...queue.told()]).toEqual(['wait', 'event 4', 'event 5', 'ready 5']);
});

it('what was known of the log before it was replaced does not hold up what is told of the new one', () => {
  const reader = states.live();
  const queue = aQueue();
  takeEvents(reader, [anEvent(4), anEvent(5)], [], queue.put);
  replaceLog(reader);
  const request = requestOf(reader);
  takeEvents(reader, [anEvent(4)], [], queue.put);

  const next = takeAccess(reader, request, { chat: aChat(3), seesWithoutMembership: false }, queue.put);

  expect(next).toBe('read'); // the new log's event 4 came meanwhile
});

/**
 * A log, its tail, a queue with an end and a client, all of it in memory; the reader is asked and answered at any time. It stands
 * for what the streams do: one question at a time, and only once the queue is empty.
 */
class World {
  /** Messages as they are now. */
  events: LogEvent[] = [];
  /** As the bell carries them: messages as they were. */
  rung: LogEvent[] = [];
  log = 0;
  membership: 'member' | 'removed' = 'member';
  /** As the role has it. */
  seesAll = false;
  /** What the tail has handed out. */
  tailSeq = 0;
  tailLog = 0;
  queue: StreamItem[] = [];
  delivered: { seq: number; log: number }[] = [];
  /** Positions that a resync or the beginning let the client begin at. */
  from: { seq: number; log: number };
  isResynced = false;
  /** How far somebody has read, and how far the client knows of it. */
  readSeq = 0;
  knownReadSeq = 0;
  reader: ChatReader;
  question: { request: Request; answer: (() => void) | null } | null = null;
  departure: Next | null = null;
  readonly capacity = 3;

  constructor(cursorSeq: number | null) {
    for (let seq = 1; seq <= 3; seq += 1) this.commit({});
    this.tailSeq = 3;
    const cursor: LogPosition | null = cursorSeq === null ? null : { seq: cursorSeq, mark: this.markAt(cursorSeq) };
    this.from = { seq: cursorSeq ?? 3, log: 0 };
    this.isResynced = cursorSeq === null; // begins where ready says
    this.reader = createChatReader({ chatId: 7n, viewerId: VIEWER, cursor, ready: 'owed' });
  }

  markAt(seq: number) {
    return seq === 0 ? 0 : this.events[seq - 1]!.mark;
  }

  chat(): ChatRow {
    const headSeq = this.events.length;
    return { ...aChat(headSeq), headMark: this.markAt(headSeq) };
  }

  commit(more: Partial<LogEvent>) {
    const seq = this.events.length + 1;
    const messages = more.type === undefined ? [aMessage(seq)] : [];
    const event = { ...anEvent(seq), mark: markOf(seq, this.log), messages, ...more };
    this.events.push(event);
    this.rung.push(event);
  }

  put = (item: StreamItem): boolean => {
    const isFull = this.queue.length >= this.capacity;
    if (!isFull) this.queue.push(item);
    return !isFull;
  };

  goOn(next: Next) {
    if (next === 'dropQueue') {
      this.dropQueue();
      rewind(this.reader);
    } else if (this.reader.state === 'departed' && this.departure === null) {
      this.departure = next;
      if (next === 'unseen' || next === 'gone') this.queue = [];
    }
  }

  dropQueue() {
    if (this.queue.some(({ kind }) => kind === 'read')) missRead(this.reader);
    this.queue = [];
  }

  markRead() {
    this.readSeq += 1;
    const item: StreamItem = { kind: 'read', chatId: 7n, user: SOMEBODY, lastReadSeq: this.readSeq };
    if (this.reader.state !== 'live' || !this.put(item)) this.goOn(missRead(this.reader));
  }

  removalsAfter(seq: number): Removal[] {
    return this.events
      .filter((event) => event.type === 'MEMBER_REMOVED' && event.seq > seq)
      .map(({ userId, seq, mark }) => ({ userId: userId!, seq, mark }));
  }

  /** The tail hands out what is next: as the bell brought it, or as a read of the log found it. */
  tellTail({ isRead }: { isRead: boolean }) {
    if (this.tailLog !== this.log) {
      this.tailLog = this.log;
      this.tailSeq = this.events.length;
      this.dropQueue();
      this.goOn(replaceLog(this.reader));
      return;
    }
    const next = (isRead ? this.events : this.rung).slice(this.tailSeq, this.tailSeq + 2);
    if (next.length === 0) return;
    const removals = isRead ? this.removalsAfter(this.tailSeq) : [];
    this.tailSeq += next.length;
    this.goOn(takeEvents(this.reader, next, removals, this.put));
  }

  ask() {
    if (this.question !== null || this.queue.length > 0) return;
    if (this.reader.state === 'unsure' || this.reader.state === 'reading') {
      this.question = { request: requestOf(this.reader), answer: null };
    }
  }

  /** The database has read it; the answer is on its way. */
  read() {
    const { reader, question } = this;
    if (question === null || question.answer !== null) return;
    if (reader.state === 'unsure') {
      const canSee = this.membership === 'member' || this.seesAll;
      const access = canSee ? { chat: this.chat(), seesWithoutMembership: this.seesAll } : null;
      question.answer = () => this.goOn(takeAccess(reader, question.request, access, this.put));
    } else if (reader.state === 'reading') {
      const after = reader.queued!.seq;
      const has = after <= this.events.length;
      const page: LogPage = {
        chat: this.chat(),
        markAtAfter: has ? this.markAt(after) : null,
        events: this.events.slice(after, after + 3),
        removals: this.removalsAfter(after),
      };
      question.answer = () => this.goOn(takePage(reader, question.request, page, undefined, this.put));
    } else question.answer = () => undefined;
  }

  answer() {
    const { question } = this;
    if (question === null || question.answer === null) return;
    this.question = null;
    question.answer();
  }

  take() {
    const item = this.queue.shift();
    if (item?.kind === 'resync') this.isResynced = true;
    if (item?.kind === 'read' && item.chatId === 7n) this.knownReadSeq = item.lastReadSeq;
    if (item?.kind === 'ready') {
      this.knownReadSeq = this.readSeq; // it reads the positions
      if (this.isResynced) this.begin(item.headSeq, item.mark);
      deliver(this.reader, item);
    }
    if (item?.kind === 'event') {
      // A client that was told to query the chat again does so before it goes on.
      if (this.isResynced) this.begin(item.event.seq - 1, item.event.mark - 10);
      this.delivered.push({ seq: item.event.seq, log: item.event.mark % 10 });
      deliver(this.reader, item);
      this.check(item.event);
    }
  }

  begin(seq: number, mark: number) {
    this.isResynced = false;
    this.from = { seq, log: mark % 10 };
    this.delivered = [];
  }

  /** In order, once, and nothing that was changed after their removal. */
  check(event: LogEvent) {
    const seqs = this.delivered.map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.map((_, index) => this.from.seq + 1 + index));
    const removedAt = this.removedAt;
    // What was queued of a log before a restore had been theirs to see.
    if (removedAt === null || this.wasAdmin || event.mark % 10 !== this.log) return;
    expect(event.seq).toBeLessThanOrEqual(removedAt);
    expect(event.messages.filter(({ changedSeq }) => changedSeq > removedAt)).toEqual([]);
  }

  removedAt: number | null = null;
  wasAdmin = false;

  /** Until nothing is left to do. */
  settle() {
    for (let round = 0; round < 1000; round += 1) {
      this.tellTail({ isRead: round % 2 === 0 });
      while (this.queue.length > 0) this.take();
      this.ask();
      this.read();
      this.answer();
      const isTold = this.tailLog === this.log && this.tailSeq === this.events.length;
      const isIdle = this.reader.state === 'live' || this.reader.state === 'departed';
      if (isTold && isIdle && this.queue.length === 0 && this.question === null) return;
    }
    throw new Error('It does not come to rest');
  }
}

const actions = {
  read: (world: World) => world.markRead(),
  'wait behind what is of another chat': (world: World) =>
    world.put({ kind: 'read', chatId: 8n, user: SOMEBODY, lastReadSeq: 1 }),
  send: (world: World) => world.commit({}),
  edit: (world: World) => {
    // A replay tells messages as they are now.
    const changedSeq = world.events.length + 1;
    const sent = world.events.findLast((event) => event.messages.length > 0);
    if (sent !== undefined) world.events[sent.seq - 1] = { ...sent, messages: [aMessage(sent.seq, changedSeq)] };
    world.commit({ type: 'MESSAGE_EDITED' });
  },
  remove: (world: World) => {
    if (world.membership === 'removed') return;
    world.membership = 'removed';
    world.commit({ type: 'MEMBER_REMOVED', userId: VIEWER });
    world.removedAt ??= world.events.length;
  },
  restore: (world: World) => {
    // Of a removal that was never, since what was lost with it is not to be leaked by it either.
    if (world.membership === 'removed' || world.log === 9) return;
    world.log += 1;
    world.events = world.events.slice(0, Math.max(1, world.events.length - 2));
    world.rung = world.rung.slice(0, world.events.length);
    world.commit({});
  },
  'change the role': (world: World) => {
    world.seesAll = !world.seesAll;
    world.wasAdmin = true;
    world.dropQueue();
    world.goOn(doubtAccess(world.reader));
  },
  'tell what the bell brought': (world: World) => world.tellTail({ isRead: false }),
  'tell what was read': (world: World) => world.tellTail({ isRead: true }),
  ask: (world: World) => world.ask(),
  'be read from the database': (world: World) => world.read(),
  answer: (world: World) => world.answer(),
  take: (world: World) => world.take(),
  'take all': (world: World) => {
    while (world.queue.length > 0) world.take();
  },
  'be asked and answered': (world: World) => {
    world.ask();
    world.read();
    world.answer();
  },
};

const anAction = fc.constantFrom(...(Object.keys(actions) as (keyof typeof actions)[]));

it('loses, doubles, reorders and leaks nothing, whatever happens in whatever order', () => {
  fc.assert(
    fc.property(
      fc.option(fc.integer({ min: 1, max: 3 })),
      fc.array(anAction, { maxLength: 80, size: 'max' }),
      (cursor, names) => {
        const world = new World(cursor);
        for (const name of names) actions[name](world);
        world.settle();

        if (world.reader.state === 'departed') {
          expect(world.membership).toBe('removed');
          return;
        }
        // Everything after where the client began, of the log as it is, was delivered.
        expect(world.reader.state).toBe('live');
        expect(world.membership === 'member' || world.seesAll).toBe(true);
        expect(world.reader.delivered).toEqual({ seq: world.events.length, mark: world.markAt(world.events.length) });
        expect(world.knownReadSeq).toBe(world.readSeq);
        const last = world.delivered.at(-1) ?? world.from;
        expect(last.seq).toBe(world.events.length);
      },
    ),
    { numRuns: 5000 },
  );
});

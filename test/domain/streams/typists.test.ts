import { expect, it } from 'vitest';
import type { StreamItem } from '../../../src/domain/streams/stream-item.js';
import { createTypists } from '../../../src/domain/streams/typists.js';
import type { EventType } from '../../../src/generated/prisma/enums.js';

const person = (id: bigint) => ({
  id,
  username: `user${id}`,
  firstName: '',
  lastName: '',
  role: 'USER' as const,
  createdAt: new Date(0),
  avatar: null,
});

const typing = (isTyping: boolean, { by = 1n, chatId = 1n, headSeq = 0 } = {}): StreamItem => ({
  kind: 'typing',
  chatId,
  user: person(by),
  isTyping,
  expiresAt: isTyping ? new Date(5000) : null,
  headSeq,
});

const event = (type: EventType, { by = 1n, about = null as bigint | null, chatId = 1n, seq = 1 } = {}): StreamItem => ({
  kind: 'event',
  event: {
    chatId,
    seq,
    mark: 0,
    type,
    createdAt: new Date(0),
    actorId: by,
    userId: about,
    emoji: null,
    messages: [],
    users: [],
  },
});

/** What is handed out of these, in short. */
const handedOut = (items: StreamItem[], typists = createTypists()) => {
  const waiting = [...items];
  const told: string[] = [];
  for (let item; (item = typists.take(() => waiting.shift())) !== undefined;) {
    if (item.kind === 'typing') told.push(`${item.user.username} ${item.isTyping ? 'types' : 'has stopped'}`);
    else if (item.kind === 'event') told.push(item.event.type);
  }
  return told;
};

it('ends right after the message of who types, and once, though they say so themselves too', () => {
  expect(handedOut([typing(true), event('MESSAGE_SENT'), typing(false)])).toEqual([
    'user1 types',
    'MESSAGE_SENT',
    'user1 has stopped',
  ]);
});

it('ends with the removal of who types, whoever removed them', () => {
  expect(handedOut([typing(true), event('MEMBER_REMOVED', { by: 2n, about: 1n }), typing(false)])).toEqual([
    'user1 types',
    'MEMBER_REMOVED',
    'user1 has stopped',
  ]);
});

it('goes on with another’s message, another chat’s, and their own edit', () => {
  const others = [event('MESSAGE_SENT', { by: 2n }), event('MESSAGE_SENT', { chatId: 2n }), event('MESSAGE_EDITED')];

  expect(handedOut([typing(true), ...others, typing(false)])).toEqual([
    'user1 types',
    'MESSAGE_SENT',
    'MESSAGE_SENT',
    'MESSAGE_EDITED',
    'user1 has stopped',
  ]);
});

it('goes on where they began after that message, which comes late', () => {
  const again = typing(true, { headSeq: 7 });

  expect(handedOut([again, event('MESSAGE_SENT', { seq: 7 }), event('MESSAGE_SENT', { seq: 8 })])).toEqual([
    'user1 types',
    'MESSAGE_SENT',
    'MESSAGE_SENT',
    'user1 has stopped',
  ]);
});

it('is no end where nobody was told of a beginning', () => {
  expect(handedOut([event('MESSAGE_SENT'), typing(false), typing(false, { by: 2n })])).toEqual(['MESSAGE_SENT']);
});

it('has a beginning and an end again after each message', () => {
  const once = [typing(true), event('MESSAGE_SENT')];

  expect(handedOut([...once, ...once])).toEqual([
    ...['user1 types', 'MESSAGE_SENT', 'user1 has stopped'],
    ...['user1 types', 'MESSAGE_SENT', 'user1 has stopped'],
  ]);
});

it('is forgotten with the chat', () => {
  const typists = createTypists();

  expect(handedOut([typing(true)], typists)).toEqual(['user1 types']);
  typists.forget(1n);
  expect(handedOut([event('MESSAGE_SENT')], typists)).toEqual(['MESSAGE_SENT']);
});

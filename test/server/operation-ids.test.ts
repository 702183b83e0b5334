/** Ids of operations on one socket: each names one operation at a time, and another as soon as that is over. */
import { describe, expect, it } from 'vitest';
import { ownNode } from '../support/node.js';
import { groupChat, type Chat, type Person } from '../support/people.js';
import type { Message, Socket } from '../support/socket.js';

const node = ownNode();

const QUERY = '{ viewer { username } }';
const eventsOf = (chat: Chat) => `subscription { chatEvents(chatId: "${chat.id}") { __typename } }`;

const begin = (socket: Socket, id: string, query: string, variables?: object) =>
  socket.send({ id, type: 'subscribe', payload: { query, variables } });
const complete = (socket: Socket, id: string) => socket.send({ id, type: 'complete' });

/** What was said about an operation, in short: of a result what it tells, of errors their codes. */
const saidOf = (socket: Socket, id: string) => socket.messages.filter((message) => message.id === id).map(inShort);

const inShort = ({ type, payload }: Message): string => {
  if (type === 'error') return `error ${(payload as { extensions: { code: string } }[])[0]!.extensions.code}`;
  const data = (payload as { data?: { viewer?: { username: string }; chatEvents?: { __typename: string } } })?.data;
  return [type, data?.viewer?.username ?? data?.chatEvents?.__typename].filter(Boolean).join(' ');
};

const result = ({ username }: Person) => [`next ${username}`, 'complete'];

describe('an operation id', () => {
  it('of a subscription that the client has completed is free for a query at once', async () => {
    const { ada, chat } = await groupChat(node);
    const socket = await ada.connect();
    begin(socket, '1', eventsOf(chat));
    await expect.poll(() => saidOf(socket, '1')).toEqual(['next ChatReady']);

    complete(socket, '1');
    begin(socket, '1', QUERY);

    await expect.poll(() => saidOf(socket, '1')).toEqual(['next ChatReady', ...result(ada)]);
  });

  it('is free at once however often, and however many are', async () => {
    const { ada, chat } = await groupChat(node);
    const socket = await ada.connect();
    const ids = Array.from({ length: 50 }, (_, n) => `operation ${n}`);

    for (const id of ids) {
      for (let time = 0; time < 5; time++) {
        begin(socket, id, time % 2 === 0 ? eventsOf(chat) : QUERY);
        complete(socket, id);
      }
      begin(socket, id, '{ viewer { username: id } }');
    }

    // What was before may have been answered before it was completed.
    for (const id of ids) await expect.poll(() => saidOf(socket, id).slice(-2)).toEqual([`next ${ada.id}`, 'complete']);
    for (const id of ids) expect(saidOf(socket, id)).toHaveLength(saidOf(socket, id).indexOf(`next ${ada.id}`) + 2);
  });

  it('of a chat that is followed again over the same socket tells everything from there on, once', async () => {
    const { ada, boris, chat } = await groupChat(node);
    const socket = await boris.connect();

    for (let time = 0; time < 20; time++) {
      begin(socket, 'chat', eventsOf(chat));
      await expect.poll(() => saidOf(socket, 'chat')).toContain('next ChatReady');
      socket.messages.length = 0;
      complete(socket, 'chat');
    }
    begin(socket, 'chat', eventsOf(chat));
    await expect.poll(() => saidOf(socket, 'chat')).toContain('next ChatReady');
    await ada.send(chat, 'one');
    await ada.send(chat, 'two');

    await expect.poll(() => saidOf(socket, 'chat')).toEqual(['next ChatReady', 'next MessageSent', 'next MessageSent']);
  });

  it('of an operation that was answered or refused is free as soon as the client is told', async () => {
    const { ada } = await groupChat(node);
    const socket = await ada.connect();
    const rounds = ['{ nothing }', QUERY, '{', QUERY, 'subscription { chatEvents(chatId: "x") { __typename } }', QUERY];
    socket.socket.on('message', (data: Buffer) => {
      const { id, type } = JSON.parse(data.toString()) as Message;
      if (id === '1' && type !== 'next' && rounds.length > 0) begin(socket, '1', rounds.shift()!);
    });

    begin(socket, '1', rounds.shift()!);

    await expect
      .poll(() => saidOf(socket, '1'))
      .toEqual([
        'error GRAPHQL_VALIDATION_FAILED',
        ...result(ada),
        'error GRAPHQL_PARSE_FAILED',
        ...result(ada),
        'next SubscriptionEnded',
        'complete',
        ...result(ada),
      ]);
  });

  it('that is still in use closes the socket with 4409, whatever it looks like', async () => {
    const { ada, chat } = await groupChat(node);
    for (const id of ['1', '__proto__', '"\\', 'ї'.repeat(200)]) {
      const socket = await ada.connect();
      begin(socket, id, eventsOf(chat));
      await expect.poll(() => saidOf(socket, id)).toEqual(['next ChatReady']);

      begin(socket, id, QUERY);

      const { code, reason } = await socket.closed;
      expect(code).toBe(4409);
      expect(reason).toMatch(/^Subscriber for .+ already exists$/);
    }
  });

  it('that names nothing can be completed, and is free afterwards', async () => {
    const { ada } = await groupChat(node);
    const socket = await ada.connect();

    complete(socket, '1');
    begin(socket, '1', QUERY);

    await expect.poll(() => saidOf(socket, '1')).toEqual(result(ada));
  });
});

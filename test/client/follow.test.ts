import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buildSchema, GraphQLError, parse } from 'graphql';
import { createClient } from 'graphql-ws';
import { useServer } from 'graphql-ws/use/ws';
import { expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { followAll, followChat, type Following } from '@parley-chat/client/follow';
import { createFollower, followableOf, followFrom } from '@parley-chat/client/followable';
import { upTo } from '../support/sent.js';

interface Told {
  cursor: string;
  chatId: string;
  text: string;
}

const SCHEMA = buildSchema(`
  type Query { chats: Int }
  interface Told { chatId: ID! cursor: String! }
  type Event implements Told { cursor: String! chatId: ID! text: String! }
  type ChatAdded implements Told { cursor: String! chatId: ID! }
  type ResyncRequired { chatId: ID! reason: String! }
  type ViewerReady { chats: Int }
  union ViewerEvent = Event | ChatAdded | ResyncRequired | ViewerReady
  type Subscription { chatEvents(chatId: ID!, after: String): Event! events(after: [String!]): ViewerEvent! }`);

/** What is subscribed to it, as it would be in a schema: by the name of the field. */
const serve = async (subscription: Record<string, object>) => {
  const http = createServer();
  const sockets = new WebSocketServer({ server: http });
  const { dispose } = useServer({ schema: SCHEMA, roots: { subscription } }, sockets);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const closes: number[] = [];
  const client = createClient({
    url,
    webSocketImpl: WebSocket,
    shouldRetry: () => true,
    retryWait: () => Promise.resolve(),
    on: { closed: (event) => void closes.push((event as CloseEvent).code) },
  });
  onTestFinished(async () => {
    await client.dispose();
    await dispose();
    http.close();
  });
  return { client, closes };
};

/** Tells of a chat's events 1 to 4; of each in `unreadable` the text can not be read, once. */
const aServer = async (unreadable = new Set<number>()) => {
  const asked: (string | null)[] = [];
  async function* chatEvents({ chatId, after }: { chatId: string; after: string | null }) {
    asked.push(after);
    for (let n = Number(after ?? 0) + 1; n <= 4; n += 1) {
      const text = () => {
        if (!unreadable.delete(n)) return `text ${n}`;
        throw new GraphQLError('Not now', { extensions: { code: 'UNAVAILABLE', retryAfterMs: 20 } });
      };
      yield { chatEvents: { cursor: String(n), chatId, text } };
    }
    await new Promise(() => {});
  }
  return { ...(await serve({ chatEvents })), asked };
};

/** Tells of all chats, each time it is asked, what `tell` says then. */
const serverOfAll = async (tell: (after: string[] | undefined, time: number) => object[]) => {
  const asked: (string[] | undefined)[] = [];
  async function* events({ after }: { after?: string[] }) {
    asked.push(after);
    for (const event of tell(after, asked.length)) yield { events: event };
    await new Promise(() => {});
  }
  return { ...(await serve({ events })), asked };
};

const FOLLOW =
  'subscription ($chatId: ID!, $after: String) { chatEvents(chatId: $chatId, after: $after) { cursor chatId text } }';
const FOLLOW_ALL = `subscription ($after: [String!]) {
  events(after: $after) { __typename ... on Told { chatId cursor } ... on ResyncRequired { chatId reason } }
}`;

interface ToldOfAll {
  __typename: string;
  chatId?: string;
}

const added = (chatId: string, cursor: string) => ({ __typename: 'ChatAdded', chatId, cursor });
const event = (chatId: string, cursor: string) => ({ __typename: 'Event', chatId, cursor });
const ready = { __typename: 'ViewerReady' };

it('takes an event that the server could not read whole for one that has not come', async () => {
  const { client, asked } = await aServer(new Set([3]));
  const told: Told[] = [];
  const ended: string[] = [];

  const following = followChat<Told>({
    client,
    query: FOLLOW,
    chatId: 'a chat',
    after: null,
    onEvent: (event) => told.push(event),
    onEnded: (code) => ended.push(code),
  });
  await expect.poll(() => told.length).toBe(4);
  following.stop();

  expect(told.map(({ text }) => text)).toEqual(['text 1', 'text 2', 'text 3', 'text 4']);
  expect(asked).toEqual([null, '2']);
  expect(ended).toEqual([]);
});

it('goes on after a handler that throws or rejects, on the same socket, and reports what it was', async () => {
  const { client, asked, closes } = await aServer();
  const reported = vi.fn();
  vi.stubGlobal('reportError', reported);
  onTestFinished(() => void vi.unstubAllGlobals());
  const told: string[] = [];

  const following = followChat<Told>({
    client,
    query: FOLLOW,
    chatId: 'a chat',
    after: null,
    onEvent: ({ text }) => {
      told.push(text);
      if (text === 'text 1') throw new Error('of the first');
      if (text === 'text 2') return Promise.reject(new Error('of the second'));
    },
    onEnded: (code) => told.push(code),
  });
  onTestFinished(() => following.stop());

  await expect.poll(() => told).toEqual(['text 1', 'text 2', 'text 3', 'text 4']);
  expect(reported.mock.calls).toEqual([[new Error('of the first')], [new Error('of the second')]]);
  expect(following.cursors.get('a chat')).toBe('4');
  expect([asked, closes]).toEqual([[null], []]);
});

it('in Node, without reportError, prints what a handler threw, and goes on', async () => {
  const { client } = await aServer();
  const print = vi.spyOn(console, 'error').mockImplementation(() => {});
  onTestFinished(() => print.mockRestore());
  vi.stubGlobal('reportError', undefined);
  onTestFinished(() => void vi.unstubAllGlobals());
  const told: string[] = [];

  const following = followChat<Told>({
    client,
    query: FOLLOW,
    chatId: 'a chat',
    after: '3',
    onEvent: ({ text }) => {
      told.push(text);
      throw new Error('of the handler');
    },
    onEnded: (code) => told.push(code),
  });
  onTestFinished(() => following.stop());

  await expect.poll(() => print.mock.calls).toEqual([[new Error('of the handler')]]);
  expect(told).toEqual(['text 4']);
});

it('moves a cursor once the handler has had its event', async () => {
  const { client } = await aServer();
  const cursors: (string | undefined)[] = [];

  const following: Following = followChat<Told>({
    client,
    query: FOLLOW,
    chatId: 'a chat',
    after: '1',
    onEvent: ({ chatId }) => cursors.push(following.cursors.get(chatId)),
    onEnded: (code) => cursors.push(code),
  });
  onTestFinished(() => following.stop());

  await expect.poll(() => cursors).toEqual(['1', '2', '3']);
});

it.each([
  ['subscription { events { __typename } }', 'declare it: $after: [Cursor!]'],
  ['subscription { events { __typename } } # $after: events(after: $after)', 'declare it: $after: [Cursor!]'],
  ['subscription ($after: [Cursor!]) { events { __typename chats(after: $after) { id } } }', 'events(after: $after)'],
])('refuses a document that would lose without a word: %s', async (query, reason) => {
  const { client, asked } = await serverOfAll(() => []);

  const follow = () => followAll({ client, query, after: new Map(), onEvent: () => {}, onEnded: () => {} });

  expect(follow).toThrow(reason);
  expect(asked).toEqual([]);
});

it('takes up the cursor of a chat that is told as added', async () => {
  const { client, asked } = await serverOfAll((_after, time) => (time === 1 ? [ready, added('new', 'n1')] : [ready]));
  const told: string[] = [];
  const following = followAll<ToldOfAll>({
    client,
    query: FOLLOW_ALL,
    after: new Map([['old', 'o1']]),
    onEvent: ({ __typename: type }) => told.push(type),
    onEnded: (code) => told.push(code),
  });
  onTestFinished(() => following.stop());
  await expect.poll(() => told).toEqual(['ViewerReady', 'ChatAdded']);

  client.terminate();

  await expect.poll(() => asked).toEqual([['o1'], ['o1', 'n1']]);
});

it.each([
  ['no cursors: from now on, and from there', undefined, ['ViewerReady', 'ViewerReady']],
  ['the cursors of no chats: each chat as added', followFrom([]), ['ChatAdded', 'ViewerReady', 'ViewerReady']],
])('follows for a library that comes with %s', async (_what, context, expected) => {
  const { client, asked } = await serverOfAll((after) => (after?.length === 0 ? [added('a', 'a1'), ready] : [ready]));
  const follower = createFollower(client);
  const query =
    'subscription ($after: [String!]) { events(after: $after) { __typename ... on Told { chatId cursor } } }';
  const followable = followableOf(parse(query))!;
  const told: string[] = [];
  const subscribe = () =>
    follower.subscribe(
      { followable, query, variables: {}, after: context?.after },
      {
        onEvent: ({ __typename: type }) => told.push(type!),
        onRefused: (code) => told.push(code),
        onComplete: () => told.push('complete'),
      },
    );

  // As React's StrictMode: before anything has come.
  subscribe()();
  const leave = subscribe();
  await expect.poll(() => told.at(-1)).toBe('ViewerReady');
  leave();
  onTestFinished(subscribe());

  await expect.poll(() => told).toEqual(expected);
  expect(asked.at(-1)).toEqual(['a1']);
});

it('comes back with the 2,000 cursors that moved last', async () => {
  const { client, asked } = await serverOfAll((_after, time) =>
    time === 1 ? [ready, event('chat 1', 'moved'), added('chat 2001', 'new')] : [ready],
  );
  const told: string[] = [];
  const following = followAll<ToldOfAll>({
    client,
    query: FOLLOW_ALL,
    after: new Map(upTo(2000).map((n) => [`chat ${n}`, `${n}`])),
    onEvent: ({ __typename: type }) => told.push(type),
    onEnded: (code) => told.push(code),
  });
  onTestFinished(() => following.stop());
  await expect.poll(() => told).toEqual(['ViewerReady', 'Event', 'ChatAdded']);

  client.terminate();

  await expect.poll(() => asked.length).toBe(2);
  expect(asked[0]).toHaveLength(2000);
  expect(asked[1]).toEqual([...upTo(2000).slice(2).map(String), 'moved', 'new']);
});

it('has each chat queried again where the server will not take its cursors, and goes on from there', async () => {
  const { client, asked } = await serverOfAll((after) => {
    if (after?.includes('spoilt'))
      throw new GraphQLError('`after` is no cursor', { extensions: { code: 'BAD_USER_INPUT' } });
    return after?.length === 0 ? [added('good', 'g2'), added('bad', 'b2'), added('new', 'n2'), ready] : [ready];
  });
  const told: string[] = [];
  const following = followAll<ToldOfAll>({
    client,
    query: FOLLOW_ALL,
    after: new Map([
      ['good', 'g1'],
      ['bad', 'spoilt'],
    ]),
    onEvent: ({ __typename: type, chatId = '' }) => told.push(`${type} ${chatId}`.trim()),
    onEnded: (code) => told.push(code),
  });
  onTestFinished(() => following.stop());

  await expect.poll(() => told).toEqual(['ChatAdded new', 'ResyncRequired good', 'ResyncRequired bad', 'ViewerReady']);
  client.terminate();
  await expect.poll(() => asked).toEqual([['g1', 'spoilt'], [], ['g2', 'b2', 'n2']]);
});

it('ends where it is the request itself that the server will not take', async () => {
  const { client, asked } = await serverOfAll(() => {
    throw new GraphQLError('Not so', { extensions: { code: 'BAD_USER_INPUT' } });
  });
  const ended: string[] = [];

  followAll({
    client,
    query: FOLLOW_ALL,
    after: new Map([['a chat', 'a cursor']]),
    onEvent: () => {},
    onEnded: (code, reason) => ended.push(`${code} ${reason}`),
  });

  await expect.poll(() => ended).toEqual(['BAD_USER_INPUT Not so']);
  expect(asked).toEqual([['a cursor'], []]);
});

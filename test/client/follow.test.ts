import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buildSchema, GraphQLError } from 'graphql';
import { createClient } from 'graphql-ws';
import { useServer } from 'graphql-ws/use/ws';
import { expect, it, onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { followChat } from '../../src/client/follow.js';

interface Told {
  cursor: string;
  chatId: string;
  text: string;
}

const SCHEMA = buildSchema(`
  type Query { chats: Int }
  type Event { cursor: String! chatId: ID! text: String! }
  type Subscription { chatEvents(chatId: ID!, after: String): Event! }`);

/** Tells of a chat's events 1 to 4; of each in `unreadable` the text can not be read, once. */
const aServer = async (unreadable: Set<number>) => {
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
  const http = createServer();
  const sockets = new WebSocketServer({ server: http });
  const { dispose } = useServer({ schema: SCHEMA, roots: { subscription: { chatEvents } } }, sockets);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const client = createClient({ url, webSocketImpl: WebSocket });
  onTestFinished(async () => {
    await client.dispose();
    await dispose();
    http.close();
  });
  return { client, asked };
};

it('takes an event that the server could not read whole for one that has not come', async () => {
  const { client, asked } = await aServer(new Set([3]));
  const told: Told[] = [];
  const ended: string[] = [];

  const following = followChat<Told>({
    client,
    query:
      'subscription ($chatId: ID!, $after: String) { chatEvents(chatId: $chatId, after: $after) { cursor chatId text } }',
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

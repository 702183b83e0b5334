/** deploy/nginx.conf, run by the nginx that is installed, in front of two nodes on one PostgreSQL and one Redis. */
import { randomUUID } from 'node:crypto';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createClient, type Client } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import { freePort, startRedis } from '../../scripts/services.mjs';
import { createApp, type App } from '../../src/app.js';
import { requireConfig } from '../../src/config.js';
import { createLogger } from '../../src/logger.js';
import { BODY_MOST_BYTES } from '../../src/server/body.js';
import { testDatabase } from '../support/database.js';
import { startNginx, type Nginx } from '../support/nginx.js';

interface Node {
  app: App;
  port: number;
  lines: Record<string, unknown>[];
}

const closers: (() => Promise<unknown>)[] = [];
let nodes: [Node, Node];
let nginx: Nginx;

const startNode = async (environment: Record<string, string>): Promise<Node> => {
  const { config } = requireConfig({
    PORT: '0',
    HOST: '0.0.0.0', // as in the image
    TOKEN_SECRET: 'a secret that is only ever used in tests',
    TRUST_PROXY: '1',
    DRAIN_SECONDS: '2',
    MESSAGES_PER_MINUTE: '0',
    CHAT_CONNECTIONS_PER_USER: '0',
    LOG_LEVEL: 'info',
    ...environment,
  });
  const lines: Record<string, unknown>[] = [];
  const write = (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>);
  const app = await createApp(config, createLogger({ level: config.logLevel, stream: { write } }));
  closers.push(() => app.stop());
  await app.listen();
  return { app, port: Number(new URL(app.url).port), lines };
};

beforeAll(async () => {
  const database = await testDatabase();
  closers.push(() => database.drop());
  // Of its own: chats of other tests' databases have the same numbers.
  const redis = await startRedis();
  closers.push(() => redis.stop());
  const environment = { DATABASE_URL: database.config.databaseUrl!, REDIS_URL: redis.url };
  nodes = [await startNode(environment), await startNode(environment)];
  nginx = await startNginx([nodes[0].port, nodes[1].port]);
  closers.push(() => nginx.stop());
});

afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

interface Answer {
  status: number;
  requestId: string | null;
  body: { data?: Record<string, unknown>; errors?: { message: string; extensions: Record<string, unknown> }[] };
}

const post = async (query: string, variables: object = {}, headers: Record<string, string> = {}): Promise<Answer> => {
  const response = await fetch(`${nginx.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query, variables }),
  });
  const requestId = response.headers.get('x-request-id');
  return { status: response.status, requestId, body: (await response.json()) as Answer['body'] };
};

interface Person {
  id: string;
  authorization: string;
}

const REGISTER = `mutation ($input: RegisterInput!) {
  register(input: $input) { ... on RegisterSuccess { session { accessToken user { id } } } }
}`;

const newPerson = async (): Promise<Person> => {
  const username = `u${randomUUID().slice(0, 8)}`;
  const { body } = await post(REGISTER, {
    input: { username, password: 'a password of some length', email: `${username}@example.org` },
  });
  const { session } = body.data!.register as { session: { accessToken: string; user: { id: string } } };
  return { id: session.user.id, authorization: `Bearer ${session.accessToken}` };
};

const OPEN = `mutation ($userId: ID!) {
  openDirectChat(input: { userId: $userId }) { ... on OpenDirectChatSuccess { chat { id } } }
}`;

const dialog = async () => {
  const [ada, boris] = [await newPerson(), await newPerson()];
  const { body } = await post(OPEN, { userId: boris.id }, { authorization: ada.authorization });
  const { chat } = body.data!.openDirectChat as { chat: { id: string } };
  return { ada, boris, chatId: chat.id };
};

const SEND = `mutation ($input: SendMessageInput!) { sendMessage(input: $input) { __typename } }`;

/** As a client should: where it is unknown whether it was done, once more under the same key. */
const send = async (person: Person, chatId: string, text: string) => {
  const input = { chatId, text, clientMessageId: randomUUID() };
  const { body } = await vi.waitFor(async () => {
    const answer = await post(SEND, { input }, { authorization: person.authorization });
    expect(answer.body.errors?.[0]?.extensions.code).not.toBe('UNAVAILABLE');
    return answer;
  });
  expect(body.data?.sendMessage).toEqual({ __typename: 'SendMessageSuccess' });
};

const FOLLOW = `subscription ($chatId: ID!, $after: Cursor) {
  chatEvents(chatId: $chatId, after: $after) {
    __typename
    ... on DurableEvent { cursor }
    ... on ChatReady { cursor }
    ... on MessageSent { message { text } }
    ... on SubscriptionEnded { code }
  }
}`;

interface ChatEvent {
  __typename: string;
  cursor?: string;
  message?: { text: string };
}

/** What one has been given, in order; over when the test is. */
class Heard {
  readonly events: ChatEvent[] = [];
  constructor(readonly close: () => unknown) {
    onTestFinished(async () => void (await close()));
  }
  get texts() {
    return this.events.flatMap(({ message }) => message?.text ?? []);
  }
  get isReady() {
    return this.events.some(({ __typename }) => __typename === 'ChatReady');
  }
  readonly ready = () => vi.waitFor(() => expect(this.isReady).toBe(true), { timeout: 10_000 });
}

/** Follows by Server-Sent Events. */
const followBySse = async (person: Person, chatId: string, requestId: string): Promise<Heard> => {
  const aborted = new AbortController();
  const response = await fetch(`${nginx.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'text/event-stream',
      authorization: person.authorization,
      'x-request-id': requestId,
    },
    body: JSON.stringify({ query: FOLLOW, variables: { chatId } }),
    signal: aborted.signal,
  });
  expect(response.headers.get('content-type')).toMatch('text/event-stream');
  const heard = new Heard(() => aborted.abort());
  void (async () => {
    let rest = '';
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      const events = (rest + chunk).split('\n\n');
      rest = events.pop()!;
      for (const event of events) {
        const data = /^data: (.+)$/m.exec(event)?.[1];
        if (data !== undefined)
          heard.events.push((JSON.parse(data) as { data: { chatEvents: ChatEvent } }).data.chatEvents);
      }
    }
  })().catch(() => undefined);
  await heard.ready();
  return heard;
};

/** Follows by WebSocket; it comes back by itself, and resumes with its cursor. */
const followBySocket = async (person: Person, chatId: string, requestId: string): Promise<Heard> => {
  class Socket extends WebSocket {
    constructor(address: string, protocols: string | string[]) {
      super(address, protocols, { headers: { 'x-request-id': requestId } });
    }
  }
  const client: Client = createClient({
    url: `ws://127.0.0.1:${nginx.port}/graphql`,
    webSocketImpl: Socket,
    connectionParams: { authorization: person.authorization },
    retryAttempts: 20,
    retryWait: () => new Promise((resolve) => setTimeout(resolve, 50)),
    shouldRetry: () => true,
  });
  // Where it is just coming back, that may fail; so be it.
  const heard = new Heard(() => Promise.resolve(client.dispose()).catch(() => undefined));
  const variables: { chatId: string; after?: string } = { chatId };
  client.subscribe<{ chatEvents: ChatEvent }>(
    { query: FOLLOW, variables },
    {
      next: ({ data }) => {
        const event = data!.chatEvents;
        if (event.cursor !== undefined) variables.after = event.cursor;
        heard.events.push(event);
      },
      error: () => undefined,
      complete: () => undefined,
    },
  );
  await heard.ready();
  return heard;
};

/** The port of the node that a stream or socket was on, once it is over. */
const nodeOf = (requestId: string) =>
  vi.waitFor(() => {
    const line = nginx.accessLines().find((one) => one.requestId === requestId);
    expect(line, `${requestId} in the access log`).toBeDefined();
    return Number(line!.node.split(':').at(-1));
  });

const upgrade = (headers: Record<string, string>): Promise<number> =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${nginx.port}/graphql`, 'graphql-transport-ws', { headers });
    socket.once('open', () => {
      socket.close();
      resolve(101);
    });
    socket.once('unexpected-response', (_request, response) => {
      response.destroy();
      resolve(response.statusCode!);
    });
    socket.once('error', reject);
  });

describe('nginx in front of two nodes', () => {
  it('spreads requests over both, and a session of one holds on the other', async () => {
    const ada = await newPerson();
    const requestIds = Array.from({ length: 10 }, () => randomUUID());

    for (const requestId of requestIds) {
      const { body } = await post(
        '{ viewer { id } }',
        {},
        { authorization: ada.authorization, 'x-request-id': requestId },
      );
      expect(body.data).toEqual({ viewer: { id: ada.id } });
    }

    const asked = await Promise.all(requestIds.map(nodeOf));
    expect(new Set(asked)).toEqual(new Set(nodes.map(({ port }) => port)));
  });

  it('passes events as they come, over Server-Sent Events and WebSocket, between the nodes', async () => {
    const { ada, boris, chatId } = await dialog();
    const ids = { sse: [randomUUID(), randomUUID()], ws: [randomUUID(), randomUUID()] };
    const texts = Array.from({ length: 20 }, (_, index) => `message ${index}`);
    // One after the other: each goes to the node that has fewer.
    const heard: Heard[] = [];
    for (const id of ids.sse) heard.push(await followBySse(ada, chatId, id));
    for (const id of ids.ws) heard.push(await followBySocket(boris, chatId, id));

    for (const text of texts) await send(ada, chatId, text);

    for (const one of heard) await vi.waitFor(() => expect(one.texts).toEqual(texts), { timeout: 10_000 });
    for (const one of heard) await one.close();
    const both = new Set(nodes.map(({ port }) => port));
    for (const pair of [ids.sse, ids.ws]) expect(new Set(await Promise.all(pair.map(nodeOf)))).toEqual(both);
  });

  it('S3.15, C13 lets pages of its own name in, by HTTP and WebSocket, no others, and programs', async () => {
    const own = { origin: nginx.url };
    const ofAnotherPort = { origin: 'http://127.0.0.1:1' };
    const foreign = { origin: 'https://evil.example' };

    for (const origin of [own, {}]) {
      expect((await post('{ __typename }', {}, origin)).status).toBe(200);
      expect(await upgrade(origin)).toBe(101);
    }
    for (const origin of [ofAnotherPort, foreign]) {
      expect((await post('{ __typename }', {}, origin)).status).toBe(403);
      expect(await upgrade(origin)).toBe(403);
    }
  });

  it('tells the nodes whose address it saw, whatever the client claims', async () => {
    const requestId = randomUUID();

    await post(
      '{ __typename }',
      {},
      { origin: 'https://evil.example', 'x-request-id': requestId, 'x-forwarded-for': '203.0.113.9' },
    );

    const line = nodes.flatMap(({ lines }) => lines).find((one) => one.requestId === requestId);
    expect(line).toMatchObject({ msg: 'Origin refused', address: '127.0.0.1' });
  });

  it('gives each request an id that is in all logs, and keeps a client’s own', async () => {
    const own = await post('{ __typename }', {}, { 'x-request-id': 'of-my-own' });
    const given = await post('{ __typename }');

    expect(own.requestId).toBe('of-my-own');
    expect(given.requestId).toMatch(/^[0-9a-f]{32}$/);
    const logged = await vi.waitFor(() => {
      const lines = nginx.accessLines().map(({ requestId }) => requestId);
      expect(lines).toContain(given.requestId);
      return lines;
    });
    expect(logged).toContain('of-my-own');
  });

  it('writes no query string into its log', async () => {
    const query = encodeURIComponent('{ __typename }');

    await fetch(`${nginx.url}/graphql?query=${query}&secret=hush`);

    await vi.waitFor(() => expect(nginx.accessLines().at(-1)).toMatchObject({ path: '/graphql', status: 200 }));
    expect(JSON.stringify(nginx.accessLines())).not.toContain('hush');
  });

  it('answers a body over 256 KB with 413 in the form of the nodes, and takes one of 256 KB', async () => {
    const { ada, boris, chatId } = await dialog();
    const heard = await followBySocket(boris, chatId, randomUUID());
    const bodyOf = (bytes: number) => {
      const [before, after] = ['{"query":"{ __typename }","variables":{"x":"', '"}}'];
      return before + 'x'.repeat(bytes - before.length - after.length) + after;
    };
    const ask = (body: string | ReadableStream) =>
      fetch(`${nginx.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        duplex: 'half',
      } as RequestInit);

    const fits = await ask(bodyOf(BODY_MOST_BYTES));
    const announced = await ask(bodyOf(BODY_MOST_BYTES + 1));
    const unannounced = await ask(new Blob([bodyOf(BODY_MOST_BYTES + 1)]).stream());

    expect(fits.status).toBe(200);
    for (const refused of [announced, unannounced]) {
      expect(refused.status).toBe(413);
      expect(refused.headers.get('content-type')).toBe('application/json');
      expect(await refused.json()).toEqual({
        errors: [{ message: 'The body is longer than 256 KB', extensions: { code: 'BAD_USER_INPUT' } }],
      });
    }
    await send(ada, chatId, 'still here');
    await vi.waitFor(() => expect(heard.texts).toEqual(['still here']));
  });

  it('sends sockets of a stopping node to the other one, where they resume; with none left it says UNAVAILABLE', async () => {
    const { ada, boris, chatId } = await dialog();
    const heard: Heard[] = [];
    for (let count = 0; count < 4; count += 1) heard.push(await followBySocket(boris, chatId, randomUUID()));
    await send(ada, chatId, 'before');

    const stopped = nodes[1].app.stop();
    const during = Array.from({ length: 20 }, (_, index) => `during ${index}`);
    for (const text of during) await send(ada, chatId, text);
    await stopped;
    await send(ada, chatId, 'after');

    const everything = ['before', ...during, 'after'];
    for (const one of heard) await vi.waitFor(() => expect(one.texts).toEqual(everything), { timeout: 10_000 });

    await nodes[0].app.stop();
    const { status, body } = await post('{ __typename }');
    expect(status).toBe(503);
    expect(body.errors?.[0]?.extensions).toEqual({ code: 'UNAVAILABLE', retryAfterMs: 1000 });
  });
});

describe('nginx in front of nodes that die', () => {
  const listen = async (server: Server): Promise<number> => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    return (server.address() as AddressInfo).port;
  };

  /** Takes a request, and is gone before it has answered. */
  const dyingNode = async () => {
    const taken: string[] = [];
    const server = createServer((request, response) => {
      if (request.url !== '/graphql') return void response.end();
      request.on('end', () => {
        taken.push(request.method!);
        request.socket.destroy();
      });
      request.resume();
    });
    return { taken, port: await listen(server) };
  };

  const ask = (url: string, method: 'GET' | 'POST'): Promise<number> =>
    new Promise((resolve, reject) => {
      const request = httpRequest(`${url}/graphql`, { method, agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode!);
      });
      request.once('error', reject);
      request.end(method === 'POST' ? '{"query":"mutation { x }"}' : undefined);
    });

  it('never sends a POST a second time once it was sent, though it does a GET', async () => {
    const [one, other] = [await dyingNode(), await dyingNode()];
    const started = await startNginx([one.port, other.port]);
    onTestFinished(() => started.stop());
    expect(await ask(started.url, 'GET')).toBe(503);
    expect([one.taken, other.taken]).toEqual([['GET'], ['GET']]);
    one.taken.length = other.taken.length = 0;

    // It is left alone for 2 s after a failure.
    await vi.waitFor(
      async () => {
        expect(await ask(started.url, 'POST')).toBe(503);
        expect([...one.taken, ...other.taken]).toEqual(['POST']);
      },
      { timeout: 10_000, interval: 200 },
    );
  });

  it('gives a POST that could not be sent to the other node', async () => {
    const answering = createServer((request, response) => {
      request.resume();
      response.end('{}');
    });
    const started = await startNginx([await freePort(), await listen(answering)]);
    onTestFinished(() => started.stop());

    for (let count = 0; count < 4; count += 1) expect(await ask(started.url, 'POST')).toBe(200);
  });
});

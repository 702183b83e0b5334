/** deploy/nginx.conf, run by the nginx that is installed, in front of two nodes on one PostgreSQL and one Redis. */
import { randomBytes, randomUUID } from 'node:crypto';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { print } from 'graphql';
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import { freePort } from '../../scripts/services.mjs';
import { MAX_BODY_BYTES } from '../../src/server/body.js';
import {
  ChatEventsDocument,
  SendMessageDocument,
  type ChatEventsSubscription,
} from '../support/generated/operations.js';
import { createUpload, get, put } from '../support/files.js';
import { post, postBody } from '../support/http.js';
import { startNginx, type Nginx } from '../support/nginx.js';
import type { TestNode } from '../support/node.js';
import { ownNodes } from '../support/nodes.js';
import { groupChat, newPerson, type Chat, type Person } from '../support/people.js';
import { sentTexts } from '../support/sent.js';
import { until } from '../support/until.js';

// As in the image: reached from elsewhere, by one proxy.
const nodes = ownNodes({ settings: { HOST: '0.0.0.0', TRUST_PROXY: '1' } });
let nginx: Nginx;
/** Both of them, by way of nginx. */
let through: TestNode;

beforeAll(async () => {
  nginx = await startNginx([nodes.one.config.port, nodes.other.config.port]);
  const endpoint = `${nginx.url}/graphql`;
  through = { ...nodes.one, url: nginx.url, endpoint, socketUrl: endpoint.replace('http', 'ws') };
});
afterAll(() => nginx.stop());

const texts = (what: string, count: number) => Array.from({ length: count }, (_, index) => `${what} ${index}`);

const upgrade = (headers: Record<string, string>): Promise<number> =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(through.socketUrl, 'graphql-transport-ws', { headers });
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

const PATIENCE = { timeout: 15_000, interval: 50 };

/** As a client should: where it is unknown whether it was done, once more under the same key. */
const sendSurely = async (person: Person, chat: Chat, text: string) => {
  const input = { chatId: chat.id, text, clientMessageId: randomUUID() };
  const { data } = await vi.waitFor(async () => {
    const answer = await post(through.endpoint, SendMessageDocument, { input }, { token: person.session.accessToken });
    expect(answer.errors?.[0]?.extensions?.code).not.toBe('UNAVAILABLE');
    return answer;
  }, PATIENCE);
  expect(data?.sendMessage?.__typename).toBe('SendMessageSuccess');
};

/** Follows as users' clients do, which come back by themselves with their last cursor. @returns the texts so far */
const followWithLibrary = async (person: Person, chat: Chat): Promise<string[]> => {
  const client = createClient({
    url: through.socketUrl,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${person.session.accessToken}` },
    retryAttempts: 100,
    retryWait: () => new Promise((resolve) => setTimeout(resolve, 50)),
    shouldRetry: () => true,
  });
  // Where it is just coming back, that may fail; so be it.
  onTestFinished(() => Promise.resolve(client.dispose()).catch(() => undefined));
  const heard: string[] = [];
  let isReady = false;
  const variables: { chatId: string; after?: string } = { chatId: chat.id };
  client.subscribe<ChatEventsSubscription>(
    { query: print(ChatEventsDocument), variables },
    {
      next: ({ data }) => {
        const event = data!.chatEvents;
        if ('cursor' in event) variables.after = event.cursor;
        if (event.__typename === 'MessageSent') heard.push(event.message.text!);
        if (event.__typename === 'ChatReady') isReady = true;
      },
      error: () => undefined,
      complete: () => undefined,
    },
  );
  await until(() => isReady, 'ChatReady');
  return heard;
};

describe('nginx in front of two nodes', () => {
  it('spreads requests over both, and a session of one holds on the other', async () => {
    const ada = await newPerson(through);
    const token = ada.session.accessToken;
    const requestIds: string[] = texts('request', 10).map(() => randomUUID());

    for (const requestId of requestIds) {
      const headers = { 'x-request-id': requestId };
      const { data } = await post(through.endpoint, '{ viewer { id } }', {}, { token, headers });
      expect(data).toEqual({ viewer: { id: ada.id } });
    }

    const lines = await vi.waitFor(() => {
      const found = nginx.accessLines().filter(({ requestId }) => requestIds.includes(requestId));
      expect(found).toHaveLength(10);
      return found;
    }, PATIENCE);
    expect(new Set(lines.map(({ node }) => node)).size).toBe(2);
  });

  it('S0.26 S4.12 passes events as they come, over Server-Sent Events and WebSocket, between the nodes', async () => {
    const { ada, boris, chat } = await groupChat(through);
    const subscribed = (transport: string) =>
      [nodes.one, nodes.other].map(
        ({ log }) => log.filter((line) => line.msg === 'Subscribed' && line.transport === transport).length,
      );
    const before = { sse: subscribed('sse'), ws: subscribed('ws') };
    const everybody = [];
    // One after the other: each goes to the node that has fewer.
    for (const over of ['sse', 'sse', 'ws', 'ws'] as const) {
      const following = await boris.follow(chat, { over });
      await following.event('ChatReady');
      everybody.push(following);
    }

    const said = texts('text', 20);
    for (const text of said) await ada.send(chat, text);

    for (const following of everybody) {
      await until(() => sentTexts(following).length >= said.length, 'all of it');
      expect(sentTexts(following)).toEqual(said);
    }
    for (const over of ['sse', 'ws'] as const) {
      await vi.waitFor(() => expect(subscribed(over), over).toEqual(before[over].map((count) => count + 1)), PATIENCE);
    }
  });

  it('S3.15, C13 lets pages of its own name in, by HTTP and WebSocket, no others, and programs', async () => {
    const ask = async (headers: Record<string, string>) =>
      (await post(through.endpoint, '{ __typename }', {}, { headers })).status;

    for (const headers of [{ origin: nginx.url }, {}] as Record<string, string>[]) {
      expect(await ask(headers)).toBe(200);
      expect(await upgrade(headers)).toBe(101);
    }
    for (const origin of ['http://127.0.0.1:1', 'https://evil.example']) {
      expect(await ask({ origin })).toBe(403);
      expect(await upgrade({ origin })).toBe(403);
    }
  });

  it('tells the nodes whose address it saw, whatever the client claims', async () => {
    const requestId = randomUUID();
    const headers = {
      origin: 'https://evil.example',
      'x-request-id': requestId,
      'x-forwarded-for': '203.0.113.9',
    };

    await post(through.endpoint, '{ __typename }', {}, { headers });

    const find = () => [...nodes.one.log, ...nodes.other.log].find((line) => line.requestId === requestId);
    await until(() => find() !== undefined, 'its line in the log');
    expect(find()).toMatchObject({ msg: 'Origin refused', address: '127.0.0.1' });
  });

  it('gives each request an id that is in all logs, and keeps a client’s own', async () => {
    const idOf = async (headers: Record<string, string>) =>
      (await post(through.endpoint, '{ __typename }', {}, { headers })).headers.get('x-request-id');

    const own = await idOf({ 'x-request-id': 'of-my-own' });
    const given = await idOf({});

    expect(own).toBe('of-my-own');
    expect(given).toMatch(/^[0-9a-f]{32}$/);
    const isLogged = (id: string | null) => nginx.accessLines().some(({ requestId }) => requestId === id);
    await until(() => isLogged(own) && isLogged(given), 'both in its log');
  });

  it('writes no query string into its log', async () => {
    const requestId = randomUUID();
    const query = `query=${encodeURIComponent('{ __typename }')}&secret=hush`;

    await fetch(`${through.endpoint}?${query}`, { headers: { 'x-request-id': requestId } });

    const find = () => nginx.accessLines().find((line) => line.requestId === requestId);
    await until(() => find() !== undefined, 'its line in the log');
    expect(find()).toMatchObject({ path: '/graphql', status: 200 });
    expect(JSON.stringify(nginx.accessLines())).not.toContain('hush');
  });

  it('takes files of 25 MB to a node, gives them from either, and answers a longer one with a problem', async () => {
    const ada = await newPerson(through);
    const bytes = randomBytes(25 * 1024 * 1024);
    const upload = await createUpload(ada, { byteSize: bytes.length });

    const tooLong = await put(through, upload, Buffer.alloc(27 * 1024 * 1024));
    const { status, body } = await put(through, upload, bytes);

    expect(tooLong).toMatchObject({ status: 413, body: { status: 413, code: 'TOO_LONG' } });
    expect(tooLong.headers.get('content-type')).toBe('application/problem+json');
    expect(status).toBe(201);
    for (const node of [through, nodes.one, nodes.other]) {
      const got = Buffer.from(await (await get(node, String(body.url))).arrayBuffer());
      expect(got.equals(bytes)).toBe(true);
    }
    expect(JSON.stringify(nginx.accessLines())).not.toContain('signature');
  });

  it('answers a body over 256 KB with 413 in the form of the nodes, and takes one of 256 KB', async () => {
    const { ada, boris, chat } = await groupChat(through);
    const following = await boris.follow(chat);
    await following.event('ChatReady');
    const bodyOf = (bytes: number) => {
      const [before, after] = ['{"query":"{ __typename }","variables":{"x":"', '"}}'];
      return before + 'x'.repeat(bytes - before.length - after.length) + after;
    };
    const tooLong = bodyOf(MAX_BODY_BYTES + 1);

    const fits = await postBody(through.endpoint, bodyOf(MAX_BODY_BYTES));
    const announced = await postBody(through.endpoint, tooLong);
    const unannounced = await postBody(through.endpoint, new Blob([tooLong]).stream());

    expect(fits.status).toBe(200);
    for (const refused of [announced, unannounced]) {
      expect(refused.status).toBe(413);
      expect(refused.headers.get('content-type')).toBe('application/json');
      expect(await refused.json()).toEqual({
        errors: [{ message: 'The body is longer than 256 KB', extensions: { code: 'BAD_USER_INPUT' } }],
      });
    }
    await ada.send(chat, 'still here');
    expect((await following.event('MessageSent')).message.text).toBe('still here');
  });

  it('sends sockets of a stopping node to the other one, where they resume; with none left it says UNAVAILABLE', async () => {
    const { ada, boris, chat } = await groupChat(through);
    const everybody = [];
    for (let count = 0; count < 4; count += 1) everybody.push(await followWithLibrary(boris, chat));
    await sendSurely(ada, chat, 'before');

    const stopping = nodes.other.stop();
    const during = texts('during', 20);
    for (const text of during) await sendSurely(ada, chat, text);
    await stopping;
    await sendSurely(ada, chat, 'after');

    const everything = ['before', ...during, 'after'];
    for (const heard of everybody) {
      await until(() => heard.length >= everything.length, 'all of it');
      expect(heard).toEqual(everything);
    }

    await nodes.one.stop();
    const { status, errors } = await post(through.endpoint, '{ __typename }');
    expect(status).toBe(503);
    expect(errors?.[0]?.extensions).toEqual({ code: 'UNAVAILABLE', retryAfterMs: 1000 });
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

  it.each([
    ['never sends a POST a second time once it was sent', 'POST', 1],
    ['does send a GET to the other node', 'GET', 2],
  ] as const)('%s', async (_sentence, method, times) => {
    const [one, other] = [await dyingNode(), await dyingNode()];
    const started = await startNginx([one.port, other.port]);
    onTestFinished(() => started.stop());

    expect(await ask(started.url, method)).toBe(503);

    expect([...one.taken, ...other.taken]).toEqual(Array<string>(times).fill(method));
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

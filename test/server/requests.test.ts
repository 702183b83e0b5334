import { request as httpRequest } from 'node:http';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { readVersion } from '../../src/version.js';
import { ChatEventsDocument } from '../support/generated/operations.js';
import { bearer, post, postBody } from '../support/http.js';
import { ownNode } from '../support/node.js';
import { groupChat, type Chat, type Person } from '../support/people.js';

const node = ownNode();
const KB = 1024;

const bodyOf = (length: number) => {
  const query = '{ __typename }';
  const padding = length - JSON.stringify({ query, variables: { x: '' } }).length;
  return JSON.stringify({ query, variables: { x: 'x'.repeat(padding) } });
};

const codeOf = async (response: Response) => {
  const { errors } = (await response.json()) as { errors: { extensions: { code: string } }[] };
  return errors[0]?.extensions.code;
};

describe('a body', () => {
  it('of 256 KB is taken, and one byte more is 413', async () => {
    const [largest, tooLong] = await Promise.all([
      postBody(node.endpoint, bodyOf(256 * KB)),
      postBody(node.endpoint, bodyOf(256 * KB + 1)),
    ]);

    expect(await largest.json()).toEqual({ data: { __typename: 'Query' } });
    expect(tooLong.status).toBe(413);
    expect(await codeOf(tooLong)).toBe('BAD_USER_INPUT');
  });

  it('that does not announce its length is 413 as soon as it is too long', async () => {
    let sent = 0;
    const endless = new ReadableStream({
      pull: (controller) => {
        sent += 16 * KB;
        if (sent > 4096 * KB) controller.close();
        else controller.enqueue(new Uint8Array(16 * KB));
      },
    });

    const response = await postBody(node.endpoint, endless);

    expect(response.status).toBe(413);
  });

  it('is not asked for where its announced length is too much', async () => {
    const status = await new Promise((resolve, reject) => {
      const headers = { 'Content-Type': 'application/json', 'Content-Length': 1024 * KB, Expect: '100-continue' };
      const request = httpRequest(node.endpoint, { method: 'POST', headers });
      request.on('continue', () => reject(new Error('It was asked for')));
      request.on('response', (response) => {
        resolve(response.statusCode);
        request.destroy();
      });
      request.on('error', reject);
      request.flushHeaders();
    });

    expect(status).toBe(413);
  });

  it('that is compressed is 415, however little it is', async () => {
    const bomb = gzipSync(Buffer.alloc(1024 * KB, ' '));

    const response = await postBody(node.endpoint, new Uint8Array(bomb), { 'Content-Encoding': 'gzip' });

    expect(response.status).toBe(415);
  });

  it.each([
    ['no JSON', '{"query": '],
    ['no UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d])],
    ['nothing', ''],
    ['no object', '"{ __typename }"'],
    ['several requests', '[{"query": "{ __typename }"}]'],
    ['no query', '{"variables": {}}'],
    ['variables that are none', '{"query": "{ __typename }", "variables": "x"}'],
  ])('that is %s is 400', async (_what, body) => {
    const response = await postBody(node.endpoint, body);

    expect(response.status).toBe(400);
    expect(await codeOf(response)).toBe('BAD_USER_INPUT');
  });

  it.each([
    ['application/x-www-form-urlencoded', (query: string) => new URLSearchParams({ query }).toString()],
    ['application/x-www-form-urlencoded; charset=utf-8', (query: string) => new URLSearchParams({ query }).toString()],
    ['application/graphql', (query: string) => query],
    ['text/plain', (query: string) => JSON.stringify({ query })],
    ['text/plain; application/json', (query: string) => JSON.stringify({ query })],
    ['application/jsonp', (query: string) => JSON.stringify({ query })],
    ['', (query: string) => JSON.stringify({ query })],
    [
      'multipart/form-data; boundary=x',
      (query: string) =>
        `--x\r\nContent-Disposition: form-data; name="operations"\r\n\r\n${JSON.stringify({ query })}\r\n--x--\r\n`,
    ],
  ])('of the type "%s", which a form could send, is 415 and does nothing, over HTTP and SSE', async (type, write) => {
    const { ada, boris, chat } = await groupChat(node);
    const following = await boris.follow(chat);
    await following.event('ChatReady');
    const query = `mutation { sendMessage(input: { chatId: "${chat.id}", text: "by a form" }) { __typename } }`;

    for (const accept of ['application/json', 'text/event-stream']) {
      const headers = { ...bearer(ada.session.accessToken), 'Content-Type': type, Accept: accept };
      const response = await postBody(node.endpoint, write(query), headers);

      expect(response.status).toBe(415);
      expect(await response.json()).toMatchObject({
        errors: [{ message: 'A request is JSON: send it with Content-Type: application/json' }],
      });
    }
    await ada.send(chat, 'as JSON');
    expect(await following.event('MessageSent')).toMatchObject({ message: { text: 'as JSON' } });
  });

  it('of JSON is taken however its type is written', async () => {
    for (const type of ['application/json', 'Application/JSON; charset=utf-8', 'application/graphql+json']) {
      const response = await postBody(node.endpoint, '{"query":"{ __typename }"}', { 'Content-Type': type });

      expect(await response.json(), type).toEqual({ data: { __typename: 'Query' } });
    }
  });

  it('that is too long disturbs nobody else', async () => {
    const { ada, boris, chat } = await groupChat(node);
    const following = await boris.follow(chat);
    await following.event('ChatReady');

    const [answer, tooLong] = await Promise.all([ada.send(chat, 'hello'), postBody(node.endpoint, bodyOf(300 * KB))]);

    expect(answer.__typename).toBe('SendMessageSuccess');
    expect(tooLong.status).toBe(413);
    expect(await following.event('MessageSent')).toMatchObject({ message: { text: 'hello' } });
  });
});

describe('a request', () => {
  it('by GET may ask, not change', async () => {
    const query = (text: string) => fetch(`${node.endpoint}?query=${encodeURIComponent(text)}`);

    const asked = await query('{ __typename }');
    const changed = await query('mutation { logOut(input: {}) { __typename } }');

    expect(await asked.json()).toEqual({ data: { __typename: 'Query' } });
    expect(changed.status).toBe(405);
    expect(changed.headers.get('allow')).toBe('POST');
  });

  it('by GET with variables that are no JSON is 400', async () => {
    const response = await fetch(`${node.endpoint}?query=%7B__typename%7D&variables=%7B`);

    expect(response.status).toBe(400);
    expect(await codeOf(response)).toBe('BAD_USER_INPUT');
  });

  it('by any other method is 405', async () => {
    const response = await fetch(node.endpoint, { method: 'PUT', body: '{}' });

    expect(response.status).toBe(405);
  });

  it('for anything else is 404, in JSON', async () => {
    for (const path of ['/', '/graphql/', '/graphql/x', '/metrics', '/health', '//graphql', '/%67raphql']) {
      const response = await fetch(`${node.url}${path}`);

      expect(response.status, path).toBe(404);
      expect(await codeOf(response), path).toBe('BAD_USER_INPUT');
    }
  });

  it('keeps its id, or gets one, which the log knows too', async () => {
    const given = await post(node.endpoint, '{', undefined, { headers: { 'X-Request-Id': 'from-a-proxy' } });
    const odd = await post(node.endpoint, '{', undefined, { headers: { 'X-Request-Id': 'x y"' } });

    expect(given.headers.get('x-request-id')).toBe('from-a-proxy');
    expect(odd.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    await expect.poll(() => node.log.filter(({ requestId }) => requestId === 'from-a-proxy').length).toBeGreaterThan(0);
  });

  it('is answered with headers that keep browsers from making anything else of it', async () => {
    const { headers } = await post(node.endpoint, '{ __typename }');

    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('set-cookie')).toBeNull();
  });
});

describe('a subscription', () => {
  let ada: Person;
  let chat: Chat;
  beforeAll(async () => {
    ({ ada, chat } = await groupChat(node));
  });

  it('asked for as JSON is not acceptable, and nothing is left open for it', async () => {
    const headers = { Accept: 'application/json' };
    const options = { token: ada.session.accessToken, headers };

    const answer = await post(node.endpoint, ChatEventsDocument, { chatId: chat.id }, options);

    expect(answer.status).toBe(406);
    expect(answer.errors?.[0]?.message).toContain('text/event-stream');
  });

  describe.each(['application/json', 'application/graphql-response+json', '*/*', 'text/event-stream'])(
    'that makes no sense, asked for as %s,',
    (accept) => {
      it.each([
        [
          'after a cursor that is none',
          'subscription ($id: ID!) { chatEvents(chatId: $id, after: "x") { __typename } }',
        ],
        ['after 2,001 cursors', 'subscription ($after: [Cursor!]) { events(after: $after) { __typename } }'],
        [
          'with a variable of a wrong type',
          'subscription ($after: [Cursor!]!) { events(after: $after) { __typename } }',
        ],
      ])('%s is 400', async (what, query) => {
        const after = what === 'after 2,001 cursors' ? Array.from({ length: 2001 }, () => chat.cursor) : { a: 1 };
        const variables = query.includes('$id') ? { id: chat.id } : { after };

        const body = JSON.stringify({ query, variables });
        const response = await postBody(node.endpoint, body, { ...bearer(ada.session.accessToken), Accept: accept });

        expect(response.status).toBe(400);
        expect(await response.text()).toContain('BAD_USER_INPUT');
      });
    },
  );
});

describe('health', () => {
  it('is live and ready while it serves', async () => {
    for (const [path, body] of [
      ['/health/live', { status: 'ok' }],
      ['/health/ready', { status: 'ok', database: 'ok' }],
    ] as const) {
      const response = await fetch(`${node.url}${path}`);
      expect([response.status, await response.json()]).toEqual([200, { ...body, version: readVersion() }]);
    }
  });

  it('takes nothing but questions', async () => {
    expect((await fetch(`${node.url}/health/live`, { method: 'POST' })).status).toBe(405);
  });
});

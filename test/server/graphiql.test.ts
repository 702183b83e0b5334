import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { createServer, request } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { buildSchema, parse, validate } from 'graphql';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createGraphiql } from '../../src/server/graphiql.js';
import { conversationTabs } from '../../src/server/graphiql-tabs.js';
import { ownNode, startNode } from '../support/node.js';
import { newPerson, transports } from '../support/people.js';

const node = ownNode();
const html = { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

const page = async (headers: Record<string, string> = {}) => {
  const response = await fetch(node.endpoint, { headers: { ...html, ...headers } });
  return { response, text: await response.text() };
};

describe('a browser', () => {
  it('that comes to the root is led to GraphiQL', async () => {
    const response = await fetch(node.url, { headers: html, redirect: 'manual' });

    expect([response.status, response.headers.get('location')]).toEqual([302, 'graphql']);
  });

  it('is shown a page that needs nothing from elsewhere, and may load nothing from there', async () => {
    const { response, text } = await page();

    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(text).not.toMatch(/<(script|link|img)[^>]+(src|href)="(https?:)?\/\//);
    const policy = response.headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("connect-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('https:');
    expect(policy).not.toMatch(/script-src[^;]*unsafe/);
  });

  it('is shown the tabs of a conversation', async () => {
    const { text } = await page();

    for (const title of ['SignIn', 'MyChats', 'History', 'Search', 'Send', 'Follow', 'Reactions', 'Groups', 'Files'])
      expect(text).toContain(` ${title}`);
    expect(text).toContain('Authorization');
  });

  it('sees all of their lines in a window of 1,280 pixels', () => {
    const lines = conversationTabs().flatMap(({ query }) => query.split('\n'));

    expect(lines.filter((line) => line.length > 50)).toEqual([]);
  });

  it('finds only what the API has in them', async () => {
    const schema = buildSchema(await readFile('schema.graphql', 'utf8'));

    const errors = conversationTabs().flatMap(({ query }) => validate(schema, parse(query)));

    expect(errors).toEqual([]);
  });

  it('need not load it twice', async () => {
    const { response } = await page();

    const again = await page({ 'If-None-Match': response.headers.get('etag')! });

    expect(again.response.status).toBe(304);
    expect(again.text).toBe('');
  });

  it('gets it plain where it cannot unpack', async () => {
    const { text } = await page();

    const packed = await new Promise<Buffer>((resolve, reject) => {
      const asked = request(node.endpoint, { headers: { ...html, 'Accept-Encoding': 'gzip' } }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => resolve(Buffer.concat(chunks)));
      });
      asked.on('error', reject).end();
    });
    const plain = await page({ 'Accept-Encoding': 'identity' });

    expect(gunzipSync(packed).toString()).toBe(text);
    expect(plain.response.headers.get('content-encoding')).toBeNull();
    expect(plain.text).toBe(text);
  });
});

describe('the page that is filled in with somebody', () => {
  const talker = { username: 'maria', password: 'no secret here', chatId: 'Q2hhdDox', cursor: 'x' };

  /** As whoever stands in front, or goes by another name, asks for it. */
  const pageFor = async (headers: Record<string, string>) => {
    const answerPage = createGraphiql(talker);
    const server = createServer((asked, response) => void answerPage(asked, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    // Not by fetch, which writes its own Host.
    return new Promise<string>((resolve, reject) => {
      const asked = request({ port, host: '127.0.0.1', headers }, (response) => {
        const chunks: Buffer[] = [];
        response
          .on('data', (chunk: Buffer) => chunks.push(chunk))
          .on('end', () => resolve(String(Buffer.concat(chunks))));
      });
      asked.on('error', reject).end();
    });
  };

  it('is for those at this machine', async () => {
    for (const Host of ['127.0.0.1', 'localhost:4000', '[::1]:4000'])
      expect((await pageFor({ Host })).includes('no secret here'), Host).toBe(true);
  });

  it.each([
    ['X-Forwarded-For', '203.0.113.9'],
    ['X-Forwarded-Host', 'chat.example.org'],
    ['X-Forwarded-Proto', 'https'],
    ['Forwarded', 'for=203.0.113.9'],
    ['X-Real-IP', '203.0.113.9'],
    ['Via', '1.1 proxy'],
    ['Host', 'chat.example.org'],
    ['Host', 'localhost.example.org'],
    ['Connection', 'close'], // nginx, whose configuration says no more than where to
  ])('has no password where %s: %s says that others come', async (name, value) => {
    const text = await pageFor({ [name]: value });

    // All of it is 9 MB, too much to be printed where one of them fails.
    const has = (words: string) => text.includes(words);
    expect([has(' SignIn'), has('no secret here'), has('maria')]).toEqual([true, false, false]);
  });

  it('has no password for who speaks as no browser does', async () => {
    const page = createGraphiql(talker);
    const server = createServer((asked, response) => void page(asked, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');

    socket.write('GET /graphql HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n');

    const text = (await socket.toArray()).join('');
    expect([text.includes(' SignIn'), text.includes('no secret here')]).toEqual([true, false]);
  });
});

it('S1.20 is not there where it is switched off', async () => {
  const plain = await startNode({ graphiql: false });
  onTestFinished(() => plain.stop());

  expect((await fetch(plain.url, { headers: html })).status).toBe(404);
  expect((await fetch(plain.endpoint, { headers: html })).status).not.toBe(200);
});

it('S1.20 where introspection is switched off, it is so on every transport', async () => {
  const closed = await startNode({ introspection: false });
  onTestFinished(() => closed.stop());
  const ada = await newPerson(closed);

  for (const transport of transports) {
    const answer = await ada.tell(transport, '{ __schema { queryType { name } } }');
    expect(answer.data, transport).toBeUndefined();
    for (const { extensions } of answer.errors!) expect(extensions?.code).toBe('GRAPHQL_VALIDATION_FAILED');
  }
});

import { gunzipSync } from 'node:zlib';
import { request } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
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

    expect([response.status, response.headers.get('location')]).toEqual([302, '/graphql']);
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

    for (const title of ['SignIn', 'MyChats', 'History', 'Send', 'Follow']) expect(text).toContain(` ${title}`);
    expect(text).toContain('Authorization');
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

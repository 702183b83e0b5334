import { describe, expect, it, onTestFinished } from 'vitest';
import type { Config } from '../../src/config.js';
import { post } from '../support/http.js';
import { ownNode, startNode, type TestNode } from '../support/node.js';
import { openSocket } from '../support/socket.js';
import { openEvents } from '../support/sse.js';

const node = ownNode();

/** Whether a page of that origin may use the node, over each transport. */
const mayUse = async ({ endpoint, socketUrl }: Pick<TestNode, 'endpoint' | 'socketUrl'>, origin: string) => {
  const headers = { Origin: origin };
  const http = await post(endpoint, '{ __typename }', undefined, { headers });
  const sse = await openEvents(endpoint, '{ __typename }', undefined, { headers });
  await sse.stop();
  const socket = await openSocket(socketUrl, { headers }).catch((error: Error) => error);
  if (!(socket instanceof Error)) await socket.close();
  return {
    http: http.status,
    sse: sse.status,
    ws: socket instanceof Error ? socket.message : 'open',
    allowed: http.headers.get('access-control-allow-origin'),
  };
};

const welcome = (origin: string) => ({ http: 200, sse: 200, ws: 'open', allowed: origin });
const refused = { http: 403, sse: 403, ws: 'Unexpected server response: 403', allowed: null };

const startedWith = async (settings: Partial<Config>) => {
  const started = await startNode(settings);
  onTestFinished(() => started.stop());
  return started;
};

describe('S3.15 C13 an origin', () => {
  it('is welcome on a loopback HOST where it is of this machine, at any port', async () => {
    for (const origin of ['http://localhost:5173', 'https://localhost', 'http://127.0.0.1:8080', 'http://[::1]:3000']) {
      expect(await mayUse(node, origin), origin).toEqual(welcome(origin));
    }
    expect(await mayUse(node, node.url)).toEqual(welcome(node.url));
  });

  it('is refused where it is another, "null" and what only looks like one of this machine included', async () => {
    for (const origin of [
      'https://evil.example',
      'null',
      'http://localhost.evil.example',
      'http://127.0.0.1.nip.io',
      'x',
    ]) {
      expect(await mayUse(node, origin), origin).toEqual(refused);
    }
  });

  it('is welcome as ALLOWED_ORIGINS says, and then no other', async () => {
    const listed = await startedWith({ allowedOrigins: ['https://chat.example.org', 'capacitor://localhost'] });

    for (const origin of ['https://chat.example.org', 'capacitor://localhost']) {
      expect(await mayUse(listed, origin), origin).toEqual(welcome(origin));
    }
    for (const origin of ['https://chat.example.org:444', 'http://chat.example.org', 'http://localhost:5173', 'null']) {
      expect(await mayUse(listed, origin), origin).toEqual(refused);
    }
  });

  it('is welcome whatever it is with *', async () => {
    const open = await startedWith({ allowedOrigins: '*' });

    for (const origin of ['https://anywhere.example', 'null'])
      expect(await mayUse(open, origin)).toEqual(welcome(origin));
  });

  it("is welcome elsewhere where it is the server's own name", async () => {
    const started = await startedWith({ host: '0.0.0.0' });
    const { port } = new URL(started.url);
    const there = { endpoint: `http://127.0.0.1:${port}/graphql`, socketUrl: `ws://127.0.0.1:${port}/graphql` };

    expect(await mayUse(there, `http://127.0.0.1:${port}`)).toEqual(welcome(`http://127.0.0.1:${port}`));
    expect(await mayUse(there, 'http://localhost:5173')).toEqual(refused);
  });
});

it('answers what a browser asks before a request of another origin, and offers no cookies', async () => {
  const headers = {
    Origin: 'http://localhost:5173',
    'Access-Control-Request-Method': 'POST',
    'Access-Control-Request-Headers': 'authorization,content-type',
  };

  const response = await fetch(node.endpoint, { method: 'OPTIONS', headers });

  expect(response.status).toBe(204);
  expect(response.headers.get('access-control-allow-origin')).toBe('http://localhost:5173');
  expect(response.headers.get('access-control-allow-headers')).toBe('authorization,content-type');
  expect(response.headers.get('access-control-allow-methods')).toBe('GET, POST');
  expect(response.headers.get('access-control-allow-credentials')).toBeNull();
  expect(response.headers.get('vary')).toContain('Origin');
});

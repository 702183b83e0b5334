/** What deploy/nginx.conf lets one address have, with an nginx that is installed in front of a server that counts. */
import { createServer, request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { startNginx, type Nginx } from '../support/nginx.js';
import { upTo } from '../support/sent.js';

/** As nginx.conf has them. */
const OPEN = 2000;
const AT_ONCE = 3000;

const PATIENCE = { timeout: 15_000, interval: 10 };

/** Answers all but /graphql, which stays open. */
const startBehindNginx = async () => {
  let isOpen = 0;
  const server = createServer((request, response) => {
    if (request.url !== '/graphql') return void response.end('{}');
    isOpen += 1;
    response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(':\n\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const nginx = await startNginx([port, port]);
  onTestFinished(async () => {
    await nginx.stop();
    server.closeAllConnections();
    server.close();
  });
  return { nginx, open: () => isOpen };
};

interface Asking {
  /** From another address of this machine. */
  localAddress?: string;
}

const ask = ({ port }: Nginx, path: string, { localAddress = '127.0.0.1' }: Asking = {}) =>
  new Promise<{ response: IncomingMessage; request: ClientRequest }>((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, path, localAddress, agent: false }, (response) =>
      resolve({ request, response }),
    );
    request.once('error', reject);
    request.end();
  });

const readAll = async (response: IncomingMessage): Promise<string> => {
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk as string;
  return text;
};

const REFUSAL = {
  errors: [
    {
      message: 'Too many requests or open connections from this address: nothing was done',
      extensions: { code: 'UNAVAILABLE', retryAfterMs: 5000 },
    },
  ],
};

describe('nginx, asked by one address', () => {
  it(`keeps ${OPEN} streams open and refuses more, until one is closed; others are not affected`, async () => {
    const { nginx, open } = await startBehindNginx();
    const streams: ClientRequest[] = [];
    onTestFinished(() => streams.forEach((request) => request.destroy()));
    // Some at a time, as people come.
    while (streams.length < OPEN) {
      const some = await Promise.all(upTo(100).map(() => ask(nginx, '/graphql')));
      for (const { request, response } of some) {
        expect(response.statusCode).toBe(200);
        request.on('error', () => undefined);
        streams.push(request);
      }
    }

    const { response: refused } = await ask(nginx, '/graphql');
    const other = await ask(nginx, '/graphql', { localAddress: '127.0.0.2' });
    streams.push(other.request);

    expect(refused.statusCode).toBe(429);
    expect(refused.headers['retry-after']).toBe('5');
    expect(JSON.parse(await readAll(refused))).toEqual(REFUSAL);
    expect(other.response.statusCode).toBe(200);
    expect(open()).toBe(OPEN + 1);

    streams.shift()!.destroy();
    await vi.waitFor(async () => {
      const { request, response } = await ask(nginx, '/graphql');
      streams.push(request);
      expect(response.statusCode).toBe(200);
    }, PATIENCE);
  });

  it(`answers ${AT_ONCE} requests at once and refuses what goes on beyond its rate; others are not affected`, async () => {
    const { nginx } = await startBehindNginx();
    const askMany = (count: number) =>
      Promise.all(
        upTo(count).map(async () => {
          const { response } = await ask(nginx, '/');
          return { status: response.statusCode, text: await readAll(response) };
        }),
      );

    const storm = [];
    // In parts, for the sake of who asks; all of it takes less than the rate would.
    while (storm.length < AT_ONCE) storm.push(...(await askMany(500)));
    expect(storm.filter(({ status }) => status !== 200)).toEqual([]);

    const refused = await vi.waitFor(async () => {
      const found = (await askMany(500)).find(({ status }) => status === 429);
      expect(found).toBeDefined();
      return found!;
    }, PATIENCE);
    expect(JSON.parse(refused.text)).toEqual(REFUSAL);
    expect((await ask(nginx, '/', { localAddress: '127.0.0.2' })).response.statusCode).toBe(200);
  });
});

/** deploy/nginx-tls.conf beside deploy/nginx.conf, run by the nginx that is installed, with a certificate that it made for itself. */
import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { print } from 'graphql';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { ChatEventsDocument } from '../support/generated/operations.js';
import { authorizationOf, post } from '../support/http.js';
import { startNginx, type Nginx } from '../support/nginx.js';
import type { TestNode } from '../support/node.js';
import { ownNodes } from '../support/nodes.js';
import { groupChat, newPerson } from '../support/people.js';
import { sentTexts, upTo } from '../support/sent.js';
import { until } from '../support/until.js';

const BELOW = '/talk';

// As in the image: reached from elsewhere, by one proxy.
const nodes = ownNodes({ settings: { HOST: '0.0.0.0', TRUST_PROXY: '1' } });
let nginx: Nginx;
let secure: NonNullable<Nginx['secure']>;

/** Both nodes, by way of nginx. */
const by = (url: string): TestNode => {
  const endpoint = `${url}/graphql`;
  return { ...nodes.one, url, endpoint, socketUrl: endpoint.replace('http', 'ws') };
};

beforeAll(async () => {
  nginx = await startNginx([nodes.one.config.port, nodes.other.config.port], {
    tls: true,
    locations: `location ${BELOW}/ { proxy_pass http://parley/; }`,
  });
  secure = nginx.secure!;
  // For fetch, which takes no certificate of one's own. Where it is given to the client it is checked.
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
});
afterAll(async () => {
  delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
  await nginx.stop();
});

const texts = (count: number) => upTo(count).map((number) => `text ${number}`);

interface Answered {
  status: number;
  headers: NodeJS.Dict<string | string[]>;
}

/** As a browser asks that knows the certificate. */
const ask = (url: string, headers: Record<string, string> = {}): Promise<Answered> =>
  new Promise((resolve, reject) => {
    httpsRequest(url, { ca: secure.certificate, agent: false, headers }, (response) => {
      response.resume();
      response.once('end', () => resolve({ status: response.statusCode!, headers: response.headers }));
    })
      .once('error', reject)
      .end();
  });

const shakeHands = (options: ConnectionOptions): Promise<TLSSocket> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(secure.url);
    const all = { host: hostname, port: Number(port), ca: secure.certificate, ...options };
    const socket = connectTls(all, () => resolve(socket));
    socket.once('error', reject);
    onTestFinished(() => void socket.destroy());
  });

const openHttp2 = (): ClientHttp2Session => {
  const session = connectHttp2(secure.url, { ca: secure.certificate });
  onTestFinished(() => session.destroy());
  return session;
};

const postHttp2 = (session: ClientHttp2Session, body: unknown, headers: Record<string, string>) => {
  const stream = session.request({
    ':method': 'POST',
    ':path': '/graphql',
    'content-type': 'application/json',
    ...headers,
  });
  let text = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  stream.on('error', () => undefined); // it is cut at the end of the test
  stream.end(JSON.stringify(body));
  return {
    text: () => text,
    status: new Promise<number>((resolve) => stream.once('response', (answer) => resolve(answer[':status']!))),
  };
};

const upgrade = (url: string, headers: Record<string, string>): Promise<number> =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws', {
      headers,
      ca: secure.certificate,
    });
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

describe('nginx with HTTPS in front of two nodes', () => {
  it.each(['', BELOW])(
    'passes events as they come, over Server-Sent Events and WebSocket, below "%s/"',
    async (path) => {
      const { ada, boris, chat } = await groupChat(by(secure.url + path));
      const followers = [await boris.follow(chat), await boris.follow(chat, { over: 'sse' })];
      for (const follower of followers) await follower.event('ChatReady');

      const said = texts(10);
      for (const text of said) await ada.send(chat, text);

      for (const follower of followers) {
        await until(() => sentTexts(follower).length >= said.length, 'all of it');
        expect(sentTexts(follower)).toEqual(said);
      }
    },
  );

  it('speaks HTTP/2, with many streams over one connection, which get each event as it comes', async () => {
    const { ada, boris, chat } = await groupChat(by(secure.url));
    const session = openHttp2();
    const body = { query: print(ChatEventsDocument), variables: { chatId: chat.id } };
    const authorization = authorizationOf(boris.session.accessToken);
    const streams = upTo(20).map(() => postHttp2(session, body, { accept: 'text/event-stream', authorization }));
    for (const { text, status } of streams) {
      expect(await status).toBe(200);
      await until(() => text().includes('ChatReady'), 'ChatReady');
    }

    await ada.send(chat, 'to all of you');

    for (const { text } of streams) await until(() => text().includes('to all of you'), 'the message');
    expect(session.alpnProtocol).toBe('h2');
  });

  it('S3.15 lets pages of its own name in, by HTTP/1.1, HTTP/2 and WebSocket, and no others', async () => {
    const query = { query: '{ __typename }' };
    const session = openHttp2();

    for (const [origin, status] of [
      [secure.url, 200],
      ['https://evil.example', 403],
    ] as const) {
      expect((await post(`${secure.url}/graphql`, query.query, {}, { headers: { origin } })).status, origin).toBe(
        status,
      );
      expect(await postHttp2(session, query, { origin }).status, origin).toBe(status);
      expect(await upgrade(`${secure.url}/graphql`, { origin }), origin).toBe(status === 200 ? 101 : status);
    }
  });

  it('leads what comes unencrypted to HTTPS, with its path and query, and answers Certbot', async () => {
    const { redirectingUrl } = secure;

    const led = await fetch(`${redirectingUrl}/graphql?query=%7Bx%7D`, {
      method: 'POST',
      redirect: 'manual',
      body: 'x',
    });
    const challenge = await fetch(`${redirectingUrl}/.well-known/acme-challenge/of-ours`);

    expect(led.status).toBe(308);
    expect(led.headers.get('location')).toBe(`${secure.url}/graphql?query=%7Bx%7D`);
    expect(await challenge.text()).toBe('the answer');
  });

  it('has browsers come encrypted from then on, whatever it answers, and says so only there', async () => {
    const header = 'strict-transport-security';
    const found = await ask(`${secure.url}/health/live`);
    const missing = await ask(`${secure.url}/nothing-here`);
    const tooLong = await fetch(`${secure.url}/graphql`, { method: 'POST', body: 'x'.repeat(300_000) });
    const unencrypted = await fetch(`${nginx.url}/health/live`);

    expect([found, missing].map(({ status }) => status)).toEqual([200, 404]);
    for (const { headers } of [found, missing]) expect(headers[header]).toBe('max-age=31536000');
    expect(tooLong.status).toBe(413);
    expect(tooLong.headers.get(header)).toBe('max-age=31536000');
    expect(unencrypted.headers.get(header)).toBeNull();
  });

  it('takes TLS 1.2 and 1.3, and neither older ones nor a cipher without forward secrecy', async () => {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const socket = await shakeHands({ minVersion: version, maxVersion: version });
      expect(socket.getProtocol()).toBe(version);
      expect(socket.authorized).toBe(true);
    }

    const old = shakeHands({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' });
    const weak = shakeHands({ maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA' });

    // The server's word, not the client's.
    await expect(old).rejects.toThrow(/alert protocol version/);
    await expect(weak).rejects.toThrow(/alert handshake failure/);
  });

  it('signs people in', async () => {
    const ada = await newPerson(by(secure.url));

    const { data } = await post(`${secure.url}/graphql`, '{ viewer { id } }', {}, { token: ada.session.accessToken });

    expect(data).toEqual({ viewer: { id: ada.id } });
  });
});

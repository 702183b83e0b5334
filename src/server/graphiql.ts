/** GraphiQL in one self-contained page, so that it works without a CDN. */
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { isLocal } from './allowed-origins.js';
import { helperScript } from './graphiql-helper.js';
import { conversationTabs, type Talker } from './graphiql-tabs.js';

export type AnswerPage = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

interface Page {
  etag: string;
  policy: string;
  /** 2.5 instead of 9 MB, which matters once the browser is on another machine. */
  gzipped: Buffer;
  plain: Buffer;
}

/** @param talker the user whose data, password included, fills the tabs for browsers on this machine */
export const createGraphiql = (talker?: Talker): AnswerPage => {
  // Loaded on demand: it is 9 MB, and most nodes never serve it.
  const page = once(() => render());
  const filledInPage = once(() => render(talker));

  return async (request, response) => {
    const { etag, policy, gzipped, plain } = await (isFromHere(request) ? filledInPage() : page());
    response.setHeader('Content-Security-Policy', policy);
    response.setHeader('Cache-Control', 'no-cache');
    response.setHeader('ETag', etag);
    response.setHeader('Vary', 'Origin, Accept, Accept-Encoding');
    if (request.headers['if-none-match'] === etag) {
      response.writeHead(304).end();
      return;
    }
    const isGzipped = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
    const body = isGzipped ? gzipped : plain;
    response.writeHead(200, {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Length': body.length,
      ...(isGzipped && { 'Content-Encoding': 'gzip' }),
    });
    response.end(request.method === 'HEAD' ? undefined : body);
  };
};

const once = <Value>(make: () => Value): (() => Value) => {
  let value: Value | undefined;
  return () => (value ??= make());
};

const OF_PROXIES = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip'];

/**
 * Whether the browser is on this machine, as far as the server can tell: no proxy, and a host name that always means this machine.
 * By default nginx adds no header and replaces Host by its upstream's name, but it speaks HTTP/1.0 or closes each connection, which
 * no browser does.
 */
const isFromHere = ({ headers, httpVersion }: IncomingMessage): boolean => {
  const own = `http://${headers.host}`;
  const isOfBrowser = httpVersion !== '1.0' && headers.connection?.toLowerCase() !== 'close';
  const isDirect = isOfBrowser && OF_PROXIES.every((name) => headers[name] === undefined);
  return isDirect && URL.canParse(own) && isLocal(new URL(own).hostname);
};

const render = async (talker?: Talker): Promise<Page> => {
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql');
  const tabs = conversationTabs(talker);
  const html = renderGraphiQL({
    title: 'Parley',
    // Without an endpoint it queries its own URL, which is also right behind a proxy that adds a path.
    favicon: FAVICON,
    defaultTabs: tabs,
    defaultEditorToolsVisibility: 'variables',
    // Over a WebSocket GraphiQL would never send its Headers tab.
    subscriptionsProtocol: 'SSE',
  });
  // From the tabs' content without the cursor, which stays valid as long as its chat exists.
  const key = hashOf(JSON.stringify(conversationTabs(talker && { ...talker, cursor: '' })), 'base64url');
  const withHelper = html
    .replace('</style>', () => `${STYLE}</style>`)
    .replace('<script>', () => `<script>${helperScript({ tabs, key })}</script>\n<script>`);
  const plain = Buffer.from(withHelper);
  return {
    etag: `"${hashOf(plain, 'base64url')}"`,
    policy: policyFor(withHelper),
    gzipped: await promisify(gzip)(plain),
    plain,
  };
};

// GraphiQL misplaces a tab until its first click: the tab jumps away from under the pointer, and the click is lost.
const STYLE = '.graphiql-tab { transform: none !important; }';

/** Allows only the page's own scripts, by their hashes, and requests to this server. */
const policyFor = (html: string): string => {
  const scripts = [...html.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(
    ([, script]) => `'sha256-${hashOf(script!, 'base64')}'`,
  );
  return [
    "default-src 'none'",
    `script-src ${scripts.join(' ')} blob:`,
    'worker-src blob:',
    "style-src 'unsafe-inline'",
    'img-src data: blob:',
    'font-src data:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
};

const hashOf = (data: string | Buffer, encoding: 'base64' | 'base64url') =>
  createHash('sha256').update(data).digest(encoding);

const FAVICON = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path fill="#5b5bd6" d="M2 2h12v9H7l-4 3v-3H2z"/></svg>',
)}`;

/** The server for Prometheus, on its own port, never the public one. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Exposition } from './exposition.js';

export interface MetricsServer {
  /** Known once it listens. */
  readonly url: string;
  /** @throws the system's error if it cannot listen, with METRICS_PORT in its message */
  listen(): Promise<void>;
  stop(): Promise<void>;
}

export interface MetricsServerOptions {
  host: string;
  /** 0: any free port. */
  port: number;
  exposition: Exposition;
  onError: (error: unknown) => void;
}

const TIMES = { headersTimeout: 5000, requestTimeout: 5000, connectionsCheckingInterval: 1000 };
const MAX_CONNECTIONS = 20;

export const createMetricsServer = ({ host, port, exposition, onError }: MetricsServerOptions): MetricsServer => {
  const answer = async ({ method, url }: IncomingMessage, response: ServerResponse) => {
    if (url?.split('?', 1)[0] !== '/metrics') return say(response, 404, 'There is nothing here but /metrics\n');
    if (method !== 'GET' && method !== 'HEAD')
      return say(response, 405, 'Only GET, HEAD here\n', { Allow: 'GET, HEAD' });
    say(response, 200, await exposition.render(), { 'Content-Type': exposition.contentType });
  };

  const http = createServer(TIMES, (request, response) => {
    answer(request, response).catch((error: unknown) => {
      onError(error);
      response.destroy();
    });
  });
  http.maxConnections = MAX_CONNECTIONS;

  return {
    get url() {
      const { port: actual } = http.address() as AddressInfo;
      return `http://${host.includes(':') ? `[${host}]` : host}:${actual}/metrics`;
    },
    listen: () =>
      new Promise((resolve, reject) => {
        http.once('error', (error) => {
          error.message = `${error.message} (METRICS_PORT)`;
          reject(error);
        });
        http.listen(port, host, () => {
          http.removeAllListeners('error');
          http.on('error', onError);
          resolve();
        });
      }),
    stop: () =>
      new Promise((resolve) => {
        http.close(() => resolve());
        http.closeAllConnections();
      }),
  };
};

const say = (response: ServerResponse, status: number, text: string, headers: Record<string, string> = {}) => {
  response.writeHead(status, {
    'Content-Type': 'text/plain; charset=utf-8',
    'X-Content-Type-Options': 'nosniff',
    'Content-Length': Buffer.byteLength(text),
    ...headers,
  });
  response.end(response.req.method === 'HEAD' ? undefined : text);
};

/** Cross-origin requests of those origins that may use the server. Without credentials: no cookie is one here. */
import type { IncomingMessage, ServerResponse } from 'node:http';

const A_DAY_SECONDS = 86_400;

/** Lets the page read the answer. */
export const allowOrigin = (request: IncomingMessage, response: ServerResponse): void => {
  const { origin } = request.headers;
  if (origin === undefined) return;
  response.setHeader('Access-Control-Allow-Origin', origin);
  response.setHeader('Access-Control-Expose-Headers', 'X-Request-Id, Retry-After');
};

/** What a browser asks before a request that no form could have sent. */
export const answerPreflight = (request: IncomingMessage, response: ServerResponse): void => {
  response.writeHead(204, {
    'Access-Control-Allow-Methods': 'GET, POST',
    'Access-Control-Allow-Headers': request.headers['access-control-request-headers'] ?? 'Content-Type, Authorization',
    'Access-Control-Max-Age': A_DAY_SECONDS,
    Allow: 'GET, POST, OPTIONS',
  });
  response.end();
};

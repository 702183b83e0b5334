/** CORS for the origins that may use the server. Without credentials mode: cookies are not credentials here. */
import type { IncomingMessage, ServerResponse } from 'node:http';

const A_DAY_SECONDS = 86_400;

/** Allows the page to read the answer. */
export const allowOrigin = (request: IncomingMessage, response: ServerResponse): void => {
  const { origin } = request.headers;
  if (origin === undefined) return;
  response.setHeader('Access-Control-Allow-Origin', origin);
  response.setHeader('Access-Control-Expose-Headers', 'X-Request-Id, Retry-After, ETag, Content-Range');
};

/** A browser's preflight before a request that a form could not send. */
export const answerPreflight = (request: IncomingMessage, response: ServerResponse, methods = 'GET, POST'): void => {
  response.writeHead(204, {
    'Access-Control-Allow-Methods': methods,
    'Access-Control-Allow-Headers': request.headers['access-control-request-headers'] ?? 'Content-Type, Authorization',
    'Access-Control-Max-Age': A_DAY_SECONDS,
    Allow: `${methods}, OPTIONS`,
  });
  response.end();
};

/** Short answers outside of GraphQL, but in the form of its errors, so that clients parse one format. */
import type { ServerResponse } from 'node:http';

const JSON_TYPE = 'application/json; charset=utf-8';

export const answerJson = (
  response: ServerResponse,
  status: number,
  body: object,
  headers: Record<string, string> = {},
): void => {
  const text = JSON.stringify(body);
  response.writeHead(status, { 'Content-Type': JSON_TYPE, 'Content-Length': Buffer.byteLength(text), ...headers });
  response.end(response.req.method === 'HEAD' ? undefined : text);
};

export const answerError = (
  response: ServerResponse,
  status: number,
  { message, code = 'BAD_USER_INPUT', ...more }: { message: string; code?: string; retryAfterMs?: number },
  headers: Record<string, string> = {},
): void => answerJson(response, status, { errors: [{ message, extensions: { code, ...more } }] }, headers);

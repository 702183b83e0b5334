/** Short answers outside of GraphQL, but in the form of its errors, so that clients parse one format. */
import type { ServerResponse } from 'node:http';

const JSON_TYPE = 'application/json; charset=utf-8';

/** Of what depends on who asks, and when. */
export const NO_STORE = { 'Cache-Control': 'no-store' };

export const answerText = (
  response: ServerResponse,
  status: number,
  text: string,
  headers: Record<string, string>,
): void => {
  const body = Buffer.from(text);
  response.writeHead(status, { ...headers, 'Content-Length': body.length });
  response.end(response.req.method === 'HEAD' ? undefined : body);
};

export const answerJson = (
  response: ServerResponse,
  status: number,
  body: object,
  headers: Record<string, string> = {},
): void => {
  answerText(response, status, JSON.stringify(body), { 'Content-Type': JSON_TYPE, ...headers });
};

export const answerError = (
  response: ServerResponse,
  status: number,
  { message, code = 'BAD_USER_INPUT', ...more }: { message: string; code?: string; retryAfterMs?: number },
  headers: Record<string, string> = {},
): void => answerJson(response, status, { errors: [{ message, extensions: { code, ...more } }] }, headers);

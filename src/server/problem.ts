/** Refusals of the paths of files, as RFC 9457 has them: those who put and get bytes are no GraphQL clients. */
import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import { UnavailableError } from '../db/database.js';
import { FileRefusal, type FileRefusalCode } from '../domain/files/file-refusal.js';
import type { Logger } from '../log-line.js';
import { answerText, NO_STORE } from './answer.js';
import { discardBody } from './body.js';

export interface Problem {
  status: number;
  /** For programs; the codes of `FileRefusal`, and a few of HTTP. */
  code: FileRefusalCode | 'METHOD' | 'ENCODING' | 'ORIGIN' | 'FAULT';
  /** For people. */
  detail: string;
}

const STATUS: Record<FileRefusalCode, number> = {
  LINK_EXPIRED: 403,
  NOT_FOUND: 404,
  WRONG_SIZE: 400,
  TOO_LONG: 413,
  CONFLICT: 409,
  INFECTED: 422,
  NOT_A_PICTURE: 415,
  BAD_PICTURE: 422,
  TOO_MANY: 429,
  TOO_SLOW: 408,
  BUSY: 503,
  UNAVAILABLE: 503,
};

const RETRY_SECONDS = 5;

export const answerProblem = (
  request: IncomingMessage,
  response: ServerResponse,
  { status, ...more }: Problem,
  headers: Record<string, string> = {},
): void => {
  const body = { type: 'about:blank', title: STATUS_CODES[status], status, ...more };
  // What comes after an unread body could not be told from it.
  const isUnread = !request.complete && hasBody(request);
  answerText(response, status, JSON.stringify(body), {
    'Content-Type': 'application/problem+json',
    ...NO_STORE,
    ...(status === 429 || status === 503 ? { 'Retry-After': String(RETRY_SECONDS) } : {}),
    ...(isUnread ? { Connection: 'close' } : {}),
    ...headers,
  });
  if (isUnread) discardBody(request);
};

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

/** Logs what is no fault of whoever asked. @returns undefined if nobody is there to be answered */
export const problemOf = (error: unknown, response: ServerResponse, logger: Logger): Problem | undefined => {
  if (error instanceof FileRefusal) {
    const level = error.code === 'UNAVAILABLE' ? 'warn' : 'info';
    logger[level]({ code: error.code, reason: error.message, error: error.cause }, 'File refused');
    return { status: STATUS[error.code], code: error.code, detail: error.message };
  }
  if (response.destroyed) return undefined;
  if (error instanceof UnavailableError) {
    logger.warn({ error }, 'Unavailable');
    return { status: 503, code: 'UNAVAILABLE', detail: 'The database is not available: try again' };
  }
  logger.error({ error }, 'Fault');
  return { status: 500, code: 'FAULT', detail: 'Something went wrong on the server' };
};

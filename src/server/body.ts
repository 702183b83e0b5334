/** Reads a request's body up to the maximum length. */
import type { IncomingMessage } from 'node:http';

export const MAX_BODY_BYTES = 256 * 1024;
const BODY_MS = 30_000;

/** The server refuses the body; `status` says why. */
export class BodyError extends Error {
  override name = 'BodyError';
  constructor(
    readonly status: 400 | 408 | 413 | 415,
    message: string,
  ) {
    super(message);
  }
}

const tooLong = () => new BodyError(413, `The body is longer than ${MAX_BODY_BYTES / 1024} KB`);

// As in GraphQL over HTTP. Excludes types that a form sends without a preflight (`text/plain`, `application/x-www-form-urlencoded`).
const JSON_TYPE = /^application\/(graphql\+)?json\s*(;|$)/i;

/** Checks the headers, to refuse a body before the client sends it. @throws BodyError */
export const checkAnnouncedBody = (request: IncomingMessage): void => {
  if (!JSON_TYPE.test(request.headers['content-type'] ?? ''))
    throw new BodyError(415, 'A request is JSON: send it with Content-Type: application/json');
  // Compression is not worth it for 256 KB, and 256 KB can decompress to a gigabyte.
  const { 'content-encoding': encoding = 'identity', 'content-length': length = '0' } = request.headers;
  if (encoding.trim().toLowerCase() !== 'identity') throw new BodyError(415, 'Compressed bodies are not taken');
  if (Number(length) > MAX_BODY_BYTES) throw tooLong();
};

/**
 * @returns its text
 * @throws BodyError; the socket's error if the client disconnects
 */
export const readBody = async (request: IncomingMessage): Promise<string> => {
  checkAnnouncedBody(request);
  const chunks: Buffer[] = [];
  let length = 0;
  // Not with `for await`: leaving it early destroys the connection, and the answer with it.
  await new Promise<void>((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > MAX_BODY_BYTES) reject(tooLong());
      else chunks.push(chunk);
    });
    const timer = setTimeout(() => reject(new BodyError(408, 'The body did not come in time')), BODY_MS);
    request.once('close', () => clearTimeout(timer));
    request.once('end', resolve);
    request.once('error', reject);
    request.once('close', () => reject(new Error('The client left')));
  });
  try {
    // Texts are stored exactly as sent, so invalid UTF-8 must not be replaced.
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    throw new BodyError(400, 'The body is not valid UTF-8');
  }
};

const LINGER_MS = 2000;

/**
 * Keeps reading and discarding what the client sends for a while: closing a connection with unread data resets it, and the
 * client would see the reset instead of the answer.
 */
export const discardBody = (request: IncomingMessage): void => {
  request.resume();
  const timer = setTimeout(() => request.destroy(), LINGER_MS);
  request.once('close', () => clearTimeout(timer));
};

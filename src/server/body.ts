/** A request's body, read no further than it may be long. */
import type { IncomingMessage } from 'node:http';

export const MAX_BODY_BYTES = 256 * 1024;

/** The body cannot be taken; `status` says why. */
export class BodyError extends Error {
  override name = 'BodyError';
  constructor(
    readonly status: 400 | 413 | 415,
    message: string,
  ) {
    super(message);
  }
}

const tooLong = () => new BodyError(413, `The body is longer than ${MAX_BODY_BYTES / 1024} KB`);

// As GraphQL over HTTP has it. What a form can send without asking (`text/plain`, `application/x-www-form-urlencoded`) is not among them.
const JSON_TYPE = /^application\/(graphql\+)?json\s*(;|$)/i;

/** Whether the headers alone say that it cannot be taken, so that none of it need be sent. */
export const checkAnnouncedBody = (request: IncomingMessage): void => {
  if (!JSON_TYPE.test(request.headers['content-type'] ?? ''))
    throw new BodyError(415, 'A request is JSON: send it with Content-Type: application/json');
  // Nobody needs it for 256 KB, and 256 KB can unpack to a gigabyte.
  const { 'content-encoding': encoding = 'identity', 'content-length': length = '0' } = request.headers;
  if (encoding.trim().toLowerCase() !== 'identity') throw new BodyError(415, 'Compressed bodies are not taken');
  if (Number(length) > MAX_BODY_BYTES) throw tooLong();
};

/**
 * @returns its text
 * @throws BodyError; what the socket says where the client left
 */
export const readBody = async (request: IncomingMessage): Promise<string> => {
  checkAnnouncedBody(request);
  const chunks: Buffer[] = [];
  let length = 0;
  // Not by `for await`, which destroys the connection where it stops early, and the answer with it.
  await new Promise<void>((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > MAX_BODY_BYTES) reject(tooLong());
      else chunks.push(chunk);
    });
    request.once('end', resolve);
    request.once('error', reject);
    request.once('close', () => reject(new Error('The client left')));
  });
  try {
    // Texts are kept exactly as sent, so what is no text must not become one.
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    throw new BodyError(400, 'The body is not valid UTF-8');
  }
};

const LINGER_MS = 2000;

/**
 * Reads on for a while what the client still sends and throws it away: a connection that is closed with unread data
 * is reset, and the client then sees that instead of the answer.
 */
export const discardBody = (request: IncomingMessage): void => {
  request.resume();
  const timer = setTimeout(() => request.destroy(), LINGER_MS);
  request.once('close', () => clearTimeout(timer));
};

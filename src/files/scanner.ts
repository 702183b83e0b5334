/** A virus scanner: clamd, by its INSTREAM command. */
import { createReadStream } from 'node:fs';
import { connect } from 'node:net';
import type { ClamdWay } from '../clamd-url.js';
import { createTurns } from './turns.js';

export interface Scanner {
  /**
   * @returns the name of what was found in the file; null if it is clean
   * @throws ScannerUnavailableError if nobody can say
   */
  scan(path: string): Promise<string | null>;
}

/** It is away, too slow, or refuses the file. */
export class ScannerUnavailableError extends Error {
  override name = 'ScannerUnavailableError';
}

export interface ScannerOptions {
  /** How long it may say nothing, and take nothing. */
  silentMs?: number;
}

const SILENT_MS = 60_000;
const AT_ONCE = 4;
const REPLY_MAX_LENGTH = 4096;

export const createScanner = (way: ClamdWay, { silentMs = SILENT_MS }: ScannerOptions = {}): Scanner => {
  const takeTurn = createTurns(AT_ONCE);
  return { scan: (path) => takeTurn(async () => readReply(await ask(way, path, silentMs))) };
};

const ask = (way: ClamdWay, path: string, silentMs: number): Promise<string> =>
  new Promise((resolve, reject) => {
    let reply = '';
    const socket = connect({ ...way, timeout: silentMs });
    const file = createReadStream(path);
    const end = (error?: Error) => {
      file.destroy();
      socket.destroy();
      if (error === undefined) resolve(reply);
      else reject(new ScannerUnavailableError(`The virus scanner: ${error.message}`, { cause: error }));
    };
    file.once('error', end);
    socket.once('timeout', () => end(new Error('no answer in time')));
    // It may refuse a long file before it has read all of it, and close: its answer is lost if a write fails before it is read.
    socket.on('error', (error) => end(reply === '' ? whyOf(error) : undefined));
    socket.on('data', (chunk) => {
      reply += chunk.toString('latin1');
      if (reply.includes('\0') || reply.length > REPLY_MAX_LENGTH) end();
    });
    socket.once('close', () => end(reply === '' ? new Error('it closed the connection') : undefined));

    socket.write('zINSTREAM\0');
    file.on('data', (chunk) => {
      socket.write(lengthOf(chunk.length));
      if (socket.write(chunk)) return;
      file.pause();
      socket.once('drain', () => file.resume());
    });
    file.once('end', () => socket.write(lengthOf(0)));
  });

const whyOf = (error: NodeJS.ErrnoException): Error =>
  error.code === 'EPIPE' || error.code === 'ECONNRESET'
    ? new Error('it took only a part of the file: its StreamMaxLength must be above ATTACHMENT_MAX_MB', {
        cause: error,
      })
    : error;

/** Each part comes after its length; a length of 0 ends the file. */
const lengthOf = (length: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(length);
  return bytes;
};

const readReply = (reply: string): string | null => {
  const said = reply.replace(/\0.*$/s, '').trim();
  if (said === 'stream: OK') return null;
  const [, found] = /^stream: (.+) FOUND$/.exec(said) ?? [];
  if (found !== undefined) return found;
  const hint = said.includes('size limit exceeded') ? ': raise its StreamMaxLength above ATTACHMENT_MAX_MB' : '';
  throw new ScannerUnavailableError(`The virus scanner answers "${said.slice(0, 200)}"${hint}`);
};

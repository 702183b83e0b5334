/** GET of a file's bytes by a signed link, and of the pictures of users and chats. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Attachments, FoundBytes } from '../domain/files/attachments.js';
import { AVATARS_PATH, type Avatars } from '../domain/files/avatars.js';
import { FILES_PATH, readProof } from '../domain/files/file-links.js';
import { FileRefusal, fileNotFound } from '../domain/files/file-refusal.js';
import type { Logger } from '../log-line.js';
import { readRange } from './byte-range.js';
import { answerProblem, problemOf } from './problem.js';
import type { AnswerFile } from './uploads.js';

export interface DownloadRequestsOptions {
  attachments: Pick<Attachments, 'find'>;
  avatars: Pick<Avatars, 'find'>;
  logger: Logger;
  /** A client that takes nothing for so long is given up. */
  stalledMs: number;
}

const AT_ONCE = 1000;

/** What a browser makes of the bytes: nothing that runs, whatever they are. */
const SAFETY = {
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; sandbox; frame-ancestors 'none'",
  // The page may be of another origin than the API; who has the link may see it.
  'Cross-Origin-Resource-Policy': 'cross-origin',
};
/** The bytes of a link never change. Links of attachments are not for shared caches: they are as good as a credential. */
const cacheOf = ({ isPublic }: FoundBytes) => ({
  'Cache-Control': `${isPublic ? 'public' : 'private'}, max-age=31536000, immutable`,
});

export const createDownloadRequests = ({
  attachments,
  avatars,
  logger,
  stalledMs,
}: DownloadRequestsOptions): AnswerFile => {
  let atOnce = 0;

  const find = (request: IncomingMessage): Promise<FoundBytes> => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
    if (pathname.startsWith(AVATARS_PATH)) {
      const [, avatar, size] = /^([0-9a-f]{64})\/(\d{1,5})$/.exec(pathname.slice(AVATARS_PATH.length)) ?? [];
      if (avatar === undefined) throw fileNotFound();
      return avatars.find(avatar, Number(size));
    }
    const [, id, size] = /^([1-9]\d{0,17})(?:\/(\d{1,5}))?$/.exec(pathname.slice(FILES_PATH.length)) ?? [];
    const proof = readProof(searchParams);
    if (id === undefined || proof === null) throw fileNotFound();
    return attachments.find(BigInt(id), size === undefined ? undefined : Number(size), proof);
  };

  const give = async (found: FoundBytes, request: IncomingMessage, response: ServerResponse) => {
    const tag = `"${found.tag}"`;
    const headers: Record<string, string | number> = {
      ...SAFETY,
      ...cacheOf(found),
      ETag: tag,
      'Content-Type': found.contentType,
      'Content-Disposition': dispositionOf(found),
      'Accept-Ranges': found.byteSize === null ? 'none' : 'bytes',
    };
    if (isKnown(request.headers['if-none-match'], tag)) return void response.writeHead(304, headers).end();

    const range = rangeOf(found, tag, request);
    if (range === null) {
      const beyond = { ...headers, 'Content-Range': `bytes */${found.byteSize}`, 'Content-Length': 0 };
      return void response.writeHead(416, beyond).end();
    }
    const { size, stream } = await found.read(range);
    response.writeHead(range === undefined ? 200 : 206, {
      ...headers,
      'Content-Length': size,
      ...(range && { 'Content-Range': `bytes ${range.first}-${range.last}/${found.byteSize}` }),
    });
    if (request.method === 'HEAD') {
      stream.destroy();
      return void response.end();
    }
    response.setTimeout(stalledMs, () => response.destroy());
    await pipeline(stream, response);
  };

  return async (request, response, requestId) => {
    const log = logger.child({ requestId });
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      const problem = { status: 405, code: 'METHOD', detail: 'Only GET and HEAD here' } as const;
      return answerProblem(request, response, problem, { Allow: 'GET, HEAD, OPTIONS' });
    }
    atOnce += 1;
    try {
      if (atOnce > AT_ONCE) throw new FileRefusal('BUSY', 'This node sends as many files as it can');
      await give(await find(request), request, response);
    } catch (error) {
      if (response.headersSent) {
        // Half of it is there: only a connection that breaks tells so.
        if (!response.destroyed) log.warn({ error }, 'File broken off');
        return void response.destroy();
      }
      const problem = problemOf(error, response, log);
      if (problem !== undefined) answerProblem(request, response, problem);
    } finally {
      atOnce -= 1;
    }
  };
};

const isKnown = (header: string | undefined, tag: string): boolean =>
  header?.split(',').some((one) => one.trim().replace(/^W\//, '') === tag || one.trim() === '*') ?? false;

/** If-Range with another tag, or a date, which these bytes do not have: the whole. */
const rangeOf = ({ byteSize }: FoundBytes, tag: string, { headers }: IncomingMessage) =>
  byteSize === null || (headers['if-range'] ?? tag) !== tag ? undefined : readRange(headers.range, byteSize);

/** RFC 6266: a name in ASCII for old clients, and the whole name. */
const dispositionOf = ({ filename, isInline }: FoundBytes): string => {
  const plain = filename.replaceAll(/[^\x20-\x7e]|["\\%]/g, '_');
  const encoded = encodeURIComponent(filename).replaceAll(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `${isInline ? 'inline' : 'attachment'}; filename="${plain}"; filename*=UTF-8''${encoded}`;
};

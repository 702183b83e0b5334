/** PUT of a file's bytes to the link that `createUpload` gave. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Attachments } from '../domain/files/attachments.js';
import { readProof, UPLOADS_PATH } from '../domain/files/file-links.js';
import { FileRefusal, fileNotFound } from '../domain/files/file-refusal.js';
import type { StoredFile } from '../domain/files/upload-row.js';
import type { Uploads, UploadUnderway } from '../domain/files/uploads.js';
import { encodeGlobalId } from '../graphql/global-id.js';
import type { Logger } from '../log-line.js';
import { answerJson, NO_STORE } from './answer.js';
import { LEAST_RATE, watchRate, type LeastRate } from './least-rate.js';
import { answerProblem, problemOf } from './problem.js';

export interface UploadRequestsOptions {
  uploads: Pick<Uploads, 'begin'>;
  attachments: Pick<Attachments, 'link'>;
  logger: Logger;
  leastRate?: LeastRate | undefined;
}

/** Answers one request below `UPLOADS_PATH`. Never rejects. */
export type AnswerFile = (request: IncomingMessage, response: ServerResponse, requestId: string) => Promise<void>;

export const createUploadRequests = ({
  uploads,
  attachments,
  logger,
  leastRate = LEAST_RATE,
}: UploadRequestsOptions): AnswerFile => {
  const receive = async (underway: UploadUnderway, request: IncomingMessage, response: ServerResponse) => {
    if (Number(request.headers['content-length'] ?? 0) > underway.maxBytes)
      throw new FileRefusal('TOO_LONG', `At most ${underway.maxBytes} bytes were announced`);
    // It asks (Expect: 100-continue) before it sends the bytes.
    if (request.headers.expect !== undefined) response.writeContinue();
    const aborting = new AbortController();
    const { socket } = request;
    const readBefore = socket.bytesRead;
    const stopWatching = watchRate(
      leastRate,
      () => socket.bytesRead - readBefore,
      () => aborting.abort(new FileRefusal('TOO_SLOW', 'The bytes came too slowly')),
    );
    request.once('end', stopWatching);
    response.once('close', () => aborting.abort(new Error('The client left')));
    try {
      return await underway.receive(request, aborting.signal);
    } finally {
      stopWatching();
    }
  };

  const put = async (request: IncomingMessage, response: ServerResponse): Promise<StoredFile> => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
    const [, id] = /^([1-9]\d{0,17})$/.exec(pathname.slice(UPLOADS_PATH.length)) ?? [];
    const proof = readProof(searchParams);
    if (id === undefined || proof === null) throw fileNotFound();
    const underway = await uploads.begin(BigInt(id), proof);
    try {
      return await receive(underway, request, response);
    } finally {
      underway.end();
    }
  };

  /** The fields of the `Attachment` of the schema. */
  const describe = (file: StoredFile) => {
    const { filename, kind, contentType, byteSize, width, height, thumbHash } = file;
    const { url, expiresAt } = attachments.link(file);
    const id = encodeGlobalId('Attachment', file.id);
    return { id, filename, kind, contentType, byteSize, width, height, thumbHash, url, urlExpiresAt: expiresAt };
  };

  return async (request, response, requestId) => {
    const log = logger.child({ requestId });
    if (request.method !== 'PUT') {
      const problem = { status: 405, code: 'METHOD', detail: 'Only PUT here' } as const;
      return answerProblem(request, response, problem, { Allow: 'PUT, OPTIONS' });
    }
    if ((request.headers['content-encoding'] ?? 'identity').trim().toLowerCase() !== 'identity') {
      const problem = { status: 415, code: 'ENCODING', detail: 'Send the bytes as they are, not compressed' } as const;
      return answerProblem(request, response, problem);
    }
    try {
      const file = await put(request, response);
      log.info({ userId: file.ownerId, bytes: file.byteSize, contentType: file.contentType }, 'Uploaded');
      answerJson(response, 201, describe(file), NO_STORE);
    } catch (error) {
      const problem = problemOf(error, response, log);
      if (problem !== undefined && !response.destroyed) answerProblem(request, response, problem);
    }
  };
};

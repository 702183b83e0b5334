/** Files in an S3-compatible bucket, under their hash. Whole requests are signed; the bytes go through this node. */
import { createReadStream } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { AwsClient } from 'aws4fetch';
import type { BucketWay } from '../files-url.js';
import { checkKey, StoreUnavailableError, type FileStore } from './file-store.js';

export interface BucketStoreOptions {
  way: BucketWay;
  /** The folder for bytes on their way. */
  spool: string;
  /** How long the bucket may take to begin its answer. */
  answerMs?: number;
}

const ANSWER_MS = 10_000;
/** The slowest way to a bucket that is waited for. */
const LEAST_BYTES_PER_MS = 1000;
const DELETE_MS = 3000;
const TRIES = 3;
const PAUSE_MS = 200;

interface Ask {
  method: 'GET' | 'HEAD' | 'PUT' | 'DELETE';
  headers?: Record<string, string>;
  /** A new one for each try. */
  body?: () => Readable;
  withinMs: number;
  tries?: number;
}

/** @throws StoreUnavailableError if the folder cannot be made; the bucket is not asked yet */
export const createBucketStore = async ({
  way,
  spool,
  answerMs = ANSWER_MS,
}: BucketStoreOptions): Promise<FileStore> => {
  await mkdir(spool, { recursive: true, mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    throw new StoreUnavailableError(error.code ?? 'unknown', { cause: error });
  });
  const { accessKeyId, secretAccessKey, region } = way;
  const client = new AwsClient({ accessKeyId, secretAccessKey, region, service: 's3' });

  /** @returns its answer: 200, 204, 206 or 404, with the body unread */
  const ask = async (
    key: string,
    { method, headers = {}, body, withinMs, tries: mostTries = TRIES }: Ask,
  ): Promise<Response> => {
    const url = `${way.url}/${checkKey(key)}`;
    for (let tries = 1; ; tries++) {
      const late = new AbortController();
      const timer = setTimeout(() => late.abort(new Error('It did not answer in time')), withinMs);
      const sent = body?.();
      try {
        const request = await client.sign(url, {
          method,
          headers,
          ...(sent && { body: Readable.toWeb(sent) as unknown as BodyInit }),
        });
        const response = await fetch(request, { signal: late.signal });
        if (response.ok || response.status === 404) return response;
        const said = codeOf(await response.text());
        if (response.status < 500 || tries === mostTries)
          throw new StoreUnavailableError(`the bucket answers ${response.status}${said && ` ${said}`}`);
      } catch (error) {
        if (error instanceof StoreUnavailableError) throw error;
        if (tries === mostTries || late.signal.aborted)
          throw new StoreUnavailableError('the bucket does not answer', { cause: error });
      } finally {
        clearTimeout(timer);
        sent?.destroy();
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * tries));
    }
  };

  return {
    description: `the bucket ${way.url}`,
    spool,

    put: async (key, path) => {
      const { size } = await stat(path).catch((error: unknown) => {
        throw new StoreUnavailableError('the bytes on their way are gone', { cause: error });
      });
      const response = await ask(key, {
        method: 'PUT',
        // A key that is a hash alone is that of these bytes: the bucket then checks what it received.
        headers: { 'Content-Length': String(size), ...(key.includes('.') ? {} : { 'X-Amz-Content-Sha256': key }) },
        body: () => createReadStream(path),
        withinMs: answerMs + size / LEAST_BYTES_PER_MS,
      });
      await response.body?.cancel();
      if (!response.ok) throw new StoreUnavailableError('there is no such bucket');
    },

    read: async (key, range) => {
      const headers: Record<string, string> =
        range === undefined ? {} : { Range: `bytes=${range.first}-${range.last}` };
      const response = await ask(key, { method: 'GET', headers, withinMs: answerMs });
      if (response.status === 404 || response.body === null) {
        await response.body?.cancel();
        return null;
      }
      const stream = Readable.fromWeb(response.body as ReadableStream<Uint8Array>);
      return { size: Number(response.headers.get('content-length')), stream };
    },

    size: async (key) => {
      const response = await ask(key, { method: 'HEAD', withinMs: answerMs });
      return response.ok ? Number(response.headers.get('content-length')) : null;
    },

    delete: async (key) => {
      // Who deletes holds a lock meanwhile: nothing may be deleted after that was given up.
      const response = await ask(key, { method: 'DELETE', withinMs: Math.min(answerMs, DELETE_MS), tries: 1 });
      await response.body?.cancel();
    },
  };
};

/** Of an error in XML: `SignatureDoesNotMatch`. */
const codeOf = (xml: string): string => /<Code>([A-Za-z]{1,64})<\/Code>/.exec(xml)?.[1] ?? '';

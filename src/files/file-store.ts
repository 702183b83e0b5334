/** The port behind which the bytes of files lie: a folder or a bucket. */
import type { Readable } from 'node:stream';

/**
 * Keeps bytes under keys that its callers derive from the bytes, so equal keys mean equal bytes: storing them again changes nothing.
 * Knows nothing of owners, names and types.
 */
export interface FileStore {
  /** For log lines; without secrets. */
  readonly description: string;
  /** A folder of this machine for bytes on their way. What lies there may be lost at any time but while it is being stored. */
  readonly spool: string;
  /**
   * Stores the file at `path`, and may take it away from there. Atomic: a reader finds all of it or nothing. Once it resolves, the
   * bytes survive the loss of power; if it rejects, they may or may not be stored.
   *
   * @throws StoreUnavailableError
   */
  put(key: string, path: string): Promise<void>;
  /**
   * Reads what `put` has stored. Whoever asks must consume or destroy the stream.
   *
   * @param range all of it if undefined
   * @returns null if there is nothing under `key`
   * @throws StoreUnavailableError; the stream too, if the store fails while it is read
   */
  read(key: string, range?: ByteRange): Promise<StoredBytes | null>;
  /** How many bytes lie under `key`; null if none do. @throws StoreUnavailableError */
  size(key: string): Promise<number | null>;
  /**
   * Idempotent. A stream that is being read may end early.
   *
   * @throws StoreUnavailableError: it may or may not be deleted
   */
  delete(key: string): Promise<void>;
}

/** The first and the last byte, from 0; both within the file. */
export interface ByteRange {
  first: number;
  last: number;
}

export interface StoredBytes {
  /** How many bytes `stream` gives. */
  size: number;
  stream: Readable;
}

/** The store is away, refuses, or is full. Trying again later may help. */
export class StoreUnavailableError extends Error {
  override name = 'StoreUnavailableError';
  /** @param reason for the log; completes "Files cannot be … :" */
  constructor(reason: string, options?: ErrorOptions) {
    super(`The file store is not available: ${reason}`, options);
  }
}

/** As the callers of this port make them: a hash in hexadecimal, and a variant of those bytes. */
const KEY = /^[0-9a-f]{64}(\.[a-z0-9]{1,16})?$/;

/** Against keys that would lead out of the store. @throws TypeError */
export const checkKey = (key: string): string => {
  if (!KEY.test(key)) throw new TypeError('Not a key of a file');
  return key;
};

/** A secret setting may be in a file, which is how containers receive secrets: NAME_FILE holds the path. */
import { closeSync, openSync, readSync } from 'node:fs';

/** No secret is longer. Protects against endless files. */
const MAX_BYTES = 1024 * 1024;

/** `reason` completes "NAME_FILE is …". */
export type SecretFile = { content: string } | { reason: string };

export const fileNameOf = (name: string): string => `${name}_FILE`;

/** @returns the trimmed content, or a reason if the file cannot be read or is empty */
export const readSecretFile = (path: string): SecretFile => {
  try {
    const file = openSync(path, 'r');
    try {
      const content = readStart(file).toString('utf8').trim();
      if (content.length > MAX_BYTES) return { reason: `a file of more than ${MAX_BYTES} bytes` };
      return content === '' ? { reason: 'an empty file' } : { content };
    } finally {
      closeSync(file);
    }
  } catch (error) {
    return { reason: `a file that cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unreadable'})` };
  }
};

/** Reads one byte beyond the limit, to detect longer files. */
const readStart = (file: number): Buffer => {
  const buffer = Buffer.alloc(MAX_BYTES + 1);
  let length = 0;
  for (let read = -1; read !== 0 && length < buffer.length; length += read) {
    read = readSync(file, buffer, length, buffer.length - length, null);
  }
  return buffer.subarray(0, length);
};

/** The file to import, read line by line and again at any offset. Input that can be read only once is copied to a temporary file. */
import {
  closeSync,
  createReadStream,
  createWriteStream,
  fstatSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { ImportSource, SourceLine } from '../../import/import-lines.js';

export interface LineFile extends ImportSource {
  /** In bytes. */
  readonly size: number;
  close(): void;
}

export interface LineFileOptions {
  /** `-` is standard input. */
  path: string;
  onRead?: (bytes: number) => void;
}

const CHUNK = 1024 * 1024;
const MAX_LINE = CHUNK;
const LINE_FEED = 10;

/** @throws the file system's errors */
export const openLineFile = async ({ path, onRead }: LineFileOptions): Promise<LineFile> => {
  if (path !== '-' && statSync(path).isFile()) return readingFrom(openSync(path, 'r'), onRead);

  const folder = mkdtempSync(join(tmpdir(), 'parley-import-'));
  try {
    const copy = join(folder, 'lines.jsonl');
    const stream = path === '-' ? process.stdin : createReadStream(path);
    await pipeline(stream, createWriteStream(copy, { mode: 0o600 }));
    // The open file stays readable after its name is removed, so nobody has to clean up.
    return readingFrom(openSync(copy, 'r'), onRead);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

const readingFrom = (file: number, onRead?: (bytes: number) => void): LineFile => {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const textOf = (bytes: Uint8Array): string | null => {
    try {
      return decoder.decode(bytes);
    } catch {
      return null;
    }
  };

  return {
    size: fstatSync(file).size,

    lines: function* (): Iterable<SourceLine> {
      const chunk = Buffer.alloc(CHUNK);
      let [number, offset, start] = [0, 0, 0];
      let rest: Buffer[] = [];
      const lineTo = (end: Buffer): SourceLine => {
        const length = offset - start;
        number += 1;
        const text = length > MAX_LINE ? null : textOf(Buffer.concat([...rest, end]));
        return { number, text, offset: start, length };
      };
      for (;;) {
        const read = readSync(file, chunk, 0, CHUNK, offset);
        if (read === 0) break;
        const begin = offset;
        let from = 0;
        for (let end = chunk.indexOf(LINE_FEED); end >= 0 && end < read; end = chunk.indexOf(LINE_FEED, from)) {
          offset = begin + end;
          yield lineTo(chunk.subarray(from, end));
          rest = [];
          from = end + 1;
          start = begin + from;
        }
        offset = begin + read;
        // A line that is too long need not be kept.
        if (offset - start <= MAX_LINE) rest.push(Buffer.from(chunk.subarray(from, read)));
        onRead?.(read);
      }
      if (offset > start) yield lineTo(Buffer.alloc(0));
    },

    readLine: (offset, length) => {
      const bytes = Buffer.alloc(length);
      const read = readSync(file, bytes, 0, length, offset);
      return textOf(bytes.subarray(0, read)) ?? '';
    },

    close: () => closeSync(file),
  };
};

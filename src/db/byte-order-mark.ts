/**
 * PGlite decodes each value of a row with a TextDecoder, which takes a leading U+FEFF for a byte order mark and drops it. To preserve
 * a text that begins with one, each such text gets a second one on its way to PGlite's parser.
 */
import { protocol } from '@electric-sql/pglite';

type Parse = (typeof protocol.Parser)['prototype']['parse'];

const MARK = Buffer.from('\ufeff');
const DATA_ROW = 'D'.charCodeAt(0);
/** Of each message: one byte for its kind, four for the length of the rest, including these four. */
const HEADER = 5;

/** Once per process: all databases in it share the parser's class. Idempotent. */
export const keepByteOrderMarks = (): void => {
  const { prototype } = protocol.Parser;
  if (patched.has(prototype)) return;
  patched.add(prototype);
  const parse: Parse = prototype.parse;
  /** The received part of each parser's next message. */
  const begun = new WeakMap<object, Buffer>();
  prototype.parse = function (this: InstanceType<typeof protocol.Parser>, bytes, callback) {
    const view = ArrayBuffer.isView(bytes)
      ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      : Buffer.from(bytes);
    const before = begun.get(this);
    const all = before === undefined ? view : Buffer.concat([before, view]);
    const end = endOfMessages(all);
    if (end === all.length) begun.delete(this);
    else begun.set(this, Buffer.from(all.subarray(end)));
    if (end > 0) parse.call(this, doubleMarks(all.subarray(0, end)), callback);
  };
};

const patched = new WeakSet<object>();

/** The end of the last complete message. */
const endOfMessages = (bytes: Buffer): number => {
  let end = 0;
  while (end + HEADER <= bytes.length) {
    const next = end + 1 + bytes.readUInt32BE(end + 1);
    if (next > bytes.length) break;
    end = next;
  }
  return end;
};

const doubleMarks = (messages: Buffer): Buffer => {
  if (!messages.includes(MARK)) return messages;
  const parts: Buffer[] = [];
  for (let start = 0; start < messages.length;) {
    const end = start + 1 + messages.readUInt32BE(start + 1);
    const message = messages.subarray(start, end);
    parts.push(message[0] === DATA_ROW && message.includes(MARK) ? rowWithDoubledMarks(message) : message);
    start = end;
  }
  return Buffer.concat(parts);
};

/** A row: the number of values, and for each its length, -1 for null, and its bytes. */
const rowWithDoubledMarks = (row: Buffer): Buffer => {
  const parts: Buffer[] = [Buffer.from(row.subarray(0, HEADER + 2))];
  for (let start = HEADER + 2; start < row.length;) {
    const length = row.readInt32BE(start);
    const value = row.subarray(start + 4, start + 4 + Math.max(length, 0));
    if (value.indexOf(MARK) === 0) {
      const longer = Buffer.alloc(4);
      longer.writeInt32BE(length + MARK.length);
      parts.push(longer, MARK, value);
    } else {
      parts.push(row.subarray(start, start + 4), value);
    }
    start += 4 + value.length;
  }
  const doubled = Buffer.concat(parts);
  doubled.writeUInt32BE(doubled.length - 1, 1);
  return doubled;
};

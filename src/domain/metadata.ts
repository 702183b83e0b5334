/**
 * Products' own data for users, chats and messages: one JSON object each. It is stored as text, which preserves the order of its
 * names and its numbers as they were sent; null stands for an empty object.
 */
import { InvalidInputError, type Problem } from './errors.js';
import { isStorable, NOT_STORABLE_PROBLEM } from './text.js';

export type JsonObject = Readonly<Record<string, unknown>>;

/** Of its JSON text in UTF-8. */
export const MAX_METADATA_BYTES = 4096;
/** Less than any common JSON parser accepts, even if the object is nested in another one. */
const MAX_DEPTH = 32;

/**
 * @param metadata made of JSON types only; null and undefined are an empty object
 * @returns its text, or the problem with it
 */
export const readMetadata = (
  metadata: JsonObject | null | undefined,
): { text: string | null } | { problem: Problem } => {
  if (metadata === null || metadata === undefined) return { text: null };
  const problem = contentProblem(metadata);
  if (problem !== undefined) return { problem };
  const text = JSON.stringify(metadata);
  if (Buffer.byteLength(text) > MAX_METADATA_BYTES) return { problem: TOO_LONG };
  return { text: text === '{}' ? null : text };
};

/** The problem with an input's `metadata`, or nothing. */
export const metadataProblem = (metadata: JsonObject | null | undefined): Problem | undefined => {
  const read = readMetadata(metadata);
  return 'problem' in read ? read.problem : undefined;
};

/** As `readMetadata`. @throws InvalidInputError (path `metadata`) */
export const checkedMetadata = (metadata: JsonObject | null | undefined): string | null => {
  const read = readMetadata(metadata);
  if ('text' in read) return read.text;
  throw new InvalidInputError([{ path: ['metadata'], ...read.problem }]);
};

export const metadataOf = (text: string | null | undefined): JsonObject =>
  typeof text !== 'string' ? {} : (JSON.parse(text) as JsonObject);

/** The same for objects that differ only in the order of their names, as some clients' retries do. */
export const canonicalMetadata = (text: string): string => JSON.stringify(sorted(JSON.parse(text)));

const sorted = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  // `fromEntries` defines properties: `__proto__` is a name like any other.
  const entries = Object.entries(value).map(([name, one]): [string, unknown] => [name, sorted(one)]);
  return Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1)));
};

const NOT_EXACT: Problem = {
  code: 'OUT_OF_RANGE',
  reason: 'must not contain whole numbers beyond ±(2^53 - 1), which many programs cannot read: write them as text',
};
const TOO_LONG: Problem = {
  code: 'TOO_LONG',
  reason: `must be at most ${MAX_METADATA_BYTES} bytes long as JSON`,
  limit: MAX_METADATA_BYTES,
};
const TOO_DEEP: Problem = {
  code: 'TOO_MANY',
  reason: `must be nested at most ${MAX_DEPTH} levels deep`,
  limit: MAX_DEPTH,
};

/** Without recursion: the input may be nested deeper than the stack. */
const contentProblem = (metadata: JsonObject): Problem | undefined => {
  let level: unknown[] = [metadata];
  let left = MAX_METADATA_BYTES;
  for (let depth = 1; level.length > 0; depth += 1) {
    const next: unknown[] = [];
    for (const value of level) {
      if (typeof value === 'string') {
        if (value.length > MAX_METADATA_BYTES) return TOO_LONG;
        if (!isStorable(value)) return NOT_STORABLE_PROBLEM;
      }
      if (typeof value === 'number' && !isExact(value)) return NOT_EXACT;
      if (typeof value !== 'object' || value === null) continue;
      if (depth > MAX_DEPTH) return TOO_DEEP;
      const entries = Object.entries(value);
      // Each entry takes at least one byte. A literal may use one variable's value thousands of times.
      left -= entries.length;
      if (left < 0) return TOO_LONG;
      for (const [name, one] of entries) {
        if (name.length > MAX_METADATA_BYTES) return TOO_LONG;
        if (!isStorable(name)) return NOT_STORABLE_PROBLEM;
        next.push(one);
      }
    }
    level = next;
  }
  return undefined;
};

/** The JSON parser has already rounded larger integers. */
const isExact = (number: number) =>
  Number.isFinite(number) && (!Number.isInteger(number) || Number.isSafeInteger(number));

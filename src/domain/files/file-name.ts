/** Names of files: as their senders gave them, without what could mislead whoever receives them. */
import type { Problem } from '../errors.js';
import { isBlank, isStorable, NOT_STORABLE_PROBLEM } from '../text.js';

/** As file systems have it. */
const MAX_BYTES = 255;

/** Without the path that some clients send along, and without characters that turn the direction of writing: they hide an ending. */
export const cleanFileName = (written: string): string => {
  const name = written.slice(Math.max(written.lastIndexOf('/'), written.lastIndexOf('\\')) + 1);
  return name.replaceAll(/\p{Bidi_Control}/gu, '').trim();
};

/** @param name cleaned */
export const fileNameProblem = (name: string): Problem | undefined => {
  if (Buffer.byteLength(name) > MAX_BYTES)
    return { code: 'TOO_LONG', reason: `must be at most ${MAX_BYTES} bytes long in UTF-8`, limit: MAX_BYTES };
  if (!isStorable(name)) return NOT_STORABLE_PROBLEM;
  if (/[\p{Cc}\u2028\u2029]/u.test(name)) return { code: 'MALFORMED', reason: 'must not contain control characters' };
  return isBlank(name) || /^\.+$/.test(name) ? { code: 'BLANK', reason: 'must not be empty' } : undefined;
};

/** Checks of a message's text, and of the client's key for it. */
import { InvalidInputError, TextEmptyError, TextTooLongError, type Problem } from './errors.js';

/** PostgreSQL stores neither NUL nor an unpaired surrogate. */
const NOT_STORABLE = /[\0\p{Surrogate}]/u;
// White space and controls; what fonts omit, such as zero-width space, Hangul fillers and variation selectors; interlinear
// annotation marks; and symbols that are drawn as nothing: a Braille cell without dots, a note without a head.
const SHOWN = /[^\s\p{Cc}\p{Default_Ignorable_Code_Point}\u2800\ufff9-\ufffb\u{1d159}]/u;
const KEY_MAX_LENGTH = 128;

export const isStorable = (text: string): boolean => !NOT_STORABLE.test(text);

/** Whether nothing in it is visible. Within visible text such characters have their use: they join emoji and letters. */
export const isBlank = (text: string): boolean => !SHOWN.test(text);

export const NOT_STORABLE_PROBLEM: Problem = {
  code: 'MALFORMED',
  reason: 'must not contain NUL or half a surrogate pair',
};

/** In code points, without building a list of them; an unpaired surrogate counts as one. */
export const codePointLength = (text: string): number => {
  let length = 0;
  for (let index = 0; index < text.length; index += 1) {
    if (text.codePointAt(index)! > 0xffff) index += 1;
    length += 1;
  }
  return length;
};

/** Bytes first: a code point has one to four. */
export const isLonger = (text: string, maxLength: number): boolean => {
  const bytes = Buffer.byteLength(text);
  return bytes > 4 * maxLength || (bytes > maxLength && codePointLength(text) > maxLength);
};

/**
 * Checks a message's text, which is stored exactly as sent. It may also have to be more than blank: `checkNotBlank`.
 *
 * @param maxLength in code points
 * @throws TextTooLongError, InvalidInputError (path `text`)
 */
export const checkText = (text: string, maxLength: number): void => {
  if (isLonger(text, maxLength)) throw new TextTooLongError(codePointLength(text), maxLength);
  if (!isStorable(text)) throw new InvalidInputError([{ path: ['text'], ...NOT_STORABLE_PROBLEM }]);
};

/** A text without visible characters counts as empty. @throws TextEmptyError */
export const checkNotBlank = (text: string): void => {
  if (isBlank(text)) throw new TextEmptyError();
};

/**
 * Checks a client's own key for a message.
 *
 * @throws InvalidInputError (path `clientMessageId`)
 */
export const checkClientMessageId = (key: string): void => {
  const problem = keyProblem(key);
  if (problem !== undefined) throw new InvalidInputError([{ path: ['clientMessageId'], ...problem }]);
};

const keyProblem = (key: string): Problem | undefined => {
  const reason = `must be 1 to ${KEY_MAX_LENGTH} characters long`;
  if (key === '') return { code: 'BLANK', reason };
  if (isLonger(key, KEY_MAX_LENGTH)) return { code: 'TOO_LONG', reason, limit: KEY_MAX_LENGTH };
  return isStorable(key) ? undefined : NOT_STORABLE_PROBLEM;
};

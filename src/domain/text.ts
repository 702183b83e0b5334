/** What a message may say, and what a client may call it. */
import { InvalidInputError, TextEmptyError, TextTooLongError } from './errors.js';

/** PostgreSQL keeps neither NUL nor half a surrogate pair. */
const NOT_STORABLE = /[\0\p{Surrogate}]/u;
const KEY_MAX_LENGTH = 128;

export const isStorable = (text: string): boolean => !NOT_STORABLE.test(text);

/** In code points, without building a list of them; half a surrogate pair counts as one. */
export const codePointLength = (text: string): number => {
  let length = 0;
  for (let index = 0; index < text.length; index += 1) {
    if (text.codePointAt(index)! > 0xffff) index += 1;
    length += 1;
  }
  return length;
};

/** Bytes first: no code point has more than four of them, and none has less than one. */
const isLonger = (text: string, maxLength: number): boolean => {
  const bytes = Buffer.byteLength(text);
  return bytes > 4 * maxLength || (bytes > maxLength && codePointLength(text) > maxLength);
};

/**
 * Checks a message's text, which is kept exactly as it was sent. Only what JavaScript's `\s` matches is empty: Unicode's white
 * space and the byte order mark, but no other invisible characters, since emoji are joined by them.
 *
 * @param maxLength in code points
 * @throws TextTooLongError, InvalidInputError (path `text`), TextEmptyError
 */
export const checkText = (text: string, maxLength: number): void => {
  if (isLonger(text, maxLength)) throw new TextTooLongError(codePointLength(text), maxLength);
  if (!isStorable(text)) {
    throw new InvalidInputError([{ path: ['text'], reason: 'must not contain NUL or half a surrogate pair' }]);
  }
  if (!/\S/.test(text)) throw new TextEmptyError();
};

/**
 * Checks a client's own key for a message.
 *
 * @throws InvalidInputError (path `clientMessageId`)
 */
export const checkClientMessageId = (key: string): void => {
  const reason =
    key === '' || isLonger(key, KEY_MAX_LENGTH)
      ? `must be 1 to ${KEY_MAX_LENGTH} characters long`
      : isStorable(key)
        ? undefined
        : 'must not contain NUL or half a surrogate pair';
  if (reason !== undefined) throw new InvalidInputError([{ path: ['clientMessageId'], reason }]);
};

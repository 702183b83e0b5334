/**
 * The words that messages are found by: the same of a text and of a query, on every database. PostgreSQL's own folding does nothing to
 * letters beyond ASCII if LC_CTYPE is C, and its parser takes a Chinese sentence for one word. Stems are made of these words in SQL.
 */
import { foldCase } from './keys.js';

/** A word of a text, and where it stands there, in UTF-16 code units. */
export interface PlacedWord {
  word: string;
  start: number;
  end: number;
}

const SPAN = /[\p{L}\p{N}\p{M}\p{Default_Ignorable_Code_Point}]+/gu;
/** What folding makes of a span may have other characters in it: ½ is 1⁄2. */
const WORD = /[\p{L}\p{N}\p{M}]+/gu;
const IGNORED = /\p{Default_Ignorable_Code_Point}/gu;
/** Stress, as dictionaries mark it. */
const STRESS = /(?<=\p{Script=Cyrillic})[\u0300\u0301]/gu;
/** Scripts that may put no spaces between words. */
const OTHER_SCRIPT = /(?=\p{L})[^\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}]/u;

/** What most texts are made of: these letters are folded by lower case alone, which takes a tenth of the time. */
const PLAIN = /^[\t\n\r -~\u0401\u0410-\u044f\u0451\u00a0\u00ab\u00bb\u2013\u2014\u2018-\u201f\u2026]*$/;
const PLAIN_WORD = /[0-9a-z\u0430-\u044f]+/g;

/** In code points. What is longer is found by its beginning. */
const MAX_WORD = 64;
/** In UTF-16 code units, of all words of a text: a tsvector has room for no more than 1 MB. */
const MAX_WORDS = 100_000;

// The locale does not matter: words of scripts without spaces are told by dictionaries of these scripts.
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
const words = new Intl.Segmenter('en', { granularity: 'word' });

const fold = (text: string): string =>
  foldCase(text.normalize('NFKC')).replace(IGNORED, '').replace(STRESS, '').replaceAll('ё', 'е');

const cut = (word: string): string => (word.length > MAX_WORD ? /^.{0,64}/su.exec(word)![0] : word);

/** In order. Two words may stand in the same place. */
export function* placedWordsOf(text: string): Generator<PlacedWord, void, void> {
  let length = 0;
  for (const found of text.matchAll(SPAN)) {
    for (const placed of wordsOfSpan(found[0], found.index)) {
      length += placed.word.length + 1;
      if (length > MAX_WORDS) return;
      yield placed;
    }
  }
}

/** @returns separated by spaces, for `to_tsvector` */
export const wordsOf = (text: string): string =>
  text.length < MAX_WORDS / 2 && PLAIN.test(text)
    ? (text.toLowerCase().replaceAll('ё', 'е').match(PLAIN_WORD) ?? []).map(cut).join(' ')
    : Array.from(placedWordsOf(text), ({ word }) => word).join(' ');

const wordsOfSpan = (span: string, start: number): PlacedWord[] => {
  const folded = fold(span);
  if (OTHER_SCRIPT.test(folded)) return segmentsOf(span, start);
  return Array.from(folded.matchAll(WORD), ([word]) => ({ word: cut(word), start, end: start + span.length }));
};

/** Folded first, as halfwidth kana are words only then; grapheme by grapheme, so that each is known where it came from. */
const segmentsOf = (span: string, start: number): PlacedWord[] => {
  let folded = '';
  const origins: { start: number; end: number }[] = [];
  for (const { segment, index } of graphemes.segment(span)) {
    const part = fold(segment);
    folded += part;
    const origin = { start: start + index, end: start + index + segment.length };
    for (let unit = 0; unit < part.length; unit += 1) origins.push(origin);
  }
  return Array.from(words.segment(folded)).flatMap(({ segment, index }) =>
    Array.from(segment.matchAll(WORD), (found) => ({
      word: cut(found[0]),
      start: origins[index + found.index]!.start,
      end: origins[index + found.index + found[0].length - 1]!.end,
    })),
  );
};

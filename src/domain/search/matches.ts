/** Where the words of a query stand in the messages of a page. */
import type { Queryable } from '../../db/database.js';
import { toVector } from '../../log/indexed.js';
import { codePointLength } from '../text.js';
import { placedWordsOf, type PlacedWord } from '../words.js';
import type { SearchTerms, Terms } from './search-terms.js';

/** Start and end of a word in the text, in code points. */
export type Match = [start: number, end: number];

const MAX_MATCHES = 100;

/** The words of the page that each term finds: asked of the database, as it alone knows what it stems to what. */
const HITS = `WITH word AS MATERIALIZED (
    SELECT n, ${toVector('word')} AS vector FROM unnest($1::text[]) WITH ORDINALITY AS word(word, n)
  )
  SELECT term.n::int AS term, array_agg(word.n::int) AS words
  FROM unnest($2::text[]) WITH ORDINALITY AS term(query, n) JOIN word ON word.vector @@ term.query::tsquery GROUP BY term.n`;

/** @returns those of each text, in order, at most 100 each; one statement for all */
export const readMatches = async (
  db: Queryable,
  { groups }: SearchTerms,
  texts: readonly string[],
): Promise<Match[][]> => {
  const placed = texts.map((text) => [...placedWordsOf(text)]);
  const words = [...new Set(placed.flatMap((these) => these.map(({ word }) => word)))];
  const terms = [...new Set(groups.flat().filter((term) => term !== null))];
  if (words.length === 0 || terms.length === 0) return texts.map(() => []);
  const rows = await db.query<{ term: number; words: number[] }>(HITS, [words, terms]);
  const found = new Map(rows.map((row) => [terms[row.term - 1]!, new Set(row.words.map((n) => words[n - 1]!))]));
  const isHit = (term: string | null, word: string) => term === null || found.get(term)?.has(word) === true;
  return texts.map((text, index) => {
    const hits = new Set(groups.flatMap((terms) => hitsOf(placed[index]!, terms, isHit)));
    return inCodePoints(text, hits);
  });
};

/** The words of a text where all terms stand in order, one after the other. */
const hitsOf = (
  placed: readonly PlacedWord[],
  terms: Terms,
  isHit: (term: string | null, word: string) => boolean,
): PlacedWord[] => {
  if (terms.length === 0) return [];
  const startsAt = (start: number) =>
    terms.every((term, offset) => {
      const placedWord = placed[start + offset];
      return placedWord !== undefined && isHit(term, placedWord.word);
    });
  return placed.flatMap((_word, start) =>
    startsAt(start)
      ? placed.slice(start, start + terms.length).filter((_placed, offset) => terms[offset] !== null)
      : [],
  );
};

const inCodePoints = (text: string, hits: ReadonlySet<PlacedWord>): Match[] => {
  const matches: Match[] = [];
  let [units, points] = [0, 0];
  const pointOf = (unit: number) => {
    points += codePointLength(text.slice(units, unit));
    units = unit;
    return points;
  };
  for (const { start, end } of [...hits].sort((one, other) => one.start - other.start)) {
    const last = matches.at(-1);
    if (last !== undefined && start <= units) {
      // In the same place, as the two of ½; or joined, in scripts without spaces.
      last[1] = pointOf(Math.max(units, end));
      continue;
    }
    if (matches.length === MAX_MATCHES) break;
    matches.push([pointOf(start), pointOf(end)]);
  }
  return matches;
};

/** What a query asks for: words, and words that stand together; and what PostgreSQL makes of each word. */
import type { Queryable } from '../../db/database.js';
import { HAS_FILES_QUERY } from '../../log/indexed.js';
import { BadUserInputError } from '../bad-user-input.js';
import { isLonger } from '../text.js';
import { placedWordsOf } from '../words.js';

/** Words of the query that must stand together, in this order; most often only one. */
type Group = readonly string[];

/** A group as it is searched for; null for a word that is too common to be indexed, such as и or the. */
export type Terms = readonly (string | null)[];

export interface SearchTerms {
  /** The tsquery as text; null if nothing can match. */
  query: string | null;
  /** Each term is the text of a tsquery. */
  groups: readonly Terms[];
}

const MAX_LENGTH = 200;
const MAX_WORDS = 20;
const QUOTES = /["“”„«»]/u;

/**
 * Quotes hold their words together; so does everything else that has no space within: example.com is two words.
 *
 * @returns the groups; the last one's last word may be a beginning unless `isEndClosed`
 * @throws BadUserInputError for more than 200 characters or 20 words
 */
export const parseQuery = (query: string): { groups: Group[]; isEndClosed: boolean } => {
  if (isLonger(query, MAX_LENGTH)) throw new BadUserInputError(`query must be at most ${MAX_LENGTH} characters long`);
  const parts = query.split(QUOTES);
  const groups = parts.flatMap((part, index) => (index % 2 === 1 ? [part] : part.split(/\s+/u)).map(groupOf));
  const asked = groups.filter((group) => group.length > 0);
  if (asked.flat().length > MAX_WORDS) throw new BadUserInputError(`query must have at most ${MAX_WORDS} words`);
  // After the last closing quote there is an even number of quotes, and nothing.
  const isEndClosed = parts.length > 1 && parts.length % 2 === 1 && groupOf(parts.at(-1)!).length === 0;
  return { groups: asked, isEndClosed };
};

const groupOf = (text: string): Group => Array.from(placedWordsOf(text), ({ word }) => word);

interface Term {
  stemmed: string;
  /** As a beginning without stemming: слово of a word that is словом so far. */
  beginning: string;
}

const TERMS = `SELECT to_tsquery('russian', word)::text AS stemmed, to_tsquery('simple', word)::text AS beginning
  FROM unnest($1::text[]) WITH ORDINALITY AS given(word, n) ORDER BY n`;

/** The stems come from the database, whose configuration also made those of the messages. */
export const readTerms = async (db: Queryable, query: string): Promise<SearchTerms> => {
  const { groups, isEndClosed } = parseQuery(query);
  // Words are letters, marks and digits: nothing in them needs escaping.
  const words = groups
    .flat()
    .map((word, index, all) => `'${word}'${index === all.length - 1 && !isEndClosed ? ':*' : ''}`);
  const rows = words.length === 0 ? [] : await db.query<Term>(TERMS, [words]);
  const terms = rows.map(({ stemmed }) => (stemmed === '' ? null : stemmed));
  const last = rows.at(-1);
  if (last !== undefined && !isEndClosed) {
    // A word that is not indexed may be the beginning of one that is; but then those who write the word itself would not be found.
    const isOnly = terms.every((term) => term === null);
    if (isOnly || terms.at(-1) !== null)
      terms[terms.length - 1] = [last.stemmed, last.beginning].filter(Boolean).join(' | ');
  }
  let taken = 0;
  const asked = groups.map((group): Terms => trim(terms.slice(taken, (taken += group.length))));
  const queries = asked.filter((group) => group.length > 0).map(queryOf);
  return { query: queries.length === 0 ? null : queries.join(' & '), groups: asked };
};

/** Only messages with files, or without; with files, a query without words finds all of them. */
export const withFiles = (terms: SearchTerms, hasFiles: boolean | null | undefined): SearchTerms => {
  if (hasFiles === null || hasFiles === undefined || (terms.query === null && !hasFiles)) return terms;
  const queries = terms.query === null ? [] : [`(${terms.query})`];
  return { ...terms, query: [...queries, `${hasFiles ? '' : '!'}${HAS_FILES_QUERY}`].join(' & ') };
};

/** Words that are not indexed count only between others. */
const trim = (terms: Terms): Terms => {
  const first = terms.findIndex((term) => term !== null);
  const last = terms.findLastIndex((term) => term !== null);
  return first === -1 ? [] : terms.slice(first, last + 1);
};

const queryOf = (terms: Terms): string => {
  let query = '';
  let distance = 0;
  for (const term of terms) {
    if (term !== null) {
      query += query === '' ? `(${term})` : ` <${distance}> (${term})`;
      distance = 0;
    }
    distance += 1;
  }
  return `(${query})`;
};

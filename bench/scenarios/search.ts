/** A search in 10⁶ messages: of rare words and common ones, alone and together, for one who reads all chats and one who reads few. */
import { isDeepStrictEqual } from 'node:util';
import { startParley, type Parley, type Person } from '../harness/parley.js';
import { showProgress } from '../harness/progress.js';
import { atMost, seriesOf, type Series } from '../harness/result.js';
import { inRounds } from '../harness/rounds.js';
import type { Bench, Scenario } from '../harness/scenario.js';
import { createSpoken, type Spoken } from '../harness/spoken.js';
import { median, percentile } from '../harness/stats.js';

interface Window {
  database: number;
  databaseP95: number;
  p50: number;
  p95: number;
}

interface Kind {
  name: string;
  /** Words that a message has to have; the last one may be typed in part. */
  queries: (spoken: Spoken, count: number) => Promise<string[][]>;
  isPrefix?: boolean;
}

const PAGE = 50;
const SEARCH = `query ($query: String!) { searchMessages(query: $query, first: ${PAGE}) {
  edges { matches node { id text createdAt sender { id username } } } pageInfo { hasNextPage endCursor } indexedFrom } }`;

const of =
  (share: number): Kind['queries'] =>
  async (spoken, count) =>
    (await spoken.wordsIn(share, count)).map((word) => [word]);

const kindsOf = (messages: number): Kind[] => [
  { name: 'in every second message', queries: of(messages / 2) },
  { name: 'in every tenth', queries: of(messages / 10) },
  { name: 'in 1 %', queries: of(messages / 100) },
  { name: 'in 1 ‰', queries: of(messages / 1000) },
  { name: 'in a handful', queries: of(5) },
  {
    name: 'nowhere',
    queries: (_spoken, count) =>
      Promise.resolve(Array.from({ length: count }, (_none, n) => [`qx${'zxwv'[n % 4]!.repeat(1 + (n % 9))}`])),
  },
  {
    name: 'two words of 1 %',
    queries: async (spoken, count) => {
      const words = await spoken.wordsIn(messages / 100, count + 1);
      return words.slice(1).map((word, index) => [words[index]!, word]);
    },
  },
  {
    name: 'the beginning of a word',
    queries: async (spoken, count) => (await of(messages / 1000)(spoken, count)).map(([word]) => [word!.slice(0, 2)]),
    isPrefix: true,
  },
];

export const search: Scenario = async (bench) => {
  const messages = bench.isQuick ? 20_000 : 1_000_000;
  const count = bench.isQuick ? 4 : 40;
  const kinds = kindsOf(messages);
  const parley = await startParley(bench.serverUrl, { name: 'search' });
  const series: Series[] = [];
  const all: Window[] = [];
  try {
    const spoken = await createSpoken(parley, { messages, chats: bench.isQuick ? 99 : 1000 });
    const progress = showProgress('search', kinds.length * spoken.readers.length * (bench.rounds + 1));
    for (const kind of kinds) {
      const queries = await kind.queries(spoken, count);
      for (const { person } of spoken.readers) await check(parley, spoken, { person, kind, words: queries[0]! });
      const windows = await inRounds(spoken.readers, bench.rounds, progress, ({ person }) =>
        measure(bench, parley, person, queries),
      );
      all.push(...[...windows.values()].flat());
      const figures = (unit: string, figure: (window: Window) => number) =>
        seriesOf(windows, { name: kind.name, unit }, figure);
      series.push(
        figures('ms of CPU of PostgreSQL a search (median)', (window) => window.database),
        figures('ms of CPU of PostgreSQL a search (p95)', (window) => window.databaseP95),
        figures('ms until answered (p50)', (window) => window.p50),
        figures('ms until answered (p95)', (window) => window.p95),
      );
    }
    progress.end();
  } finally {
    await parley.stop();
  }
  return {
    title: 'Searching',
    series,
    goals: [atMost('ms of PostgreSQL, p95 of the worst kind', Math.max(...medians(series)), 50)],
    notes: [
      `${messages.toLocaleString('en')} messages of twelve words; windows of ${count} different searches, one after the other; pages of ${PAGE} with matches`,
      'Checked: the pages are what brute force finds, in the same order, and each match is a word that was searched for.',
    ],
  };
};

const medians = (series: readonly Series[]): number[] =>
  series
    .filter(({ unit }) => unit.includes('PostgreSQL a search (p95)'))
    .flatMap(({ values }) => Object.values(values).map((one) => one.median));

interface Answer {
  data?: {
    searchMessages: { edges: { matches: [number, number][]; node: { text: string } }[]; indexedFrom: string | null };
  };
}

const ask = async (parley: Parley, { token }: Person, words: readonly string[]): Promise<Answer> => {
  const answer = await fetch(parley.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: SEARCH, variables: { query: words.join(' ') } }),
  });
  return (await answer.json()) as Answer;
};

const check = async (
  parley: Parley,
  spoken: Spoken,
  { person, kind, words }: { person: Person; kind: Kind; words: string[] },
) => {
  const answer = await ask(parley, person, words);
  const found = answer.data?.searchMessages;
  if (found?.indexedFrom !== null) throw new Error(`${kind.name}: ${JSON.stringify(answer).slice(0, 300)}`);
  const isAsked = (word: string) => words.some((asked) => (kind.isPrefix ? word.startsWith(asked) : word === asked));
  for (const { matches, node } of found.edges) {
    const marked = matches.map(([start, end]) => node.text.slice(start, end));
    if (marked.length < words.length || !marked.every(isAsked))
      throw new Error(`${kind.name}: marked ${marked.join()} of ${node.text}`);
  }
  const texts = found.edges.map(({ node }) => node.text);
  if (!isDeepStrictEqual(texts, await spoken.expected(person, words, PAGE)))
    throw new Error(`${kind.name}: ${words.join(' ')} finds ${texts.length} messages, which are not the right ones`);
};

const measure = async (bench: Bench, parley: Parley, person: Person, queries: readonly string[][]): Promise<Window> => {
  const [database, answered]: [number[], number[]] = [[], []];
  for (const words of queries) {
    const cpu = bench.databaseCpu();
    const since = performance.now();
    const { data } = await ask(parley, person, words);
    answered.push(performance.now() - since);
    database.push((bench.databaseCpu() - cpu) / 1000);
    if (!data) throw new Error(`No answer for ${words.join(' ')}`);
  }
  return {
    database: median(database),
    databaseP95: percentile(database, 95),
    p50: median(answered),
    p95: percentile(answered, 95),
  };
};

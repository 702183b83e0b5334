/**
 * Messages of words, as many as one asks for, written by SQL: twelve of 20,000 words in each, half of them Russian letters, as often as
 * words are used in a language (Zipf). No word has a vowel, so none is stemmed: what must be found can be told without the search.
 */
import type { Parley, Person } from './parley.js';

export interface Spoken {
  /** Each of these reads as many chats; the first one all of them. */
  readers: { name: string; person: Person; chats: number }[];
  /** Words that stand in about so many messages. */
  wordsIn(messages: number, count: number): Promise<string[]>;
  /** The newest messages of the reader's chats in which all of these stand, the last one as a word or as a beginning, by brute force. */
  expected(reader: Person, words: readonly string[], first: number): Promise<string[]>;
}

/** Five letters for the digits of a number. */
const WORD = `translate(lpad(n::text, 5, '0'), '0123456789', CASE WHEN n % 2 = 0 THEN 'bcdfghjklm' ELSE 'бвгджзклмн' END)`;
const CHATS = `INSERT INTO chat (kind, name, head_mark, created_at) SELECT 'GROUP', 'A chat of the bench', 1, now() - $2::int * interval '20 seconds'
  FROM generate_series(1, $1::int)`;
const MEMBERS = `INSERT INTO member (chat_id, user_id, last_read_seq, read_count) SELECT id, $1, 0, 0 FROM chat WHERE id % $2::int = 0`;
// Some chats have much more than others; one message every 20 s over all of them.
const MESSAGES = `
INSERT INTO message (chat_id, seq, ordinal, sender_id, text, text_hash, created_at, changed_seq)
SELECT chat_id, seq, seq, $1::bigint, (
    SELECT string_agg(${WORD}, ' ') FROM (SELECT floor(exp(random() * ln(20000)))::int AS n FROM generate_series(1, 12) WHERE numbered.n > 0) AS said
  ), '', now() - ($2::int - n) * interval '20 seconds', seq
FROM (
  SELECT n, chat_id, (row_number() OVER (PARTITION BY chat_id ORDER BY n))::int AS seq
  FROM (SELECT n, 1 + floor(power(random(), 2) * $3::int)::bigint AS chat_id FROM generate_series(1, $2::int) AS n) AS drawn
) AS numbered`;
const WORDS = `INSERT INTO message_search (chat_id, created_at, seq, sender_id, words)
  SELECT chat_id, created_at, seq, sender_id, to_tsvector('russian', text) FROM message ORDER BY created_at`;
const HEADS = `UPDATE chat SET head_seq = last.seq, indexed_seq = last.seq, message_count = last.seq, activity_at = last.at
  FROM (SELECT chat_id, max(seq) AS seq, max(created_at) AS at FROM message GROUP BY chat_id) AS last WHERE chat.id = last.chat_id`;
const USED = `CREATE TABLE used AS SELECT word, ndoc FROM ts_stat('SELECT words FROM message_search')`;

export const createSpoken = async (
  parley: Parley,
  { messages, chats }: { messages: number; chats: number },
): Promise<Spoken> => {
  const { pool } = parley;
  const people = await parley.addPeople(3);
  const readers = [1, 33].map((share, index) => ({
    name: `Parley, in ${Math.floor(chats / share).toLocaleString('en')} chats`,
    person: people[index]!,
    chats: share,
  }));
  await pool.query(CHATS, [chats, messages]);
  for (const { person, chats: share } of readers) await pool.query(MEMBERS, [person.key, share]);
  await pool.query(MESSAGES, [people[2]!.key, messages, chats]);
  // As a long life would leave it, sooner.
  await pool.query('DROP INDEX message_search_words_idx');
  await pool.query(WORDS);
  await pool.query(
    'CREATE INDEX message_search_words_idx ON message_search USING gin (words) WITH (gin_pending_list_limit = 1024)',
  );
  await pool.query(HEADS);
  await pool.query(USED);
  await pool.query('VACUUM ANALYZE');
  return {
    readers,
    wordsIn: async (count, words) => {
      const { rows } = await pool.query<{ word: string }>(
        'SELECT word FROM used ORDER BY abs(ln(ndoc) - ln($1::float8)), word LIMIT $2::int',
        [count, words],
      );
      return rows.map(({ word }) => word);
    },
    expected: async (reader, words, first) => {
      const { rows } = await pool.query<{ text: string }>(
        `SELECT text FROM message JOIN member USING (chat_id) WHERE user_id = $1::bigint AND ' ' || text || ' ' LIKE ALL ($2::text[])
         ORDER BY created_at DESC, chat_id DESC, seq DESC LIMIT $3::int`,
        [reader.key, words.map((word, index) => (index === words.length - 1 ? `% ${word}%` : `% ${word} %`)), first],
      );
      return rows.map(({ text }) => text);
    },
  };
};

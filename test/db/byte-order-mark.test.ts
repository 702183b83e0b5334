import { expect, it } from 'vitest';
import { createEmbedded } from '../../src/db/embedded.js';

const texts = [
  '\ufeff',
  '\ufeffhello',
  '\ufeff\ufeffя',
  'a\ufeffb',
  'a\ufeff',
  '',
  'plain',
  `\ufeff${'х'.repeat(20_000)}`,
];

it('gives back what begins with U+FEFF as it was written, after an error too', async () => {
  const db = await createEmbedded(null);
  await db.query('CREATE TABLE pet (id serial PRIMARY KEY, name text, other text)');
  await db.query('INSERT INTO pet (name) SELECT * FROM unnest($1::text[])', [texts]);

  const read = () => db.query<{ name: string }>('SELECT name, other FROM pet ORDER BY id');
  const first = await read();
  await expect(db.query('SELECT 1 / 0')).rejects.toThrow();
  const second = await db.transaction((tx) => tx.query<{ name: string }>('SELECT name, other FROM pet ORDER BY id'));
  const [alone] = await db.query<{ text: string; all: string[] }>('SELECT $1::text AS text, $2::text[] AS all', [
    texts[1],
    texts,
  ]);

  expect(first.map(({ name }) => name)).toEqual(texts);
  expect(second).toEqual(first);
  expect(alone).toEqual({ text: texts[1], all: texts });
  await db.close();
});

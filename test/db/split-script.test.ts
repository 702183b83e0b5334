import { PGlite } from '@electric-sql/pglite';
import { afterAll, expect, it } from 'vitest';
import { splitScript, withoutComments } from '../../src/db/split-script.js';

const lite = await PGlite.create();

afterAll(() => lite.close());

it.each([
  ['several', `SELECT 1; SELECT 2 ;SELECT 3`, 3],
  ['a semicolon at the end, and none', `SELECT 1;\nSELECT 2;\n`, 2],
  ['empty ones', `;; SELECT 1;; ;`, 1],
  ['a comment to the end of a line', `SELECT 1 -- one; it's\n; SELECT 2`, 2],
  ['a comment as the last line', `SELECT 1; -- ;`, 1],
  ['comments in comments', `SELECT 1 /* ; /* ; */ ; ' */; SELECT 2`, 2],
  ['strings', `SELECT 'a;b', 'it''s; '';'; SELECT 2`, 2],
  ['a backslash in a string', String.raw`SELECT 'a\'; SELECT 2`, 2],
  ['a backslash in a string of the other kind', String.raw`SELECT E'a\'; b', e'\\'; SELECT 2`, 2],
  ['names in quotes', `SELECT 1 AS "a;b""c;"; SELECT 2 AS "--"`, 2],
  ['dollar quotes', `SELECT $$a;b'$$; SELECT $tag$ $$;$$ $other$; $tag$; SELECT 3`, 3],
  ['a name with dollars', `SELECT 1 AS a$b$; SELECT 2 AS b$b$`, 2],
  [
    'the body of a function',
    `CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $f$BEGIN RETURN 1; END;$f$; SELECT f()`,
    2,
  ],
  ['an anonymous block', `DO $$ BEGIN PERFORM 1; PERFORM 2; END $$`, 1],
  ['operators of the same signs', `SELECT 4 / 2 * 3 - -1; SELECT 2 */* ; */ 2`, 2],
  ['letters of all kinds', `SELECT 'ж;😀' AS ж; SELECT $ж$;$ж$`, 2],
  ['windows’ line ends', `SELECT 1;\r\nSELECT 2;\r\n`, 2],
])('cuts as PostgreSQL does: %s', async (_what, script, count) => {
  const statements = splitScript(script);

  // It alone knows for certain how many there are: as many results.
  const whole = (await lite.exec(`${script}\n;`)).map(({ rows }) => rows);
  await lite.exec('DROP FUNCTION IF EXISTS f');
  const parts = [];
  for (const statement of statements) parts.push(...(await lite.exec(statement)).map(({ rows }) => rows));
  await lite.exec('DROP FUNCTION IF EXISTS f');
  expect(statements).toHaveLength(count);
  expect(parts).toEqual(whole);
});

it('keeps what is in a statement to the letter, and takes it apart for those who look at it', () => {
  const [statement] = splitScript(`-- Why\nSELECT  'a  -- b'/* c */ AS "d  e";`);

  expect(statement).toBe(`-- Why\nSELECT  'a  -- b'/* c */ AS "d  e"`);
  expect(withoutComments(statement!)).toBe(`SELECT 'a -- b' AS "d e"`);
});

it('finds no statement in comments and blanks alone', () => {
  expect(splitScript(` \n-- nothing; at all\n/* ; */;`)).toEqual([]);
});

it('takes what is left open to the end, for PostgreSQL to say so', () => {
  expect(splitScript(`SELECT $$ ; `)).toEqual([`SELECT $$ ;`]);
  expect(splitScript(`SELECT 1 /* ; SELECT 2`)).toEqual([`SELECT 1 /* ; SELECT 2`]);
  expect(splitScript(`SELECT '; SELECT 2`)).toHaveLength(2);
});

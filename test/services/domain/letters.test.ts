/** Names on a PostgreSQL whose own functions know no letters beyond ASCII. */
import { randomBytes } from 'node:crypto';
import { expect, it, onTestFinished } from 'vitest';
import { insertUser } from '../../../src/domain/accounts/account-store.js';
import { createUsers, OPERATOR } from '../../../src/domain/accounts/users.js';
import { openDatabase } from '../../../src/db/open.js';
import { prepareDatabase } from '../../../src/domain/accounts/prepare-database.js';
import { temporaryFolder } from '../../support/database.js';

/** Gone with the test. */
const databaseInC = async () => {
  const url = process.env.DATABASE_URL!;
  const name = `${new URL(url).pathname.slice(1)}_${randomBytes(4).toString('hex')}`;
  const server = await openDatabase({ databaseUrl: url, dataDir: temporaryFolder() });
  await server.query(`CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'`);
  const own = new URL(url);
  own.pathname = `/${name}`;
  const db = await openDatabase({ databaseUrl: own.href, dataDir: temporaryFolder() });
  onTestFinished(async () => {
    await db.close();
    await server.query(`DROP DATABASE ${name} WITH (FORCE)`);
    await server.close();
  });
  return db;
};

it('finds people by their names in any case and script where LC_CTYPE is C', async () => {
  const db = await databaseInC();
  await prepareDatabase(db, { onWarning: (text) => expect.fail(text) });
  for (const [username, firstName, lastName] of [
    ['Анна.К', 'Анна', 'Королёва'],
    ['mm', 'Maria', 'Müller-Lopez'],
    ['kv', 'Κώστας', 'Βασιλείου'],
  ] as const) {
    await insertUser(db, { username, firstName, lastName, email: `${username}@example.org`, passwordHash: null });
  }
  const users = createUsers(db);
  const finds = async (search: string) =>
    (await users.search(OPERATOR, { search })).edges.map(({ node }) => node.username);

  // As it is here: otherwise this would prove nothing.
  expect(await db.query(`SELECT lower('Ж') AS letter`)).toEqual([{ letter: 'Ж' }]);
  expect(await finds('КОРОЛЕВА анна')).toEqual(['Анна.К']);
  expect(await finds('MÜLLER')).toEqual(['mm']);
  expect(await finds('ΚΏΣ')).toEqual(['kv']);
  expect((await users.byUsername(OPERATOR, 'анна.К'))?.username).toBe('Анна.К');
});

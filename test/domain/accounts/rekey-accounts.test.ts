/** A database of an older version, in which names were compared in small letters. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Database } from '../../../src/db/database.js';
import { openDatabase } from '../../../src/db/open.js';
import { InvalidCredentialsError } from '../../../src/domain/errors.js';
import { createPasswords } from '../../../src/domain/accounts/passwords.js';
import { prepareDatabase } from '../../../src/domain/accounts/prepare-database.js';
import { rekeyAccounts, type SharedKey } from '../../../src/domain/accounts/rekey-accounts.js';
import { createUsers, OPERATOR } from '../../../src/domain/accounts/users.js';
import { accountNode, somewhere } from '../../support/accounts.js';
import { testDatabase } from '../../support/database.js';
import { NODE_ARGS } from '../../support/node-args.js';
import { programOf } from '../../support/program.js';

const password = 'a long password';

interface Old {
  username: string;
  email?: string;
  firstName?: string;
}

const ownDatabase = async () => {
  const database = await testDatabase();
  const opened: Database[] = [];
  const open = async () => {
    const db = await openDatabase(database.config);
    opened.push(db);
    return db;
  };
  onTestFinished(async () => {
    for (const db of opened) await db.close();
    await database.drop();
  });
  return { config: database.config, open };
};

const INSERT = `INSERT INTO "user" (username, username_key, email, email_key, first_name, password_hash)
  SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])`;

/** As the older version wrote them, in this order. */
const writeOld = async (db: Database, people: readonly Old[]) => {
  const hash = await createPasswords().hash(password);
  const emails = people.map(({ email }, index) => email ?? `old${index}@example.org`);
  await db.query(INSERT, [
    people.map(({ username }) => username),
    people.map(({ username }) => username.toLowerCase()),
    emails,
    emails.map((email) => email.toLowerCase()),
    people.map(({ firstName }) => firstName ?? ''),
    people.map(() => hash),
  ]);
};

const keysIn = (db: Database) =>
  db.query<{ username: string; usernameKey: string; emailKey: string; nameKey: string | null }>(
    `SELECT username, username_key AS "usernameKey", email_key AS "emailKey", name_key AS "nameKey" FROM "user" ORDER BY id`,
  );

const rekey = async (db: Database) => {
  const shared: SharedKey[] = [];
  await rekeyAccounts(db, (one) => shared.push(one));
  return shared;
};

const crowd = (size: number): Old[] =>
  Array.from({ length: size }, (_, index) => ({
    username: `${index % 3 ? 'user' : 'weiß'}-${index}`,
    firstName: 'Ёж',
  }));

describe('accounts of an older version', () => {
  it('have the keys of this one from the first start on', async () => {
    const { open } = await ownDatabase();
    const db = await open();
    await writeOld(db, [
      { username: 'Ada' },
      { username: 'weiß', email: 'Νίκος@BÜCHER.example' },
      { username: 'Νίκος', firstName: 'Ёлка' },
    ]);

    await prepareDatabase(db, { onWarning: (text) => expect.fail(text) });

    expect(await keysIn(db)).toEqual([
      { username: 'Ada', usernameKey: 'ada', emailKey: 'old0@example.org', nameKey: 'ada  ' },
      { username: 'weiß', usernameKey: 'weiss', emailKey: 'νίκοσ@xn--bcher-kva.example', nameKey: 'weiss  ' },
      { username: 'Νίκος', usernameKey: 'νίκοσ', emailKey: 'old2@example.org', nameKey: 'νικοσ елка ' },
    ]);
    const { accounts } = await accountNode(db);
    for (const username of ['WEISS', 'ΝΊΚΟΣ', 'ΝΊΚΟΣ@bücher.EXAMPLE', ' ada ']) {
      expect(await accounts.logIn({ username, password }, somewhere)).toMatchObject({ session: {} });
    }
  });

  it('that are one by now are both signed in to: the older one in any case, the other by its exact spelling', async () => {
    const { open } = await ownDatabase();
    const db = await open();
    await writeOld(db, [
      { username: 'Weiß', email: 'ß@example.org' },
      { username: 'WEISS', email: 'SS@example.org' },
      { username: 'weiſs' },
    ]);

    const warnings: string[] = [];
    await prepareDatabase(db, { onWarning: (text) => warnings.push(text) });

    expect(warnings).toEqual([
      'The usernames Weiß and WEISS are the same but for case: the account of WEISS is found by that exact spelling only',
      'The usernames Weiß and weiſs are the same but for case: the account of weiſs is found by that exact spelling only',
      'The e-mail addresses ß@example.org and SS@example.org are the same but for case: the account of SS@example.org is found by that exact spelling only',
    ]);
    const { accounts, administration } = await accountNode(db);
    const whoIs = async (username: string) => (await accounts.logIn({ username, password }, somewhere)).user.username;
    expect(await Promise.all(['weiß', 'weiss', 'WEIẞ', 'WEISS', 'weiſs'].map(whoIs))).toEqual([
      'Weiß',
      'Weiß',
      'Weiß',
      'WEISS',
      'weiſs',
    ]);
    expect(await Promise.all(['ß@example.org', 'ss@example.org', 'SS@example.org'].map(whoIs))).toEqual([
      'Weiß',
      'Weiß',
      'WEISS',
    ]);
    const users = createUsers(db);
    expect((await users.byUsername(OPERATOR, 'WEISS'))?.username).toBe('WEISS');
    expect((await users.byUsername(OPERATOR, 'Weiss'))?.username).toBe('Weiß');
    expect((await users.search(OPERATOR, { search: 'weiss' })).edges).toHaveLength(3);

    // What an operator does is done to the one that is meant as well.
    await administration.setPassword('WEISS', 'another password');
    await expect(accounts.logIn({ username: 'WEISS', password }, somewhere)).rejects.toThrow(InvalidCredentialsError);
    expect(await whoIs('Weiss')).toBe('Weiß');
  });

  it('that are one by now are so in whatever order and batch they stand', async () => {
    const { open } = await ownDatabase();
    const db = await open();
    // The older one wants the key that the other, thousands of rows on, has had so far.
    await writeOld(db, [{ username: 'groß' }, ...crowd(2100), { username: 'gross' }]);

    const shared = await rekey(db);

    expect(shared).toEqual([{ field: 'username', holder: 'groß', other: 'gross' }]);
    const keys = await keysIn(db);
    expect([keys[0], keys.at(-1)]).toMatchObject([{ usernameKey: 'gross' }, { usernameKey: ':gross' }]);
    expect(keys.every(({ nameKey }) => nameKey !== null)).toBe(true);
    expect(await rekey(db)).toEqual([]);
    expect(await keysIn(db)).toEqual(keys);
  });

  it.each([2, 5, 9])(
    'have all their keys after the next start, where one was killed before statement %i',
    async (statement) => {
      const { config, open } = await ownDatabase();
      const before = await openDatabase(config);
      await writeOld(before, [{ username: 'groß' }, ...crowd(2100), { username: 'gross' }]);
      await before.close();
      const program = programOf('rekey-and-die');
      const child = spawn(process.execPath, [...NODE_ARGS, program, JSON.stringify(config), String(statement)], {
        stdio: 'inherit',
      });
      expect(await once(child, 'close')).toEqual([null, 'SIGKILL']);

      const db = await open();
      await rekey(db);

      const keys = await keysIn(db);
      expect(keys).toHaveLength(2102);
      expect(keys.every(({ nameKey }) => nameKey !== null)).toBe(true);
      expect(keys[1]).toMatchObject({ username: 'weiß-0', usernameKey: 'weiss-0', nameKey: 'weiss-0 еж ' });
      expect([keys[0], keys.at(-1)]).toMatchObject([{ usernameKey: 'gross' }, { usernameKey: ':gross' }]);
    },
  );

  it('are given their keys once by two nodes that start together', async () => {
    const { config, open } = await ownDatabase();
    const first = await open();
    // The embedded database is one node's.
    const second = config.databaseUrl === undefined ? first : await open();
    await writeOld(first, [{ username: 'groß' }, ...crowd(2100), { username: 'gross' }]);

    const warnings: string[] = [];
    const onWarning = (text: string) => warnings.push(text);
    await Promise.all([first, second].map((db) => prepareDatabase(db, { onWarning })));

    expect(warnings).toHaveLength(1);
    expect((await keysIn(first)).every(({ nameKey }) => nameKey !== null)).toBe(true);
  });
});

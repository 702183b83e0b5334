import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../src/db/database.js';
import { openDatabase } from '../../src/db/open.js';
import { BadUserInputError } from '../../src/domain/bad-user-input.js';
import { OPERATOR, createUsers, emailOf, type Users } from '../../src/domain/users.js';
import type { PageArgs } from '../../src/domain/page.js';
import { insertUser } from '../../src/domain/account-store.js';
import { testDatabase, type TestDatabase } from '../support/database.js';

const people = [
  { username: 'Ada', firstName: 'Augusta', lastName: 'Lovelace' },
  { username: 'ben_100', firstName: 'Ben', lastName: '' },
  { username: 'Carla', firstName: 'Ванда', lastName: 'Núñez' },
  { username: 'dora.ada', firstName: '', lastName: '' },
  { username: 'gone-ada', firstName: 'Ada', lastName: 'Gone' },
  { username: 'Анна', firstName: '', lastName: '' },
].map((person, index) => ({ ...person, email: `p${index}@example.org` }));

let db: Database;
let database: TestDatabase;
let users: Users;
const ids = new Map<string, bigint>();
beforeAll(async () => {
  database = await testDatabase();
  db = await openDatabase(database.config);
  users = createUsers(db);
  for (const person of people) ids.set(person.username, (await insertUser(db, { ...person, passwordHash: null }))!.id);
  await db.query(`UPDATE "user" SET deactivated_at = now() WHERE username = 'gone-ada'`);
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

const namesOf = async (args: PageArgs & { search?: string | null }) =>
  (await users.search(OPERATOR, args)).edges.map((edge) => edge.node.username);

describe('users', () => {
  it('are listed by username without case, active ones only', async () => {
    const names = await namesOf({});

    expect(names).toHaveLength(5);
    expect(names).not.toContain('gone-ada');
    expect(names.slice(0, 4).map((name) => name.toLowerCase())).toEqual(['ada', 'ben_100', 'carla', 'dora.ada']);
  });

  it('are listed the same in pages, either way', async () => {
    const all = await namesOf({});
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const page = await users.search(OPERATOR, { first: 2, after });
      seen.push(...page.edges.map((edge) => edge.node.username));
      after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
    } while (after !== null);
    expect(seen).toEqual(all);

    const last = await users.search(OPERATOR, { last: 2 });
    expect(last.edges.map((edge) => edge.node.username)).toEqual(all.slice(-2));
    expect(await namesOf({ last: 2, before: last.pageInfo.startCursor })).toEqual(all.slice(1, 3));
  });

  it.each([
    ['ada', ['Ada', 'dora.ada']],
    ['ADA', ['Ada', 'dora.ada']],
    [' lovelace ', ['Ada']],
    ['вАНД', ['Carla']],
    ['NÚÑ', ['Carla']],
    ['nu\u0301n\u0303', ['Carla']],
    ['анна', ['Анна']],
    ['_', ['ben_100']],
    ['%', []],
    ['\\', []],
    ['gone', []],
  ])('are found by %j in username, first or last name', async (search, expected) => {
    expect(await namesOf({ search })).toEqual(expected);
  });

  it('are all found where nothing is searched for', async () => {
    expect(await namesOf({ search: '  ' })).toHaveLength(5);
    expect(await namesOf({ search: null })).toHaveLength(5);
  });

  it('are not searched for by what no text holds, or by a book', async () => {
    for (const search of ['a\0', '\ud800', 'x'.repeat(201)]) {
      await expect(users.search(OPERATOR, { search })).rejects.toThrow(BadUserInputError);
    }
  });

  it('are read many at once, in the order that was asked for', async () => {
    const [ada, gone] = [ids.get('Ada')!, ids.get('gone-ada')!];

    const found = await users.byIds(OPERATOR, [gone, 2n ** 62n, ada, gone]);

    expect(found.map((user) => user?.username)).toEqual(['gone-ada', undefined, 'Ada', 'gone-ada']);
    expect(found[2]).toMatchObject({ id: ada, email: 'p0@example.org', role: 'USER', deactivatedAt: null });
    expect(found[2]!.createdAt).toBeInstanceOf(Date);
    expect(await users.byIds(OPERATOR, [])).toEqual([]);
  });

  it('are read by username, in whatever case', async () => {
    expect(await users.byUsername(OPERATOR, 'АННА')).toMatchObject({ username: 'Анна' });
    for (const username of ['nobody', 'a\0b', '\ud800', '', 'x'.repeat(100_000)]) {
      expect(await users.byUsername(OPERATOR, username)).toBeUndefined();
    }
  });
});

describe('emailOf', () => {
  it('S0.3 S1.7 shows an e-mail to its owner, to managers and to administrators', () => {
    const user = { id: 1n, email: 'ada@example.org' };

    expect(emailOf({ id: 1n, role: 'USER' }, user)).toBe('ada@example.org');
    expect(emailOf({ id: 2n, role: 'USER' }, user)).toBeNull();
    expect(emailOf({ id: 2n, role: 'MANAGER' }, user)).toBe('ada@example.org');
    expect(emailOf({ id: 2n, role: 'ADMIN' }, user)).toBe('ada@example.org');
  });
});

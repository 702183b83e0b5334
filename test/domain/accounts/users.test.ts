import { beforeAll, describe, expect, it } from 'vitest';
import { BadUserInputError } from '../../../src/domain/bad-user-input.js';
import { OPERATOR, createUsers, emailOf, type UserFilter, type Users } from '../../../src/domain/accounts/users.js';
import type { PageArgs } from '../../../src/domain/page.js';
import { insertUser, updateProfileOf } from '../../../src/domain/accounts/account-store.js';
import type { Role } from '../../../src/generated/prisma/enums.js';
import { ownDatabase } from '../../support/own-database.js';

const people = [
  { username: 'Ada', firstName: 'Augusta', lastName: 'Lovelace' },
  { username: 'ben_100', firstName: 'Ben', lastName: '' },
  { username: 'Carla', firstName: 'Ванда', lastName: 'Núñez' },
  { username: 'dora.ada', firstName: '', lastName: '' },
  { username: 'gone-ada', firstName: 'Ada', lastName: 'Gone' },
  { username: 'Анна', firstName: '', lastName: '' },
  { username: 'mm', firstName: 'Maria', lastName: 'Müller-Lopez' },
  { username: 'kv', firstName: 'Κώστας', lastName: 'Βασιλείου' },
  { username: 'weiß', firstName: 'Семён', lastName: 'Андрей' },
].map((person, index) => ({ ...person, email: `p${index}@example.org` }));

const database = ownDatabase();
let users: Users;
const ids = new Map<string, bigint>();
beforeAll(async () => {
  users = createUsers(database.current);
  for (const person of people)
    ids.set(person.username, (await insertUser(database.current, { ...person, passwordHash: null }))!.id);
  await database.current.query(`UPDATE "user" SET deactivated_at = now() WHERE username = 'gone-ada'`);
});

const namesOf = async (args: PageArgs & UserFilter) =>
  (await users.search(OPERATOR, args)).edges.map((edge) => edge.node.username);

describe('users', () => {
  it('are listed by username without case, active ones only', async () => {
    const names = await namesOf({});

    expect(names).toHaveLength(8);
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
    expect(await namesOf({ last: 2, before: last.pageInfo.startCursor })).toEqual(all.slice(-4, -2));
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
    ['Maria Müller-Lopez', ['mm']],
    ['Müller-Lopez Maria', ['mm']],
    ['maria mü', ['mm']],
    ['Muller', ['mm']],
    ['LOPEZ  mar', ['mm']],
    ['Maria Lovelace', []],
    ['ΚΏ', ['kv']],
    ['ΚΏΣ', ['kv']],
    ['ΚΏΣΤ', ['kv']],
    ['ΒΑΣ κωσ', ['kv']],
    ['WEISS', ['weiß']],
    ['семен андреи', ['weiß']],
    ['p0@example.org', ['Ada']],
    ['P0@EXAMPLE', ['Ada']],
  ])('are found by %j in username, first or last name', async (search, expected) => {
    expect(await namesOf({ search })).toEqual(expected);
  });

  it('are found by e-mail address by managers and administrators alone', async () => {
    const finds = async (role: Role) =>
      (await users.search({ id: 0n, role }, { search: 'p0@example.org' })).edges.map(({ node }) => node.username);

    expect(await Promise.all((['MANAGER', 'ADMIN', 'USER'] as const).map(finds))).toEqual([['Ada'], ['Ada'], []]);
  });

  it('are found by the name that they have given themselves since', async () => {
    const { id } = (await insertUser(database.current, {
      username: 'renamed',
      email: 'r@example.org',
      passwordHash: null,
    }))!;

    await updateProfileOf(database.current, id, { lastName: 'Übermut' });

    expect(await namesOf({ search: 'renamed uber' })).toEqual(['renamed']);
    await database.current.query(`DELETE FROM "user" WHERE id = $1`, [id]);
  });

  it('that are deactivated are listed for administrators alone', async () => {
    const list = async (role: Role, search: string | null = null) =>
      (await users.search({ id: 0n, role }, { isActive: false, search })).edges.map(({ node }) => node.username);

    expect(await list('ADMIN')).toEqual(['gone-ada']);
    expect(await list('ADMIN', 'ada gone')).toEqual(['gone-ada']);
    expect(await list('ADMIN', 'lovelace')).toEqual([]);
    expect(await list('MANAGER')).toEqual([]);
    expect(await list('USER')).toEqual([]);
    expect(await namesOf({ search: 'gone', isActive: true })).toEqual([]);
  });

  it('are all found where nothing is searched for', async () => {
    expect(await namesOf({ search: '  ' })).toHaveLength(8);
    expect(await namesOf({ search: null })).toHaveLength(8);
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

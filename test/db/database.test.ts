import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isUniqueViolation, UnavailableError, type Database } from '../../src/db/database.js';
import { openDatabase } from '../../src/db/open.js';
import { testDatabase, type TestDatabase } from '../support/database.js';

let database: TestDatabase;
let db: Database;

beforeAll(async () => {
  database = await testDatabase();
  db = await openDatabase(database.config);
  if (db.kind === 'postgresql') {
    await db.query(`DO $$ BEGIN
      EXECUTE format('ALTER DATABASE %I SET timezone = "Asia/Tokyo"', current_database());
    END $$`);
    await db.close();
    db = await openDatabase(database.config);
  }
  await db.query('CREATE TABLE pet (id int PRIMARY KEY, name text, CONSTRAINT pet_name UNIQUE (name))');
});

beforeEach(async () => {
  await db.query('DELETE FROM pet');
});

afterAll(async () => {
  await db.close();
  await database.drop();
});

describe('values', () => {
  const at = new Date('2024-02-29T23:59:59.123Z');

  it.each<[sql: string, value: unknown]>([
    ['9007199254740993::int8', 9007199254740993n],
    ['-7::int4', -7],
    ['0.5::float8', 0.5],
    ["'12.30'::numeric", '12.30'],
    ['true', true],
    ["'ä \\ '' \"'::text", 'ä \\ \' "'],
    ["''::varchar", ''],
    ["'MANAGER'::role", 'MANAGER'],
    ["'7c1a0f4e-0f0f-4a4a-8b8b-000000000001'::uuid", '7c1a0f4e-0f0f-4a4a-8b8b-000000000001'],
    ["'2024-03-01 01:59:59.123+02'::timestamptz", at],
    ["'2024-03-01'::date", '2024-03-01'],
    ["'\\x00ff10'::bytea", new Uint8Array([0, 255, 16])],
    ["''::bytea", new Uint8Array()],
    ['\'{"a": [1, null]}\'::jsonb', { a: [1, null] }],
    ["'null'::jsonb", null],
    ['NULL::int8', null],
    ["'{1,NULL,-9007199254740993}'::int8[]", [1n, null, -9007199254740993n]],
    ["'{1,2}'::int4[]", [1, 2]],
    ["'{}'::int4[]", []],
    ["ARRAY['a,b', 'c\"d', NULL, '', 'NULL']", ['a,b', 'c"d', null, '', 'NULL']],
    ["ARRAY['\\x01'::bytea]", [new Uint8Array([1])]],
    ["ARRAY['2024-02-29T23:59:59.123Z'::timestamptz]", [at]],
    ["ARRAY['USER', 'ADMIN']::role[]::text[]", ['USER', 'ADMIN']],
    ['(3::text)::xid8::text', '3'],
    ["ARRAY['USER', 'ADMIN']::role[]", '{USER,ADMIN}'],
    ["ARRAY['2024-03-01'::date]", '{2024-03-01}'],
  ])('%s comes back as a value of its own type', async (sql, value) => {
    const [row] = await db.query<{ value: unknown }>(`SELECT ${sql} AS value`);

    expect(row!.value).toStrictEqual(value);
  });

  it.each<[type: string, value: unknown]>([
    ['int8', 9223372036854775807n],
    ['int4', -7],
    ['float8', 0.1],
    ['bool', false],
    ['text', 'ä \\ \' " {} ,'],
    ['text', ''],
    ['text', null],
    ['role', 'ADMIN'],
    ['timestamptz', at],
    ['bytea', new Uint8Array([0, 255, 92, 34])],
    ['jsonb', { text: 'a "b"', list: [1, { deep: null }] }],
    ['int8[]', [1n, null, -5n]],
    ['int4[]', []],
    ['text[]', ['', 'NULL', null, 'a,b', '{c}', '"d"', '\\', ' e ']],
    ['timestamptz[]', [at, null]],
    ['bytea[]', [new Uint8Array([0, 34, 92]), new Uint8Array()]],
    ['uuid[]', ['7c1a0f4e-0f0f-4a4a-8b8b-000000000001']],
  ])('a parameter of type %s arrives as it was given: %o', async (type, value) => {
    const [row] = await db.query<{ value: unknown }>(`SELECT $1::${type} AS value`, [value]);

    expect(row!.value).toStrictEqual(value);
  });

  it('takes several rows in one statement by unnesting arrays, of enums as well', async () => {
    const rows = await db.query('SELECT * FROM unnest($1::int8[], $2::role[], $3::text[]) AS row(id, role, name)', [
      [1n, 2n],
      ['USER', 'ADMIN'],
      ['Ada', null],
    ]);

    expect(rows).toEqual([
      { id: 1n, role: 'USER', name: 'Ada' },
      { id: 2n, role: 'ADMIN', name: null },
    ]);
  });

  it('are the same through Prisma, whatever the time zone of the server', async () => {
    const user = { username: 'Ada', usernameKey: 'ada', email: 'ada@example.org', emailKey: 'ada@example.org' };

    const created = await db.prisma.user.create({ data: { ...user, createdAt: at } });
    const [row] = await db.query('SELECT id, created_at AS "createdAt" FROM "user" WHERE id = $1', [created.id]);
    const found = await db.prisma.user.findMany({ where: { createdAt: at } });
    const now = await db.prisma.$queryRaw<{ now: Date }[]>`SELECT now()`;

    expect(row).toStrictEqual({ id: created.id, createdAt: at });
    expect(found).toEqual([created]);
    expect(Math.abs(now[0]!.now.getTime() - Date.now())).toBeLessThan(60_000);
  });
});

describe('errors', () => {
  it('of SQL keep their code, and say nothing of the parameters', async () => {
    const error: unknown = await db.query('SELECT $1::int', ['secret']).catch((thrown: unknown) => thrown);
    const division: unknown = await db.query('SELECT 1 / $1::int', [0]).catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({ code: '22P02' });
    expect(division).toMatchObject({ code: '22012' });
    expect(division).not.toHaveProperty('params');
  });

  it('of a unique constraint are recognised, with its name', async () => {
    await db.query(`INSERT INTO pet VALUES (1, 'Rex')`);
    const error: unknown = await db.query(`INSERT INTO pet VALUES (2, 'Rex')`).catch((thrown: unknown) => thrown);

    expect([
      isUniqueViolation(error),
      isUniqueViolation(error, 'pet_name'),
      isUniqueViolation(error, 'pet_pkey'),
    ]).toEqual([true, true, false]);
    expect(isUniqueViolation(new Error('23505'))).toBe(false);
  });

  it.each(['53100', '53200', '53300', '57P01', '57P03', '57014', '08006', '58030', '25006', '55P03'])(
    'with the SQLSTATE %s mean that the database is not available',
    async (code) => {
      const raise = `DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '${code}'; END $$`;
      const error: unknown = await db.query(raise).catch((thrown: unknown) => thrown);

      expect(error).toBeInstanceOf(UnavailableError);
      expect(error).toMatchObject({ retryAfterMs: expect.any(Number) as number, cause: { code } });
      expect(await db.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    },
  );
});

describe('a transaction', () => {
  it('keeps what it wrote, and returns what its work returns', async () => {
    const result = await db.transaction(async (tx) => {
      await tx.query(`INSERT INTO pet VALUES (1, 'Rex')`);
      return tx.query('SELECT id FROM pet');
    });

    expect(result).toEqual([{ id: 1 }]);
    expect(await db.query('SELECT id FROM pet')).toEqual([{ id: 1 }]);
  });

  it('undoes what it wrote where its work throws, and throws the same', async () => {
    const thrown = new TypeError('changed my mind');
    const transaction = db.transaction(async (tx) => {
      await tx.query(`INSERT INTO pet VALUES (1, 'Rex')`);
      throw thrown;
    });

    await expect(transaction).rejects.toBe(thrown);
    expect(await db.query('SELECT id FROM pet')).toEqual([]);
  });

  it('rejects where its work swallowed the error of a statement, as nothing of it was kept', async () => {
    const transaction = db.transaction(async (tx) => {
      await tx.query(`INSERT INTO pet VALUES (1, 'Rex')`);
      await tx.query('SELECT 1/0').catch(() => {});
    });

    await expect(transaction).rejects.toThrow('rolled back');
    expect(await db.query('SELECT id FROM pet')).toEqual([]);
  });

  it('sees after a lock what others committed while it waited for that', async () => {
    await db.query(`INSERT INTO pet VALUES (1, '0')`);

    await Promise.all(
      Array.from({ length: 10 }, () =>
        db.transaction(async (tx) => {
          const [pet] = await tx.query<{ name: string }>('SELECT name FROM pet WHERE id = 1 FOR NO KEY UPDATE');
          await tx.query('UPDATE pet SET name = $1 WHERE id = 1', [String(Number(pet!.name) + 1)]);
        }),
      ),
    );

    expect(await db.query('SELECT name FROM pet')).toEqual([{ name: '10' }]);
  });

  it('is over when it is over', async () => {
    const leaked = await db.transaction((tx) => Promise.resolve(tx));

    await expect(leaked.query(`INSERT INTO pet VALUES (1, 'Rex')`)).rejects.toThrow();
    expect(await db.query('SELECT id FROM pet')).toEqual([]);
  });
});

it('goes on with its prepared statements after a migration changed what they return', async () => {
  await db.query('SELECT * FROM pet');
  await db.session((session) => session.execute('ALTER TABLE pet ADD COLUMN age int'));

  await db.query(`INSERT INTO pet VALUES (1, 'Rex', 3)`);

  expect(await db.query('SELECT * FROM pet')).toEqual([{ id: 1, name: 'Rex', age: 3 }]);
});

it('can be reached until it is closed', async () => {
  const other =
    db.kind === 'postgresql' ? await openDatabase(database.config) : await openDatabase((await testDatabase()).config);

  const before = await other.state();
  await other.close();

  expect([before, await other.state()]).toEqual(['ok', 'away']);
  await expect(other.query('SELECT 1')).rejects.toBeInstanceOf(UnavailableError);
  await expect(other.transaction((tx) => tx.query('SELECT 1'))).rejects.toBeInstanceOf(UnavailableError);
});

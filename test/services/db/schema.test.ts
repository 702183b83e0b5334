import { expect, it } from 'vitest';
import { openDatabase } from '../../../src/db/open.js';
import { embeddedDatabase, testDatabase, type TestDatabase } from '../../support/database.js';

it('comes out the same on PostgreSQL as on the embedded database, which is compared with schema.prisma', async () => {
  const server = await catalogue(await testDatabase());
  const embedded = await catalogue(await embeddedDatabase());

  expect(server.length).toBeGreaterThan(100);
  expect(server).toEqual(embedded);
});

const catalogue = async (database: TestDatabase) => {
  const db = await openDatabase(database.config);
  const rows = await db.query(`
    SELECT 'column' AS kind, attrelid::regclass::text AS place, attname::text AS name,
      concat_ws(' ', format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid)) AS definition
    FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE attnum > 0 AND NOT attisdropped AND attrelid IN (SELECT oid FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace)
    UNION ALL SELECT 'index', tablename::text, indexname::text, indexdef FROM pg_indexes WHERE schemaname = 'public'
    -- From PostgreSQL 18 on NOT NULL is a constraint as well.
    UNION ALL SELECT 'constraint', conrelid::regclass::text, conname::text, pg_get_constraintdef(oid)
      FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
    UNION ALL SELECT 'enum', enumtypid::regtype::text, enumlabel::text, enumsortorder::text FROM pg_enum
    UNION ALL SELECT 'storage', oid::regclass::text, '', reloptions::text FROM pg_class WHERE relnamespace = 'public'::regnamespace
    ORDER BY 1, 2, 3`);
  await db.close();
  await database.drop();
  return rows.map((row) => JSON.stringify(row)).sort();
};

/** Which PostgreSQL a node serves: the server's own numbers, or what a role may read that may not read those. */
import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startPostgres, type Service } from '../../../scripts/services.mjs';
import { readIdentity } from '../../../src/db/identity.js';
import { migrate } from '../../../src/db/migrations.js';
import { createPostgresql } from '../../../src/db/postgresql.js';

let server: Service;
beforeAll(async () => {
  server = await startPostgres();
  return () => server.stop();
});

const on = async <Result>(url: string, work: (db: ReturnType<typeof createPostgresql>) => Promise<Result>) => {
  const db = createPostgresql({ url });
  return work(db).finally(() => db.close());
};

/** A URL of a database of this name, for this user. */
const urlOf = (database: string, user?: string) => {
  const url = new URL(server.url);
  url.pathname = `/${database}`;
  if (user !== undefined) url.username = user;
  return url.href;
};

/** A migrated database that a node has started on, and one restored from its dump, as far as rows are concerned. */
const originalAndCopy = async (user?: string) => {
  const [original, copy] = [`a${randomBytes(4).toString('hex')}`, `b${randomBytes(4).toString('hex')}`];
  await on(server.url, (db) => db.query(`CREATE DATABASE ${original}${user === undefined ? '' : ` OWNER ${user}`}`));
  await on(urlOf(original, user), async (db) => {
    await migrate(db);
    await readIdentity(db, urlOf(original, user));
    await db.query(`INSERT INTO installation (id) VALUES (gen_random_uuid()) ON CONFLICT DO NOTHING`);
  });
  await on(server.url, (db) =>
    db.query(`CREATE DATABASE ${copy} TEMPLATE ${original}${user === undefined ? '' : ` OWNER ${user}`}`),
  );
  onTestFinished(() => on(server.url, (db) => db.query(`DROP DATABASE ${original}`)).then(() => undefined));
  return { original, copy };
};

const identify = (url: string) => on(url, (db) => readIdentity(db, url));

describe('a PostgreSQL', () => {
  it('is the same by whichever way, and another than a copy of it on the same server', async () => {
    const { original, copy } = await originalAndCopy();
    const elsewhere = urlOf(original).replace('localhost', '127.0.0.1');

    const identity = await identify(urlOf(original));

    expect(await identify(elsewhere)).toBe(identity);
    expect(await identify(urlOf(copy))).not.toBe(identity);
  });

  it('is told from a copy though the role may not ask the server who it is', async () => {
    const user = `limited_${randomBytes(4).toString('hex')}`;
    await on(server.url, (db) => db.query(`CREATE ROLE ${user} LOGIN`));
    const { original, copy } = await originalAndCopy(user);
    for (const name of [original, copy])
      await on(urlOf(name), (db) => db.query('REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC'));
    const own = await identify(urlOf(original));

    const identity = await identify(urlOf(original, user));

    expect(identity).not.toBe(own);
    expect(await identify(urlOf(original, user))).toBe(identity);
    expect(await identify(urlOf(copy, user))).not.toBe(identity);
    // Of the same name on another server.
    await on(urlOf(original, user), async (db) => {
      const url = urlOf(original, user);
      expect(await readIdentity(db, url.replace(/@[^/:]+/, '@elsewhere.example'))).not.toBe(identity);
      expect(await readIdentity(db, url.replace(/:(\d+)\//, ':6432/'))).toBe(identity);
    });
  });
});

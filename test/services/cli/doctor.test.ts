/** `parley doctor` against real servers: each thing that is wrong has its line, its way out and its code. */
import { readdirSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { freePort, startPostgres, startRedis, type Service } from '../../../scripts/services.mjs';
import { createPostgresql } from '../../../src/db/postgresql.js';
import { checkClock } from '../../../src/db/clock.js';
import { migrate } from '../../../src/db/migrations.js';
import { temporaryFolder } from '../../support/database.js';
import { startHalfRedis } from '../../support/half-redis.js';
import { startNginx } from '../../support/nginx.js';
import { startNode } from '../../support/node.js';
import { runCommand } from '../../support/operations-page.js';
import { parley } from '../../support/parley.js';
import { startPgbouncer } from '../../support/pgbouncer.js';

const SECRET = 'a secret that is only ever used in tests';

let server: Service;

beforeAll(async () => {
  server = await startPostgres({ settings: { fsync: 'on', synchronous_commit: 'on' } });
});
afterAll(() => server.stop());

const onServer = async (sql: string, url = server.url) => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client.query(sql).finally(() => client.end());
};

let made = 0;

/** @returns its URL, the superuser's */
const database = async (options = '') => {
  const name = `doctor_${(made += 1)}`;
  await onServer(`CREATE DATABASE ${name} ${options}`);
  return server.url.replace(/postgres$/, name);
};

const nameOf = (url: string) => new URL(url).pathname.slice(1);

const migrated = async () => {
  const url = await database();
  const db = createPostgresql({ url });
  await migrate(db).finally(() => db.close());
  return url;
};

/** The last migration that there is. */
const newest = (): string =>
  readdirSync('prisma/migrations')
    .filter((name) => /^\d/.test(name))
    .sort()
    .at(-1)!;

/** The URL of a role that is nothing but that. */
const plain = async (url: string) => {
  const role = `plain_${(made += 1)}`;
  await onServer(`CREATE ROLE ${role} LOGIN`);
  return { role, url: url.replace('parley@', `${role}@`) };
};

const doctor = async (databaseUrl: string, env: Record<string, string> = {}) =>
  parley(['doctor'], {
    env: {
      DATABASE_URL: databaseUrl,
      TOKEN_SECRET: SECRET,
      DATA_DIR: temporaryFolder(),
      PORT: String(await freePort()),
      ...env,
    },
  });

describe('parley doctor', () => {
  it('says that all is well, with code 0, and leaves the database as it is', async () => {
    const url = await migrated();
    const redis = await startRedis();
    onTestFinished(() => redis.stop());

    const { code, out, err } = await doctor(url, { REDIS_URL: redis.url });

    expect({ code, err }).toEqual({ code: 0, err: '' });
    const names = [
      'pooler',
      'encoding',
      'read only',
      'durability',
      'connections',
      'rights',
      'clock',
      'migrations',
      'redis',
    ];
    for (const name of names) expect(out).toMatch(new RegExp(`^ok +${name} `, 'm'));
    expect(out).toMatch(/\nAll is well\.\n$/);
  });

  it('is what docs/operations.md has one run first', async () => {
    const env = { DATABASE_URL: await migrated(), TOKEN_SECRET: SECRET, PORT: String(await freePort()) };

    const out = await runCommand('Before the first start, and when something is wrong', 0, temporaryFolder(), env);

    expect(out).toMatch(/\nAll is well\.\n$/);
  });

  it('names an empty database, and makes nothing in it', async () => {
    const url = await database();

    const { code, out } = await doctor(url);

    expect(code).toBe(0);
    expect(out).toMatch(/^ok +migrations +The database is empty/m);
    expect((await onServer(`SELECT 1 FROM pg_tables WHERE schemaname = 'public'`, url)).rows).toEqual([]);
  });

  it.each([
    [
      'an encoding that is not UTF8',
      65,
      /^problem +encoding +.* LATIN1.*\. Make another one/m,
      async () => database(`ENCODING 'LATIN1' TEMPLATE template0`),
    ],
    [
      'synchronous_commit off',
      65,
      /^problem +durability +.*synchronous_commit=off\. /m,
      async () => {
        const url = await database();
        await onServer(`ALTER DATABASE ${nameOf(url)} SET synchronous_commit = off`);
        return url;
      },
    ],
    [
      'a database that is read only',
      69,
      /^problem +read only +.*default_transaction_read_only is on\. Take that back/m,
      async () => {
        const url = await migrated();
        await onServer(`ALTER DATABASE ${nameOf(url)} SET default_transaction_read_only = on`);
        return url;
      },
    ],
    [
      'too few connections',
      2,
      /^warning +connections +.*too little room.*\. Raise max_connections/m,
      async () => {
        const url = await migrated();
        await onServer(`ALTER DATABASE ${nameOf(url)} CONNECTION LIMIT 8`);
        return url;
      },
    ],
    [
      'a newer version’s migration',
      65,
      /^problem +migrations +A newer version .*29991231000000_future\. Run that version/m,
      async () => {
        const url = await migrated();
        await onServer(
          `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at) VALUES ('1', '', '29991231000000_future', now())`,
          url,
        );
        return url;
      },
    ],
    [
      'pending migrations',
      2,
      /^warning +migrations +The next start applies \d{14}_\w+\. Make a backup first/m,
      async () => {
        const url = await migrated();
        await onServer(`DELETE FROM _prisma_migrations WHERE migration_name = '${newest()}'`, url);
        return url;
      },
    ],
    [
      'a migration that was left unfinished',
      65,
      /^problem +migrations +Left unfinished: \d{14}_\w+\. See/m,
      async () => {
        const url = await migrated();
        await onServer(`UPDATE _prisma_migrations SET finished_at = NULL WHERE migration_name = '${newest()}'`, url);
        return url;
      },
    ],
    [
      'a migration that was another one when it was applied',
      65,
      /^problem +migrations +Applied, but changed since: \d{14}_\w+\. Run the version/m,
      async () => {
        const url = await migrated();
        await onServer(`UPDATE _prisma_migrations SET checksum = 'other' WHERE migration_name = '${newest()}'`, url);
        return url;
      },
    ],
    [
      'nobody there',
      69,
      /^problem +database +.*ECONNREFUSED.*\. Check that it runs/m,
      async () => `postgresql://ada:s3cret@127.0.0.1:${await freePort()}/parley`,
    ],
    [
      'a name that is not there',
      69,
      /^problem +database +.*does not exist.*\. Check that it runs/m,
      () => Promise.resolve(server.url.replace(/postgres$/, 'nowhere')),
    ],
    [
      'a role that may not make tables',
      65,
      /^problem +rights +(\w+) may not make tables in the schema public\. GRANT CREATE ON SCHEMA public TO \1/m,
      async () => {
        const url = await database();
        await onServer('REVOKE CREATE ON SCHEMA public FROM PUBLIC', url);
        return (await plain(url)).url;
      },
    ],
    [
      'a role that may not read the tables',
      65,
      /^problem +rights +.* may not read and write _prisma_migrations, .* more tables\. As a superuser/m,
      async () => (await plain(await migrated())).url,
    ],
    [
      'a role that may read and add, but change nothing',
      65,
      /^problem +rights +.* may not read and write _prisma_migrations, .* more tables\. As a superuser/m,
      async () => {
        const url = await migrated();
        const { role, url: own } = await plain(url);
        await onServer(`GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO ${role}`, url);
        return own;
      },
    ],
    [
      'a role that may make no further tables',
      2,
      /^warning +rights +(\w+) may not make tables in the schema public, as migrations of a later version may have to\. GRANT CREATE ON SCHEMA public TO \1/m,
      async () => {
        const url = await migrated();
        const { role, url: own } = await plain(url);
        await onServer(
          `REVOKE CREATE ON SCHEMA public FROM PUBLIC; GRANT ALL ON ALL TABLES IN SCHEMA public TO ${role}`,
          url,
        );
        return own;
      },
    ],
    [
      'a role that does not own the tables',
      2,
      /^warning +rights +.* does not own them, so migrations .*\. As a superuser/m,
      async () => {
        const url = await migrated();
        const { role, url: own } = await plain(url);
        await onServer(
          `GRANT ALL ON ALL TABLES IN SCHEMA public TO ${role}; GRANT CREATE ON SCHEMA public TO ${role}`,
          url,
        );
        return own;
      },
    ],
    [
      'a role without a schema',
      65,
      /^problem +rights +.* has no schema .*\. Make one: CREATE SCHEMA/m,
      async () => {
        const url = await database();
        const { role, url: own } = await plain(url);
        await onServer(`ALTER ROLE ${role} SET search_path = nowhere`);
        return own;
      },
    ],
    [
      'a schema that the first start will make',
      0,
      /^ok +rights +The first start makes the schema "chat"$/m,
      async () => `${await database()}?schema=chat`,
    ],
    [
      'a schema that is not there, for a role that may make none',
      65,
      /^problem +rights +(\w+) may not make the schema "chat" .*\. As the owner of the database: CREATE SCHEMA "chat" AUTHORIZATION \1$/m,
      async () => `${(await plain(await database())).url}?schema=chat`,
    ],
    [
      'a schema of somebody else',
      65,
      /^problem +rights +(\w+) may not use the schema "chat" .*\. As the owner of the database: GRANT USAGE, CREATE ON SCHEMA "chat" TO \1$/m,
      async () => {
        const url = await database();
        await onServer('CREATE SCHEMA chat', url);
        return `${(await plain(url)).url}?schema=chat`;
      },
    ],
  ] as [string, number, RegExp, () => Promise<string>][])(
    'says so of %s, with code %i',
    async (_what, wanted, line, make) => {
      const { code, out, err } = await doctor(await make());

      expect(out).toMatch(line);
      expect({ code, err }).toEqual({ code: wanted, err: '' });
      expect(out).not.toContain('s3cret');
    },
  );

  it('says so of a pooler that hands out transactions, with code 65, and takes one that hands out sessions', async () => {
    const url = await migrated();
    const through = async (mode: 'session' | 'transaction') => {
      const pooler = await startPgbouncer({ url, mode });
      onTestFinished(() => pooler.stop());
      return doctor(pooler.url);
    };

    const [transactions, sessions] = [await through('transaction'), await through('session')];

    expect(transactions.code).toBe(65);
    expect(transactions.out).toMatch(/^problem +pooler +.*transaction by transaction.*\. Let DATABASE_URL lead/m);
    expect(sessions.out).toMatch(/^ok +pooler +.*in session mode$/m);
    expect(sessions.code).toBe(0);
  });

  it.each([
    ['without TIME', /^warning +redis +Redis refuses TIME .*\+time/m],
    ['a replica', /^warning +redis +REDIS_URL leads to a replica/m],
    ['with another password', /^warning +redis +Redis does not take the user and password/m],
  ] as const)('says so of a Redis %s, with code 2', async (kind, line) => {
    const redis = await startHalfRedis(kind);
    onTestFinished(() => redis.stop());

    const { code, out, err } = await doctor(await migrated(), { REDIS_URL: redis.url });

    expect(out).toMatch(line);
    expect({ code, err }).toEqual({ code: 2, err: '' });
    expect(out).not.toContain('s3cret');
  });

  it('warns of a Redis that is slow to answer, with code 2', async () => {
    const redis = await startRedis();
    onTestFinished(() => redis.stop());
    const far = createServer((socket) => {
      const there = connect(redis.port, '127.0.0.1');
      socket.on('data', (bytes) => setTimeout(() => there.write(bytes), 50));
      there.pipe(socket);
      for (const end of [socket, there]) end.on('error', () => undefined).on('close', () => void socket.destroy());
    });
    await new Promise<void>((resolve) => far.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void far.close());
    const { port } = far.address() as AddressInfo;

    const { code, out } = await doctor(await migrated(), { REDIS_URL: `redis://127.0.0.1:${port}` });

    expect(out).toMatch(
      /^warning +redis +Redis .* in \d{2,}\.\d ms: limits and places .*\. Run it close to the nodes/m,
    );
    expect(code).toBe(2);
  });

  it('says so of a Redis that is away, with code 2', async () => {
    const { code, out, err } = await doctor(await migrated(), { REDIS_URL: `redis://127.0.0.1:${await freePort()}` });

    expect(out).toMatch(/^warning +redis +Redis is away \(.*ECONNREFUSED.*\): .*\. Start it, or correct REDIS_URL$/m);
    expect({ code, err }).toEqual({ code: 2, err: '' });
  });

  it(
    'says how TOKEN_SECRET stands to that of the node that started last, and leaves that as it is',
    { timeout: 120_000 },
    async () => {
      const url = await migrated();
      const fresh = await doctor(url);
      const node = await startNode({ databaseUrl: url, dataDir: temporaryFolder(), tokenSecret: SECRET });
      await node.stop();
      const OTHER = 'another secret that is only ever used in tests';

      const same = await doctor(url);
      const other = await doctor(url, { TOKEN_SECRET: OTHER });
      const replaced = await doctor(url, { TOKEN_SECRET: OTHER, TOKEN_SECRET_OLD: SECRET });
      const still = await doctor(url);

      expect(fresh.out).toMatch(/^ok +secret +No node has started here yet/m);
      for (const { out } of [same, still]) expect(out).toMatch(/^ok +secret +TOKEN_SECRET is that of the node/m);
      expect(other.out).toMatch(/^warning +secret +TOKEN_SECRET is another one .* give all nodes the same\./m);
      expect(replaced.out).toMatch(/^ok +secret +TOKEN_SECRET replaces TOKEN_SECRET_OLD/m);
      expect([fresh, same, other, replaced].map(({ code }) => code)).toEqual([0, 0, 2, 0]);
      expect(other.out).not.toContain(OTHER);
    },
  );

  it('warns of a clock that is wrong, with code 2', async () => {
    const ahead = 'const now = Date.now; Date.now = () => now() + 100_000';

    const { code, out } = await doctor(await migrated(), {
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(ahead)}`,
    });

    expect(out).toMatch(/^warning +clock +The database's clock is (99|100) s behind this machine's/m);
    expect(code).toBe(2);
  });

  it('warns of a clock that is ahead or behind, by how much', async () => {
    const db = createPostgresql({ url: server.url });
    onTestFinished(() => db.close());
    const at = (seconds: number) => checkClock(db, () => Date.now() + seconds * 1000);

    expect(await at(1)).toMatchObject({ outcome: 'ok' });
    expect(await at(100)).toMatchObject({
      outcome: 'warning',
      sentence: expect.stringMatching(/clock is (99|100) s behind this machine's/) as string,
      remedy: expect.stringContaining('NTP') as string,
    });
    expect(await at(-100)).toMatchObject({
      outcome: 'warning',
      sentence: expect.stringMatching(/clock is (99|100) s ahead of this machine's/) as string,
    });
  });
});

describe('parley doctor --url behind nginx', { timeout: 60_000 }, () => {
  const look = async (locations = '') => {
    const node = await startNode({ trustProxy: 1, tokenSecret: SECRET });
    onTestFinished(() => node.stop());
    const port = Number(new URL(node.url).port);
    const nginx = await startNginx([port, port], { locations });
    onTestFinished(() => nginx.stop());
    const env = { DATA_DIR: temporaryFolder(), PORT: String(await freePort()), TOKEN_SECRET: SECRET };
    return parley(['doctor', '--url', nginx.url], { env });
  };

  it('finds that all passes where it is as deploy/nginx.conf has it', async () => {
    const { code, out } = await look();

    expect(out).toMatch(/^ok +websocket +WebSockets work$/m);
    expect(code).toBe(0);
  });

  it('warns of one that keeps the upgrade to a WebSocket to itself, with the lines that it lacks', async () => {
    // What a location sets takes the place of all that is set around it.
    const { code, out } = await look(`
      location = /graphql {
        proxy_pass http://parley;
        proxy_set_header Host $http_host;
      }`);

    expect(out).toMatch(
      /^warning +websocket +WebSockets do not work: the answer is \d{3} instead of 101\. .*proxy_set_header Upgrade /m,
    );
    expect(out).toMatch(/^ok +origin /m);
    expect(code).toBe(2);
  });
});

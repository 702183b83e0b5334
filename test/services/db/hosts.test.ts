/** Where DATABASE_URL leads: several hosts, a socket, a schema, TLS. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { startPostgres, type Service } from '../../../scripts/services.mjs';
import { UnavailableError, type Database } from '../../../src/db/database.js';
import { migrate } from '../../../src/db/migrations.js';
import { openDatabase } from '../../../src/db/open.js';
import { createPostgresql } from '../../../src/db/postgresql.js';
import { createAuthority } from '../../support/certificates.js';
import { temporaryFolder } from '../../support/database.js';
import { startNode } from '../../support/node.js';
import { parley } from '../../support/parley.js';

const opened = async (databaseUrl: string): Promise<Database> => {
  const db = await openDatabase({ databaseUrl, dataDir: '' });
  onTestFinished(() => db.close());
  return db;
};

const portOf = async (db: Database) => {
  const [row] = await db.query<{ port: number }>(`SELECT current_setting('port')::int AS port`);
  return row!.port;
};

describe('Several hosts', () => {
  let primary: Service;
  let standby: Service;
  let both: string;

  beforeAll(async () => {
    primary = await startPostgres();
    standby = await startPostgres({ standbyOf: primary.url });
    both = `postgresql://parley@127.0.0.1:${standby.port},127.0.0.1:${primary.port}/postgres?target_session_attrs=read-write`;
  });

  afterAll(async () => {
    await standby.stop();
    await primary.stop();
  });

  it('lead to the one that can be written to, for statements, sessions and Prisma alike', async () => {
    const db = await opened(both);

    await migrate(db);

    expect(await portOf(db)).toBe(primary.port);
    expect(await db.session((session) => session.query('SELECT pg_is_in_recovery() AS "isStandby"'))).toEqual([
      { isStandby: false },
    ]);
    expect(await db.prisma.user.count()).toBe(0);
  });

  it('may be away, all but one, and are named with their reasons where none will do', async () => {
    const db = await opened(`postgresql://parley@127.0.0.1:1,127.0.0.1:${primary.port}/postgres`);
    const none = createPostgresql({ url: `postgresql://parley@127.0.0.1:1,127.0.0.1:${standby.port}/postgres` });
    onTestFinished(() => none.close());

    const error: unknown = await none.query('SELECT 1').catch((thrown: unknown) => thrown);

    expect(await portOf(db)).toBe(primary.port);
    expect(error).toBeInstanceOf(UnavailableError);
    expect((error as Error).cause).toMatchObject({
      message: expect.stringMatching(
        /None of its hosts .*127\.0\.0\.1: connect ECONNREFUSED.*127\.0\.0\.1: read only/,
      ) as string,
    });
  });

  it('are looked at again when the one that was chosen is gone: a node goes on with the standby that was promoted', async () => {
    const node = await startNode({ databaseUrl: both, dataDir: temporaryFolder() });
    onTestFinished(() => node.stop());
    const ready = async () => (await fetch(`${node.url}/health/ready`)).status;
    const before = await ready();

    await primary.stop();
    await vi.waitUntil(async () => (await ready()) === 503, { timeout: 10_000 });
    const db = createPostgresql({ url: standby.url });
    onTestFinished(() => db.close());
    await db.query('SELECT pg_promote()');
    await vi.waitUntil(async () => (await ready()) === 200, { timeout: 15_000 });

    expect(before).toBe(200);
    expect(await portOf(await opened(both))).toBe(standby.port);
  });
});

describe('One host', () => {
  let server: Service;

  beforeAll(async () => {
    server = await startPostgres();
  });

  afterAll(() => server.stop());

  it('may be a socket, named as a host or beside it', async () => {
    for (const url of [
      `postgresql://parley@/postgres?host=${server.folder}&port=${server.port}`,
      `postgresql://parley@${encodeURIComponent(server.folder)}:${server.port}/postgres`,
    ]) {
      const [row] = await (await opened(url)).query<{ address: unknown }>('SELECT inet_client_addr() AS address');

      expect(row).toEqual({ address: null });
    }
  });

  it('has its tables in the schema that is named, for Prisma and ourselves, and makes that', async () => {
    const url = `${server.url}?schema=chat`;

    const migrated = await parley(['migrate'], { env: { DATABASE_URL: url } });
    const made = await parley(
      ['create-admin', '--username', 'ada', '--email', 'a@example.org', '--password', 'long enough for anybody'],
      { env: { DATABASE_URL: url } },
    );
    const db = await opened(url);

    expect([migrated.code, made.code]).toEqual([0, 0]);
    expect(await db.prisma.user.count()).toBe(1);
    expect(
      await db.query(
        `SELECT DISTINCT schemaname::text AS name FROM pg_tables WHERE tablename IN ('user', '_prisma_migrations')`,
      ),
    ).toEqual([{ name: 'chat' }]);
  });
});

describe('TLS', () => {
  const authority = createAuthority();
  const other = createAuthority();
  let server: Service;
  let elsewhere: Service;

  beforeAll(async () => {
    const withTls = (names: string) => {
      const { certificate, key } = authority.sign(names);
      return startPostgres({ settings: { ssl: 'on', ssl_cert_file: certificate, ssl_key_file: key } });
    };
    server = await withTls('DNS:localhost,IP:127.0.0.1');
    elsewhere = await withTls('DNS:elsewhere.example.org');
  });

  afterAll(async () => {
    await server.stop();
    await elsewhere.stop();
  });

  const isEncrypted = async (url: string) => {
    const [row] = await (
      await opened(url)
    ).query<{ ssl: boolean }>('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
    return row!.ssl;
  };

  it.each([
    ['sslmode=disable', false],
    ['', false],
    ['sslmode=require', true],
    [`sslmode=require&sslrootcert=${authority.root}`, true],
    [`sslmode=verify-ca&sslrootcert=${authority.root}`, true],
    [`sslmode=verify-full&sslrootcert=${authority.root}`, true],
    [`sslrootcert=${authority.root}`, true],
  ])('is spoken as DATABASE_URL says: %s', async (query, expected) => {
    expect(await isEncrypted(`${server.url}?${query}`)).toBe(expected);
  });

  it('looks at the name in the certificate with verify-full alone', async () => {
    const url = (mode: string) => `${elsewhere.url}?sslmode=${mode}&sslrootcert=${authority.root}`;

    expect(await isEncrypted(url('verify-ca'))).toBe(true);
    await expect(opened(url('verify-full'))).rejects.toMatchObject({ cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' } });
  });

  it.each(['require', 'verify-ca', 'verify-full'])(
    'with %s, refuses a certificate of another authority',
    async (mode) => {
      await expect(opened(`${server.url}?sslmode=${mode}&sslrootcert=${other.root}`)).rejects.toMatchObject({
        name: 'UnavailableError',
        cause: { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' },
      });
    },
  );

  it('trusts what NODE_EXTRA_CA_CERTS names, and says nothing that nobody asked for', async () => {
    const run = (env: Record<string, string>) =>
      parley(['migrate', '--status'], { env: { ...env, DATABASE_URL: `${server.url}?sslmode=verify-full` } });

    const trusted = await run({ NODE_EXTRA_CA_CERTS: authority.root });
    const unknown = await run({});
    const required = await parley(['migrate', '--status'], { env: { DATABASE_URL: `${server.url}?sslmode=require` } });

    expect(trusted.err).toBe('parley: The database is not up to date: pending\n');
    expect(required.err).toBe(trusted.err);
    expect(unknown.code).toBe(69);
    expect(unknown.err).toMatch(/^parley: The database is not available: unable to verify the first certificate/);
  });

  it('is refused by a server that has none', async () => {
    const plain = await startPostgres();
    onTestFinished(() => plain.stop());

    await expect(opened(`${plain.url}?sslmode=require`)).rejects.toMatchObject({
      cause: { message: 'The server does not support SSL connections' },
    });
  });
});

/** Out of an embedded database into an empty PostgreSQL: needs both. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Database } from '../../../src/db/database.js';
import { openDatabase } from '../../../src/db/open.js';
import { fillWithCrowd } from '../../../src/demo/fill.js';
import { keptSecret } from '../../../src/secret.js';
import { accountNode } from '../../support/accounts.js';
import { chatNode, newPerson } from '../../support/chats.js';
import { clear, embeddedDatabase, testDatabase } from '../../support/database.js';
import { logProblems } from '../../support/log-problems.js';
import { parley } from '../../support/parley.js';

const opened = async (config: Parameters<typeof openDatabase>[0]) => {
  const db = await openDatabase(config);
  let isOpen = true;
  const close = async () => {
    if (isOpen) await db.close();
    isOpen = false;
  };
  onTestFinished(close);
  return { db, close };
};

/** A folder with people, chats, a session and a kept secret, closed again. */
const aFolder = async () => {
  const { config, drop } = await embeddedDatabase();
  onTestFinished(drop);
  const { db, close } = await opened(config);
  await fillWithCrowd(db, { users: 20, chats: 15, messages: 3000, seed: 1, passwordHash: 'none' });
  const { session } = await (await accountNode(db)).person('ada');
  const rows = await rowsOf(db);
  await close();
  const secret = await keptSecret(config.dataDir, 'token-secret');
  return { config, env: { DATA_DIR: config.dataDir }, rows, session, secret };
};

const aPostgresql = async () => {
  const { config, drop } = await testDatabase();
  onTestFinished(drop);
  return { url: config.databaseUrl!, ...(await opened(config)) };
};

const tablesOf = async (db: Database) => {
  const rows = await db.query<{ name: string }>(
    `SELECT table_name::text AS name FROM information_schema.tables
     WHERE table_schema = 'public' AND table_name <> '_prisma_migrations' ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
};

/** What each database makes of its messages by itself. */
const DERIVED = ['message_search', 'search_gap'];

/** All that is in all tables, as text, but for the numbers of transactions and what is derived. */
const rowsOf = async (db: Database): Promise<Record<string, string[]>> => {
  const all: Record<string, string[]> = {};
  for (const table of (await tablesOf(db)).filter((name) => !DERIVED.includes(name))) {
    const rows = await db.query<{ row: string }>(
      `SELECT (to_jsonb(t) - 'xid' - 'indexed_seq')::text AS row FROM "${table}" t ORDER BY (to_jsonb(t) - 'xid' - 'indexed_seq')::text COLLATE "C"`,
    );
    all[table] = rows.map(({ row }) => row);
  }
  return all;
};

const isEmpty = async (db: Database) => Object.values(await rowsOf(db)).every((rows) => rows.length === 0);

describe('parley copy', () => {
  it.each([['migrated', false] as const, ['not even migrated', true] as const])(
    'moves everything into an empty PostgreSQL that is %s, ids, marks and sessions as they were',
    async (_state, isCleared) => {
      const { config, env, rows, session } = await aFolder();
      const { url, db } = await aPostgresql();
      if (isCleared) await clear(db);

      const { code, out, err } = await parley(['copy', '--to', url], { env });

      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(out).toMatch(/^ +3,000 {2}message$/m);
      expect(await rowsOf(db)).toEqual(rows);
      expect(rows.session).toHaveLength(1);
      // The words as well, and not as the other database stems them.
      const counts = 'SELECT (SELECT count(*) FROM message_search) AS words, count(text) AS texts FROM message';
      const [{ words, texts } = { words: 0n, texts: -1n }] = await db.query<{ words: bigint; texts: bigint }>(counts);
      expect(words).toBe(texts);
      expect(await logProblems(db)).toEqual([]);
      const { sessions, tokens } = await accountNode(db);
      expect(tokens.readAccess(session.accessToken)).not.toBeNull();
      expect((await sessions.authenticate(session.accessToken))?.id).toBe(session.userId);
      expect((await sessions.refresh(session.refreshToken)).sessionId).toBe(session.sessionId);
      // The folder is as it was.
      expect(await rowsOf((await opened(config)).db)).toEqual(rows);
    },
  );

  it('goes on with the next ids, and with the next numbers of each log', async () => {
    const { env, rows } = await aFolder();
    const { url, db } = await aPostgresql();
    await parley(['copy', '--to', url], { env });

    const { group, chats, members, say } = await chatNode(db);
    const someone = await newPerson(db);
    const { admin, chat } = await group(someone);
    const [old] = await chats.list(admin, { scope: 'ALL', kind: 'GROUP' }, { last: 1 }).then(({ edges }) => edges);
    await members.add(admin, old!.node.id, someone.id);
    const seq = await say(someone, old!.node);

    expect(Number(someone.id)).toBe(rows.user!.length + 1);
    expect(Number(chat.id)).toBe(rows.chat!.length + 1);
    expect(seq).toBe(old!.node.headSeq + 2);
    expect(await logProblems(db)).toEqual([]);
  });

  it('says where the secret is that TOKEN_SECRET has to be, and prints it only where it is asked to', async () => {
    const { config, env, secret } = await aFolder();
    const [one, other] = [await aPostgresql(), await aPostgresql()];

    const discreet = await parley(['copy', '--to', one.url], { env });
    const asked = await parley(['copy', '--to', other.url, '--print-secret'], { env });

    const path = join(config.dataDir, 'token-secret');
    expect(readFileSync(path, 'utf8').trim()).toBe(secret);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(discreet.out).toContain(`TOKEN_SECRET   the line in ${path}`);
    expect(discreet.out + discreet.err).not.toContain(secret);
    expect(asked.out).toContain(`TOKEN_SECRET   ${secret}`);
  });

  it('looks at the folder even where DATABASE_URL is set already, as before the move', async () => {
    const { env, rows } = await aFolder();
    const { url, db } = await aPostgresql();

    const { code, out } = await parley(['copy', '--to', url], {
      env: { ...env, DATABASE_URL: url, TOKEN_SECRET: 'a secret that was set by hand long ago' },
    });

    expect(code).toBe(0);
    expect(out).toContain('TOKEN_SECRET   its current value');
    expect(await rowsOf(db)).toEqual(rows);
  });

  it.each([
    [
      'has rows of its own',
      `INSERT INTO "user" (username, username_key, email, email_key) VALUES ('x', 'x', 'x', 'x')`,
    ],
    ['has tables of somebody else', 'CREATE TABLE invoice (id int PRIMARY KEY)'],
    [
      'holds nothing of Parley',
      'DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE TABLE invoice (id int PRIMARY KEY)',
    ],
  ])('refuses, in one line and with code 65, a PostgreSQL that %s', async (_what, sql) => {
    const { env } = await aFolder();
    const { url, db } = await aPostgresql();
    await db.session((session) => session.execute(sql));
    const before = await rowsOf(db);

    const { code, out, err } = await parley(['copy', '--to', url], { env });

    expect({ code, out }).toEqual({ code: 65, out: '' });
    expect(err).toMatch(/^parley: The PostgreSQL is not empty: [^\n]+\n$/);
    expect(await rowsOf(db)).toEqual(before); // and no tables more than before
  });

  it('leaves the PostgreSQL empty where it breaks in the middle, and succeeds when it is run again', async () => {
    const { env, rows } = await aFolder();
    const { url, db } = await aPostgresql();
    await db.session((session) =>
      session.execute(`
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
          BEGIN IF NEW.seq > 20 THEN RAISE EXCEPTION 'the disk is full'; END IF; RETURN NEW; END $$;
        CREATE TRIGGER refuse BEFORE INSERT ON message FOR EACH ROW EXECUTE FUNCTION refuse()`),
    );

    const broken = await parley(['copy', '--to', url], { env });

    expect(broken.code).toBe(1);
    expect(broken.err).toContain('the disk is full');
    expect(await isEmpty(db)).toBe(true);
    await db.query('DROP FUNCTION refuse CASCADE');
    expect(await parley(['copy', '--to', url], { env })).toMatchObject({ code: 0 });
    expect(await rowsOf(db)).toEqual(rows);
  });

  it('says that there is no database in the folder', async () => {
    const { url } = await aPostgresql();

    const { code, err } = await parley(['copy', '--to', url], { env: { DATA_DIR: '/nonexistent/parley' } });

    expect({ code, err }).toEqual({ code: 65, err: 'parley: There is no embedded database in /nonexistent/parley\n' });
  });
});

describe('A PostgreSQL that is not migrated', () => {
  it('is left alone by the commands, with code 65, until `parley migrate`', async () => {
    const { url, db } = await aPostgresql();
    await clear(db);
    const env = { DATABASE_URL: url };
    const demo = ['demo', '--users', '2', '--chats', '1', '--messages', '5'];

    const refused = await parley(demo, { env });
    expect(refused).toMatchObject({ code: 65, out: '' });
    expect(refused.err).toMatch(/^parley: The database lacks [^\n]+: run `parley migrate`\n$/);
    expect(await tablesOf(db)).toEqual([]);

    expect(await parley(['migrate', '--status'], { env })).toMatchObject({ code: 65 });
    expect(await parley(['migrate'], { env })).toMatchObject({ code: 0, err: '' });
    expect(await parley(['migrate', '--status'], { env })).toMatchObject({ code: 0 });
    expect(await parley(demo, { env })).toMatchObject({ code: 0 });
  });
});

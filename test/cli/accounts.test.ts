import { spawn } from '@lydell/node-pty';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Database } from '../../src/db/database.js';
import { openDatabase } from '../../src/db/open.js';
import { InvalidCredentialsError, InvalidTokenError } from '../../src/domain/errors.js';
import { accountNode, passwordOf, somewhere } from '../support/accounts.js';
import { errorOf } from '../support/chats.js';
import { temporaryFolder, testDatabase } from '../support/database.js';
import { NODE_ARGS } from '../support/node-args.js';
import { inherited, PARLEY, parley, settingsFor } from '../support/parley.js';

/** A database that the command and the test use in turn, as an embedded one has to be. */
const ownDatabase = async () => {
  const { config, drop } = await testDatabase();
  onTestFinished(drop);
  const inside = async <Result>(work: (db: Database) => Promise<Result>): Promise<Result> => {
    const db = await openDatabase(config);
    try {
      return await work(db);
    } finally {
      await db.close();
    }
  };
  return { inside, env: settingsFor(config) };
};

const logIn = (db: Database, username: string, password: string) =>
  accountNode(db).then(({ accounts }) => accounts.logIn({ username, password }, somewhere));

const passwordIn = (out: string) => /^Password: (\S+)\r?$/m.exec(out)![1]!;

/** The only line that an act leaves on standard error. */
const auditIn = (err: string) => JSON.parse(err) as Record<string, unknown>;

/** Types as a person would: each answer once its question is on the screen. */
const onTerminal = async (
  args: readonly string[],
  env: Record<string, string>,
  answers: [question: string, typed: string][],
) => {
  const terminal = spawn(process.execPath, [...NODE_ARGS, PARLEY, ...args], {
    cols: 100,
    rows: 30,
    cwd: temporaryFolder(),
    env: { ...inherited(), ...env, TERM: 'xterm' },
  });
  let screen = '';
  terminal.onData((text) => (screen += text));
  const ended = new Promise<number>((resolve) => terminal.onExit(({ exitCode }) => resolve(exitCode)));
  for (const [question, typed] of answers) {
    await vi.waitFor(() => expect(screen).toContain(question), { timeout: 15_000, interval: 10 });
    terminal.write(typed);
  }
  return { code: await ended, screen };
};

describe('parley create-admin', () => {
  const args = ['create-admin', '--username', 'Root', '--email', 'root@example.org'];

  it('S1.17 makes an administrator and, where there is no terminal, a password', async () => {
    const { inside, env } = await ownDatabase();

    const { code, out, err } = await parley(args, { env });

    expect(code).toBe(0);
    expect(auditIn(err)).toMatchObject({
      audit: 'create-admin',
      outcome: 'created',
      by: 'operator',
      about: { userId: '1' },
    });
    expect(err).not.toContain(passwordIn(out));
    expect(out).toMatch(/^Created the administrator Root\n/);
    const { user } = await inside((db) => logIn(db, 'root', passwordIn(out)));
    expect(user).toMatchObject({ username: 'Root', email: 'root@example.org', role: 'ADMIN' });
  });

  it('says of one who is there already that they are, and changes nothing', async () => {
    const { inside, env } = await ownDatabase();
    const given = [...args, '--password', 'a password of my own'];
    expect(await parley(given, { env })).toMatchObject({ code: 0, out: 'Created the administrator Root\n' });

    const again = await parley(['create-admin', '--username', 'ROOT', '--email', 'other@example.org'], { env });

    expect(again.code).toBe(0);
    expect(again.out).toBe('Root was already an administrator; password and e-mail are unchanged\n');
    const { user } = await inside((db) => logIn(db, 'root', 'a password of my own'));
    expect(user.email).toBe('root@example.org');
  });

  it('makes an administrator of a user, who keeps password and e-mail, and says so', async () => {
    const { inside, env } = await ownDatabase();
    await inside(async (db) => (await accountNode(db)).person('root'));

    const { code, out } = await parley(args, { env });

    expect(code).toBe(0);
    expect(out).toBe('Promoted root to administrator; password and e-mail are unchanged\n');
    const { user } = await inside((db) => logIn(db, 'root', passwordOf('root')));
    expect(user.role).toBe('ADMIN');
  });

  it('refuses an e-mail that somebody else has', async () => {
    const { inside, env } = await ownDatabase();
    await inside(async (db) => (await accountNode(db)).person('ada'));

    const { code, err } = await parley(['create-admin', '--username', 'root', '--email', 'ADA@example.org'], { env });

    expect(code).toBe(64);
    expect(err).toBe('parley: The e-mail address is taken.\n');
  });

  it('asks on a terminal, twice, and shows nothing of what is typed', async () => {
    const { inside, env } = await ownDatabase();

    const { code, screen } = await onTerminal(args, env, [
      ['Password of Root: ', 'пароль из души\r'],
      ['Repeat: ', 'пароль из души\r'],
    ]);

    expect(code).toBe(0);
    expect(screen).not.toContain('пароль');
    expect(screen).toContain('Created the administrator Root');
    expect((await inside((db) => logIn(db, 'root', 'пароль из души'))).user.role).toBe('ADMIN');
  });

  it.each([
    ['the second time differs', ['a first password\r', 'a second password\r'], 64, 'differ'],
    ['Ctrl-C is pressed', ['half a passw\u0003'], 130, 'Cancelled'],
    ['it is too short', ['short\r'], 64, 'must be 8 to 128 characters long'],
  ])('changes nothing where %s', async (_where, typed, code, says) => {
    const { inside, env } = await ownDatabase();
    const questions = ['Password of Root: ', 'Repeat: '];

    const ended = await onTerminal(
      args,
      env,
      typed.map((text, index) => [questions[index]!, text]),
    );

    expect(ended.code).toBe(code);
    expect(ended.screen).toContain(says);
    const [row] = await inside((db) => db.query<{ count: number }>('SELECT count(*)::int AS count FROM "user"'));
    expect(row!.count).toBe(0);
  });
});

describe('parley set-password', () => {
  it("sets a new one and ends all of that user's sessions, nobody else's", async () => {
    const { inside, env } = await ownDatabase();
    const [ada, bob] = await inside(async (db) => {
      const { accounts, person } = await accountNode(db);
      await person('ada');
      const second = await accounts.logIn({ username: 'ada', password: passwordOf('ada') }, somewhere);
      return [second.session, (await person('bob')).session];
    });

    const { code, out, err } = await parley(['set-password', '--username', 'ADA'], { env });

    expect(code).toBe(0);
    expect(auditIn(err)).toMatchObject({
      audit: 'set-password',
      by: 'operator',
      about: { endedSessions: expect.any(Number) as number },
    });
    expect(err).not.toContain(passwordIn(out));
    expect(out).toMatch(/^Set the password of ada and ended 2 sessions\n/);
    await inside(async (db) => {
      const { accounts, sessions } = await accountNode(db);
      expect(await errorOf(sessions.refresh(ada.refreshToken))).toBeInstanceOf(InvalidTokenError);
      expect((await sessions.refresh(bob.refreshToken)).sessionId).toBe(bob.sessionId);
      const old = accounts.logIn({ username: 'ada', password: passwordOf('ada') }, somewhere);
      expect(await errorOf(old)).toBeInstanceOf(InvalidCredentialsError);
      const next = await accounts.logIn({ username: 'ada', password: passwordIn(out) }, somewhere);
      expect(next.user.username).toBe('ada');
    });
  });

  it('says that there is no such user', async () => {
    const { env } = await ownDatabase();

    const { code, err } = await parley(['set-password', '--username', 'nobody'], { env });

    expect({ code, err }).toEqual({ code: 64, err: 'parley: There is no user "nobody"\n' });
  });
});

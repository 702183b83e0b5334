import { describe, expect, it } from 'vitest';
import {
  InvalidCredentialsError,
  InvalidInputError,
  InvalidTokenError,
  RateLimitedError,
} from '../../../src/domain/errors.js';
import { insertUser } from '../../../src/domain/accounts/account-store.js';
import type { RegisterInput } from '../../../src/domain/accounts/accounts.js';
import { accountNode, passwordOf, somewhere, type AccountNode } from '../../support/accounts.js';
import { ownDatabase } from '../../support/own-database.js';

const database = ownDatabase();

let people = 0;
const newName = () => `person-${++people}`;
const someone = (node: AccountNode) => node.person(newName());
const nowhere = { address: null };

const inputOf = (username: string): RegisterInput => ({
  username,
  password: 'eight characters',
  email: `someone-${++people}@example.org`,
});

const viewerOf = async (node: AccountNode, accessToken: string) => (await node.sessions.authenticate(accessToken))!;

/** Where in the input something was found wrong. */
const pathsOf = async (work: Promise<unknown>) => {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof InvalidInputError)) throw new Error('It was not refused as invalid input', { cause: error });
  return error.fields.map((field) => field.path.join('.'));
};

const settled = async (work: Promise<unknown>[]) => {
  const outcomes = await Promise.allSettled(work);
  return {
    fulfilled: outcomes.filter((outcome) => outcome.status === 'fulfilled').length,
    reasons: outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : [])),
  };
};

describe('registering', () => {
  it('S1.8 S4.1 makes a user and signs them in', async () => {
    const node = await accountNode(database.current);

    const { session, user } = await node.accounts.register(
      { username: 'Ada', password: 'correct horse', email: 'Ada@Example.org', firstName: 'Ada', lastName: '' },
      somewhere,
    );

    expect(user).toMatchObject({
      username: 'Ada',
      email: 'Ada@Example.org',
      firstName: 'Ada',
      lastName: '',
      role: 'USER',
    });
    expect(await node.sessions.authenticate(session.accessToken)).toMatchObject({ id: user.id, role: 'USER' });
    await expect(node.sessions.refresh(session.refreshToken)).resolves.toMatchObject({ userId: user.id });
  });

  it('S1.7 S2.7 takes names and usernames of any script', async () => {
    const node = await accountNode(database.current);

    for (const username of ['Анна-Мария', 'x_1.y-2', 'नमस्ते', '光子郎', 'Zoe\u0308']) {
      const { user } = await node.accounts.register({ ...inputOf(username), firstName: 'О’Нил 👩‍🚀' }, somewhere);
      expect(user).toMatchObject({ username: username.normalize('NFC'), firstName: 'О’Нил 👩‍🚀' });
    }
  });

  it.each<[string, Partial<RegisterInput>, string]>([
    ['a username of 2', { username: 'ab' }, 'username'],
    ['a username of 33', { username: 'a'.repeat(33) }, 'username'],
    ['a username with a space', { username: 'a da' }, 'username'],
    ['a username with a sign', { username: 'ada@home' }, 'username'],
    ['a username of an emoji', { username: '👩‍🚀👩‍🚀👩‍🚀' }, 'username'],
    ['a username that begins with a mark', { username: '\u0301ada' }, 'username'],
    ['a username with letters that are not seen', { username: 'ada\u3164' }, 'username'],
    ['a username with NUL', { username: 'ada\0' }, 'username'],
    ['a username with half a surrogate pair', { username: 'ada\ud800' }, 'username'],
    ['an endless username', { username: 'a'.repeat(200_000) }, 'username'],
    ['a password of 7', { password: '1234567' }, 'password'],
    ['a password of 7 emoji', { password: '👍'.repeat(7) }, 'password'],
    ['a password of 129', { password: 'a'.repeat(129) }, 'password'],
    ['a password with NUL', { password: 'password\0' }, 'password'],
    ['a password with half a surrogate pair', { password: 'password\udc00' }, 'password'],
    ['an e-mail without @', { email: 'ada.example.org' }, 'email'],
    ['an e-mail without a domain', { email: 'ada@' }, 'email'],
    ['an e-mail of one label', { email: 'ada@host' }, 'email'],
    ['an e-mail with a space', { email: 'ada lovelace@example.org' }, 'email'],
    ['an e-mail with two @', { email: 'ada@b@example.org' }, 'email'],
    ['an e-mail with a line break', { email: 'ada@exam\nple.org' }, 'email'],
    ['an e-mail with NUL', { email: 'ada\0@example.org' }, 'email'],
    ['an e-mail of 255', { email: `ada@${'a.'.repeat(125)}a` }, 'email'],
    ['a first name of 151', { firstName: 'a'.repeat(151) }, 'firstName'],
    ['a last name with a control character', { lastName: 'a\u0007' }, 'lastName'],
    ['a last name with half a surrogate pair', { lastName: 'a\ud800' }, 'lastName'],
  ])('refuses %s', async (_what, wrong, path) => {
    const node = await accountNode(database.current);

    expect(await pathsOf(node.accounts.register({ ...inputOf(newName()), ...wrong }, somewhere))).toEqual([path]);

    expect(node.passwords.computed).toBe(0);
  });

  it.each<[string, Partial<RegisterInput>]>([
    ['a username of 3 letters with marks', { username: 'a\u0301b\u0301e\u0301' }],
    ['a username of 32 letters outside of the first plane', { username: '𐐨'.repeat(32) }],
    ['a password of 8', { password: '12345678' }],
    ['a password of 128 emoji', { password: '👍'.repeat(128) }],
    ['a password of spaces', { password: ' '.repeat(8) }],
    ['an e-mail of another script', { email: 'ада@пример.рф' }],
    ['an e-mail with a plus', { email: 'ada+parley@mail.example.org' }],
    ['names of 150', { firstName: '👍'.repeat(150), lastName: 'a'.repeat(150) }],
  ])('takes %s', async (_what, input) => {
    const node = await accountNode(database.current);
    const all = { ...inputOf(newName()), ...input };

    const { user } = await node.accounts.register(all, somewhere);

    await expect(node.accounts.logIn(all, somewhere)).resolves.toMatchObject({ user: { id: user.id } });
  });

  it('names all that is wrong at once', async () => {
    const node = await accountNode(database.current);

    const paths = await pathsOf(
      node.accounts.register({ username: '', password: '', email: '', firstName: '\0', lastName: '\0' }, somewhere),
    );

    expect(paths.sort()).toEqual(['email', 'firstName', 'lastName', 'password', 'username']);
  });

  it('refuses a username or an e-mail that is taken, in whatever case and composition', async () => {
    const node = await accountNode(database.current);
    await node.accounts.register({ ...inputOf('Ёжик-Café'), email: 'Jožin@Example.org' }, somewhere);

    expect(await pathsOf(node.accounts.register(inputOf('ёЖИК-CAFE\u0301'), somewhere))).toEqual(['username']);
    expect(
      await pathsOf(node.accounts.register({ ...inputOf(newName()), email: 'JOZ\u030CIN@example.ORG' }, somewhere)),
    ).toEqual(['email']);
  });

  it.each([
    ['Νίκος.Παππάς', 'ΝΊΚΟΣ.ΠΑΠΠΆΣ'],
    ['weiß', 'WEISS'],
    ['ſamuel', 'SAMUEL'],
    ['µmesser', 'ΜMESSER'],
  ])('takes %s and %s for one, also when signing in', async (username, upper) => {
    const node = await accountNode(database.current);
    await node.accounts.register(inputOf(username), somewhere);

    expect(await pathsOf(node.accounts.register(inputOf(upper), somewhere))).toEqual(['username']);
    const { user } = await node.accounts.logIn({ username: upper, password: 'eight characters' }, somewhere);
    expect(user.username).toBe(username);
  });

  it('takes a domain in letters and in punycode for one, and shows it as it was given', async () => {
    const node = await accountNode(database.current);
    const name = newName();
    const { user } = await node.accounts.register({ ...inputOf(name), email: `${name}@bücher.example ` }, somewhere);

    const again = { ...inputOf(newName()), email: `${name}@XN--bcher-kva.example` };
    expect(await pathsOf(node.accounts.register(again, somewhere))).toEqual(['email']);
    expect(user.email).toBe(`${name}@bücher.example`);
  });

  it('says what is wrong in a sentence, and by a code with its number', async () => {
    const node = await accountNode(database.current);
    const input = { ...inputOf('a'), password: 'short', email: 'none', firstName: 'invoice\u202efdp.exe' };

    const error: unknown = await node.accounts.register(input, somewhere).catch((reason: unknown) => reason);

    expect(error).toMatchObject({
      message:
        'The username must be 3 to 32 letters, digits, ".", "_" or "-". The password must be 8 to 128 characters long. ' +
        'The first name must not contain characters that turn the direction of writing. The e-mail address must look like name@example.org.',
      fields: [
        { path: ['username'], code: 'TOO_SHORT', limit: 3 },
        { path: ['password'], code: 'TOO_SHORT', limit: 8 },
        { path: ['firstName'], code: 'MALFORMED' },
        { path: ['email'], code: 'MALFORMED' },
      ],
    });
  });

  it('takes a name of which nothing is seen for none', async () => {
    const node = await accountNode(database.current);

    const { user } = await node.accounts.register(
      { ...inputOf(newName()), firstName: '\u200b\u3164', lastName: ' \u2800' },
      somewhere,
    );

    expect(user).toMatchObject({ firstName: '', lastName: '' });
  });

  it('gives a name to exactly one of many who want it at once', async () => {
    const nodes = [await accountNode(database.current), await accountNode(database.current)];
    const name = newName();

    const { fulfilled, reasons } = await settled(
      Array.from({ length: 6 }, (_, index) =>
        nodes[index % 2]!.accounts.register(inputOf(index % 3 ? name : name.toUpperCase()), somewhere),
      ),
    );

    expect(fulfilled).toBe(1);
    expect(reasons).toHaveLength(5);
    for (const reason of reasons)
      expect(reason).toMatchObject({ fields: [{ path: ['username'], code: 'TAKEN', reason: 'is taken' }] });
    expect(String(reasons[0])).toContain('The username is taken.');
  });

  it('is limited by address, where that is known', async () => {
    const node = await accountNode(database.current, { settings: { registrationsPerHour: 1 } });
    await node.accounts.register(inputOf(newName()), { address: '2001:db8:1:2::1' });

    // The same network, written otherwise.
    const refused = node.accounts.register(inputOf(newName()), { address: '2001:DB8:1:2:ffff:0:0:9' });

    await expect(refused).rejects.toThrow(RateLimitedError);
    await node.accounts.register(inputOf(newName()), { address: '2001:db8:1:3::1' });
    await node.accounts.register(inputOf(newName()), nowhere);
    await node.accounts.register(inputOf(newName()), nowhere);
  });
});

describe('signing in', () => {
  it('S1.9 S4.2 takes the username in any case, and opens another session each time', async () => {
    const node = await accountNode(database.current);
    const { session, user } = await someone(node);

    const again = await node.accounts.logIn(
      { username: user.username.toUpperCase(), password: passwordOf(user.username) },
      somewhere,
    );

    expect(again.user).toEqual(user);
    expect(again.session.sessionId).not.toBe(session.sessionId);
    expect(again).not.toHaveProperty('user.passwordHash');
    expect(await node.sessions.authenticate(session.accessToken)).not.toBeNull();
  });

  it('answers alike, after the same work, for a wrong password, an unknown name and whoever cannot sign in', async () => {
    const node = await accountNode(database.current);
    const [wrong, deactivated, without] = [await someone(node), await someone(node), await someone(node)];
    await database.current.query('UPDATE "user" SET deactivated_at = now() WHERE id = $1', [deactivated.user.id]);
    await database.current.query('UPDATE "user" SET password_hash = NULL WHERE id = $1', [without.user.id]);
    const tries = [
      { username: wrong.user.username, password: 'not their password' },
      { username: wrong.user.username, password: 'x'.repeat(200_000) },
      { username: wrong.user.username, password: `${passwordOf(wrong.user.username)}\0` },
      { username: wrong.user.username, password: '\ud800' },
      { username: wrong.user.username, password: '' },
      { username: 'nobody-at-all', password: passwordOf(wrong.user.username) },
      { username: 'no\0body', password: passwordOf(wrong.user.username) },
      { username: '\ud800\ud800\ud800', password: passwordOf(wrong.user.username) },
      { username: '', password: '' },
      { username: deactivated.user.username, password: passwordOf(deactivated.user.username) },
      { username: deactivated.user.username, password: 'not their password' },
      { username: without.user.username, password: passwordOf(without.user.username) },
    ];

    for (const input of tries) {
      const before = node.passwords.computed;
      const error = await node.accounts.logIn(input, somewhere).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(InvalidCredentialsError);
      expect(error).toHaveProperty('message', new InvalidCredentialsError().message);
      expect(node.passwords.computed).toBe(before + 1);
    }
  });

  it('is limited by username, whoever tries and whether or not there is one', async () => {
    const node = await accountNode(database.current, { settings: { signInsPerMinute: 3 } });
    const { user } = await someone(node);

    for (const username of [user.username, 'nobody-at-all']) {
      const tries = Array.from({ length: 5 }, (_, index) =>
        node.accounts.logIn(
          { username: index % 2 ? username : username.toUpperCase(), password: 'a guess' },
          { address: `192.0.2.${index}` },
        ),
      );
      const { reasons } = await settled(tries);
      expect(reasons.filter((reason) => reason instanceof InvalidCredentialsError)).toHaveLength(3);
      expect(reasons.filter((reason) => reason instanceof RateLimitedError)).toHaveLength(2);
    }
  });

  it('takes the e-mail address for the username, in any case, either with white space around it', async () => {
    const node = await accountNode(database.current);
    const username = newName();
    await node.accounts.register({ ...inputOf(username), email: ` ${username}@bücher.example ` }, somewhere);

    for (const name of [
      `${username} `,
      `\n${username}\t`,
      `${username}@bücher.example`,
      ` ${username.toUpperCase()}@BÜCHER.example`,
      `${username}@xn--bcher-kva.example`,
    ]) {
      const signedIn = await node.accounts.logIn({ username: name, password: 'eight characters' }, somewhere);
      expect(signedIn.user).toMatchObject({ username, email: `${username}@bücher.example` });
    }
  });

  it('takes a username that looks like the address of another for a username', async () => {
    const node = await accountNode(database.current);
    const name = `${newName()}@example.org`;
    await node.accounts.register({ ...inputOf(newName()), email: name }, somewhere);
    // As it may have been brought in from Django.
    const brought = await insertUser(database.current, {
      username: name,
      email: `other-${name}`,
      passwordHash: await node.passwords.hash('another password'),
    });

    const { user } = await node.accounts.logIn({ username: name, password: 'another password' }, somewhere);

    expect(user.id).toBe(brought!.id);
    await expect(node.accounts.logIn({ username: name, password: 'eight characters' }, somewhere)).rejects.toThrow(
      InvalidCredentialsError,
    );
  });

  it('is limited by account, whichever of its names is tried, and by a name of nobody in all its spellings', async () => {
    const node = await accountNode(database.current, { settings: { signInsPerMinute: 3 } });
    const username = `weiß-${newName()}`;
    const email = `${username}@bücher.example`;
    await node.accounts.register({ ...inputOf(username), email }, nowhere);

    for (const names of [
      [username, username.toUpperCase(), `${username} `, email, email.replace('bücher', 'xn--bcher-kva')],
      ['nobody@bücher.example', 'NOBODY@bücher.example', 'nobody@xn--bcher-kva.example', 'Nobody@BÜCHER.example'],
    ]) {
      const { reasons } = await settled(
        names.map((name) => node.accounts.logIn({ username: name, password: 'a guess' }, nowhere)),
      );
      expect(reasons.filter((reason) => reason instanceof InvalidCredentialsError)).toHaveLength(3);
      expect(reasons.filter((reason) => reason instanceof RateLimitedError)).toHaveLength(names.length - 3);
    }
  });

  it('is limited by address, whomever they try', async () => {
    const node = await accountNode(database.current, { settings: { signInsPerMinute: 3 } });

    const { reasons } = await settled(
      Array.from({ length: 5 }, (_, index) =>
        node.accounts.logIn({ username: `nobody-${index}`, password: 'a guess' }, somewhere),
      ),
    );

    expect(reasons.filter((reason) => reason instanceof InvalidCredentialsError)).toHaveLength(3);
    expect(reasons.filter((reason) => reason instanceof RateLimitedError)).toHaveLength(2);
  });

  it('counts nothing that succeeded', async () => {
    const node = await accountNode(database.current, { settings: { signInsPerMinute: 2 } });
    const { user } = await someone(node);
    const right = { username: user.username, password: passwordOf(user.username) };

    for (let time = 0; time < 4; time++) await node.accounts.logIn(right, somewhere);
  });
});

describe('refreshing', () => {
  it('S4.3 gives new tokens and says whose they are', async () => {
    const node = await accountNode(database.current);
    const { session, user } = await someone(node);

    const refreshed = await node.accounts.refreshSession({ refreshToken: session.refreshToken }, somewhere);

    expect(refreshed.user).toEqual(user);
    expect(refreshed.session.sessionId).toBe(session.sessionId);
  });
});

describe('signing out', () => {
  it('ends this session, or all of them', async () => {
    const node = await accountNode(database.current);
    const { session, user } = await someone(node);
    const right = { username: user.username, password: passwordOf(user.username) };
    const [second, third] = [await node.accounts.logIn(right, nowhere), await node.accounts.logIn(right, nowhere)];

    expect(await node.accounts.logOut(await viewerOf(node, session.accessToken), {})).toBe(1);
    expect(await node.sessions.authenticate(session.accessToken)).toBeNull();
    const viewer = await viewerOf(node, second.session.accessToken);
    expect(await node.accounts.logOut(viewer, { everywhere: true })).toBe(2);

    expect(await node.sessions.authenticate(second.session.accessToken)).toBeNull();
    await expect(node.sessions.refresh(third.session.refreshToken)).rejects.toThrow(InvalidTokenError);
    expect(await node.accounts.logOut(viewer, { everywhere: false })).toBe(0);
  });
});

describe('changing the password', () => {
  it('ends the other sessions, and gives this one new tokens', async () => {
    const node = await accountNode(database.current);
    const { session, user } = await someone(node);
    const right = { username: user.username, password: passwordOf(user.username) };
    const other = await node.accounts.logIn(right, nowhere);
    const viewer = await viewerOf(node, session.accessToken);
    const changes: string[] = [];
    const stop = node.credentials.watch(viewer, (what) => changes.push(what));

    const changed = await node.accounts.changePassword(viewer, {
      currentPassword: right.password,
      newPassword: 'another one',
    });

    expect(changed.session.sessionId).toBe(session.sessionId);
    expect(await node.sessions.authenticate(changed.session.accessToken)).toMatchObject({ id: user.id });
    expect(await node.sessions.authenticate(other.session.accessToken)).toBeNull();
    for (const { refreshToken } of [session, other.session]) {
      await expect(node.sessions.refresh(refreshToken)).rejects.toThrow(InvalidTokenError);
    }
    await expect(node.sessions.refresh(changed.session.refreshToken)).resolves.toBeDefined();
    await expect(node.accounts.logIn(right, nowhere)).rejects.toThrow(InvalidCredentialsError);
    await node.accounts.logIn({ ...right, password: 'another one' }, nowhere);
    // The socket on which it was asked stays.
    expect(changes).toEqual([]);
    stop();
  });

  it('wants the current password, and a good new one, and changes nothing otherwise', async () => {
    const node = await accountNode(database.current, { settings: { signInsPerMinute: 2 } });
    const { session, user } = await someone(node);
    const viewer = await viewerOf(node, session.accessToken);
    const currentPassword = passwordOf(user.username);
    const change = (input: { currentPassword: string; newPassword: string }) =>
      node.accounts.changePassword(viewer, input);

    expect(await pathsOf(change({ currentPassword, newPassword: 'short' }))).toEqual(['newPassword']);
    for (let guess = 0; guess < 2; guess++) {
      await expect(change({ currentPassword: 'a guess', newPassword: 'another one' })).rejects.toThrow(
        InvalidCredentialsError,
      );
    }
    await expect(change({ currentPassword, newPassword: 'another one' })).rejects.toThrow(RateLimitedError);

    await expect(node.sessions.refresh(session.refreshToken)).resolves.toBeDefined();
  });

  it('leaves no session that was opened with the old password at the same time', async () => {
    const nodes = [await accountNode(database.current), await accountNode(database.current)];
    const { session, user } = await someone(nodes[0]!);
    const right = { username: user.username, password: passwordOf(user.username) };
    const viewer = await viewerOf(nodes[0]!, session.accessToken);

    const signIns = Array.from({ length: 8 }, () => nodes[1]!.accounts.logIn(right, nowhere).catch(() => undefined));
    await nodes[0]!.accounts.changePassword(viewer, { currentPassword: right.password, newPassword: 'another one' });
    await Promise.all(signIns);

    const open = await database.current.query('SELECT FROM session WHERE user_id = $1 AND ended_at IS NULL', [user.id]);
    expect(open).toHaveLength(1);
  });

  it('happens once where it is asked twice at once', async () => {
    const node = await accountNode(database.current);
    const { session, user } = await someone(node);
    const viewer = await viewerOf(node, session.accessToken);
    const change = (newPassword: string) =>
      node.accounts.changePassword(viewer, { currentPassword: passwordOf(user.username), newPassword });

    const { fulfilled, reasons } = await settled([change('this or that'), change('that or this')]);

    expect(fulfilled).toBe(1);
    expect(reasons).toEqual([new InvalidCredentialsError()]);
  });
});

describe('a profile', () => {
  it('S1.7 keeps what is absent, and clears what is null', async () => {
    const node = await accountNode(database.current);
    const { session, user } = await someone(node);
    const viewer = await viewerOf(node, session.accessToken);

    await node.accounts.updateProfile(viewer, { firstName: 'Ada', lastName: 'Lovelace' });
    const email = `new-${user.email}`;
    const changed = await node.accounts.updateProfile(viewer, { lastName: null, email });

    expect(changed).toEqual({ ...user, firstName: 'Ada', lastName: '', email });
    expect(await node.accounts.updateProfile(viewer, {})).toEqual(changed);
  });

  it('refuses what registering refuses, an e-mail of null, and one that is taken', async () => {
    const node = await accountNode(database.current);
    const { session } = await someone(node);
    const other = await someone(node);
    const viewer = await viewerOf(node, session.accessToken);

    expect(await pathsOf(node.accounts.updateProfile(viewer, { firstName: '\0', email: 'none' }))).toEqual([
      'firstName',
      'email',
    ]);
    expect(await pathsOf(node.accounts.updateProfile(viewer, { email: null }))).toEqual(['email']);
    expect(await pathsOf(node.accounts.updateProfile(viewer, { email: other.user.email.toUpperCase() }))).toEqual([
      'email',
    ]);
  });
});

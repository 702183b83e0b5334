import { describe, expect, it, onTestFinished } from 'vitest';
import {
  InvalidCredentialsError,
  InvalidInputError,
  InvalidTokenError,
  NotFoundError,
} from '../../../src/domain/errors.js';
import { accountNode, passwordOf } from '../../support/accounts.js';
import { ownDatabase } from '../../support/own-database.js';

const database = ownDatabase();

const nowhere = { address: null };

describe('an administrator', () => {
  it('S1.17 is made once, whose name and password then sign in', async () => {
    const { accounts, administration } = await accountNode(database.current);
    const root = { username: 'Root', email: 'root@example.org', password: 'correct horse' };

    expect(await administration.createAdministrator(root)).toMatchObject({
      outcome: 'created',
      user: { username: 'Root', role: 'ADMIN' },
    });
    expect(await administration.createAdministrator({ ...root, username: 'rOOT' })).toMatchObject({
      outcome: 'unchanged',
      user: { username: 'Root', role: 'ADMIN' },
    });

    await expect(accounts.logIn(root, nowhere)).resolves.toMatchObject({ user: { role: 'ADMIN' } });
  });

  it('S1.17 is made of a user of that name, who keeps password and e-mail, and whose open sessions hear of it', async () => {
    const node = await accountNode(database.current);
    const { session, user } = await node.person('promoted');
    const viewer = (await node.sessions.authenticate(session.accessToken))!;
    const told: string[] = [];
    onTestFinished(node.credentials.watch(viewer, (what) => told.push(what)));

    const made = await node.administration.createAdministrator({
      username: 'Promoted',
      email: 'another@example.org',
      password: 'another password',
    });

    expect(made).toEqual({ outcome: 'promoted', user: { ...user, role: 'ADMIN' } });
    await expect.poll(() => told).toEqual(['role']);
    expect(await node.credentials.stillGood(viewer)).toMatchObject({ role: 'ADMIN' });
    await node.accounts.logIn({ username: 'promoted', password: passwordOf('promoted') }, nowhere);
  });

  it('S1.17 is made once where several try at once', async () => {
    const nodes = [await accountNode(database.current), await accountNode(database.current)];

    const made = await Promise.all(
      [0, 1, 2, 3].map((index) =>
        nodes[index % 2]!.administration.createAdministrator({
          username: 'at-once',
          email: 'at-once@example.org',
          password: 'correct horse',
        }),
      ),
    );

    expect(made.map(({ outcome }) => outcome).sort()).toEqual(['created', 'unchanged', 'unchanged', 'unchanged']);
  });

  it('is not made with what no account may have, or with the e-mail of another', async () => {
    const node = await accountNode(database.current);
    const { user } = await node.person('owner');
    const good = { username: 'newcomer', email: 'newcomer@example.org', password: 'correct horse' };

    for (const wrong of [{ username: 'a' }, { email: 'none' }, { password: 'short' }, { email: user.email }]) {
      await expect(node.administration.createAdministrator({ ...good, ...wrong })).rejects.toThrow(InvalidInputError);
    }
  });
});

describe('setting a password', () => {
  it('ends all sessions of that user', async () => {
    const { accounts, administration, person, sessions } = await accountNode(database.current);
    const { session } = await person('forgetful');
    await accounts.logIn({ username: 'forgetful', password: passwordOf('forgetful') }, nowhere);

    expect(await administration.setPassword('FORGETFUL', 'a new password')).toBe(2);

    expect(await sessions.authenticate(session.accessToken)).toBeNull();
    await expect(sessions.refresh(session.refreshToken)).rejects.toThrow(InvalidTokenError);
    await expect(accounts.logIn({ username: 'forgetful', password: passwordOf('forgetful') }, nowhere)).rejects.toThrow(
      InvalidCredentialsError,
    );
    await accounts.logIn({ username: 'forgetful', password: 'a new password' }, nowhere);
  });

  it('is refused for nobody, and for what is no password', async () => {
    const { administration } = await accountNode(database.current);

    for (const username of ['nobody', 'no\0body']) {
      await expect(administration.setPassword(username, 'a new password')).rejects.toThrow(NotFoundError);
    }
    await expect(administration.setPassword('nobody', 'short')).rejects.toThrow(InvalidInputError);
  });
});

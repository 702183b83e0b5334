/** Signing up, in and out, and who one then is, on each transport. */
import { beforeAll, describe, expect, it } from 'vitest';
import { createTokens } from '../../src/domain/accounts/tokens.js';
import {
  AddChatMemberDocument,
  ChangePasswordDocument,
  LogInDocument,
  LogOutDocument,
  RefreshSessionDocument,
  RegisterDocument,
  ViewerDocument,
} from '../support/generated/operations.js';
import { newSession } from '../support/accounts.js';
import { post } from '../support/http.js';
import { ownNode } from '../support/node.js';
import {
  groupChat,
  newPerson,
  passwordOf,
  personOf,
  signIn,
  staffMember,
  transports,
  type Person,
} from '../support/people.js';
import { upTo } from '../support/sent.js';
import { whoAmI } from '../support/who-am-i.js';

const node = ownNode();

let ada: Person;
beforeAll(async () => {
  ada = await newPerson(node, 'ada');
});

const register = async (input: object) =>
  (await post(node.endpoint, RegisterDocument, { input: input as never })).data?.register;
const logIn = async (username: string, password: string) =>
  (await post(node.endpoint, LogInDocument, { input: { username, password } })).data?.logIn;
const refresh = async (refreshToken: string) =>
  (await post(node.endpoint, RefreshSessionDocument, { input: { refreshToken } })).data?.refreshSession;

const PROFILE = '{ viewer { id username firstName lastName email role isStaff createdAt } }';

describe('an account', () => {
  // S1.7 S1.8 S4.1
  it('registered is signed in, with or without a name', async () => {
    const account = { username: 'Zoë.Ünal_1', password: ' eight chars or more ', email: 'zoe@example.org' };

    const answer = await register({ ...account, firstName: 'Zoë' });

    if (answer?.__typename !== 'RegisterSuccess') throw new Error(JSON.stringify(answer));
    const lasts = new Date(answer.session.accessTokenExpiresAt).getTime() - Date.now();
    expect(lasts).toBeGreaterThan(14 * 60_000);
    expect(lasts).toBeLessThanOrEqual(15 * 60_000);
    expect(await personOf(node, answer.session).ask(PROFILE)).toEqual({
      viewer: {
        id: answer.session.user.id,
        username: 'Zoë.Ünal_1',
        firstName: 'Zoë',
        lastName: '',
        email: 'zoe@example.org',
        role: 'USER',
        isStaff: false,
        createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string,
      },
    });
  });

  it('shows their own address to who has just registered or signed in', async () => {
    const account = { username: 'Grace', password: 'long enough', email: 'Grace@example.org' };
    const SESSION = 'session { user { username email } }';

    const answer = await post(
      node.endpoint,
      `mutation ($account: RegisterInput!, $credentials: LogInInput!) {
        register(input: $account) { ... on RegisterSuccess { ${SESSION} } }
        logIn(input: $credentials) { ... on LogInSuccess { ${SESSION} } }
      }`,
      { account, credentials: { username: 'GRACE', password: account.password } },
    );

    const session = { user: { username: 'Grace', email: 'Grace@example.org' } };
    expect(answer.data).toEqual({ register: { session }, logIn: { session } });
  });

  it('is refused with every field that is wrong, and with a name or address that is taken, in whatever case', async () => {
    const good = { username: 'someone.else', password: 'long enough', email: 'someone.else@example.org' };
    const REGISTER =
      'mutation ($input: RegisterInput!) { register(input: $input) { __typename ... on InvalidInputError { fields { path } } } }';
    const refused = async (input: object) =>
      (await post<{ register: object }, object>(node.endpoint, REGISTER, { input: { ...good, ...input } })).data
        ?.register;
    const invalid = (...paths: string[]) => ({
      __typename: 'InvalidInputError',
      fields: paths.map((path) => ({ path: [path] })),
    });

    expect(await refused({ username: 'x', password: 'short', email: 'nowhere' })).toEqual(
      invalid('username', 'password', 'email'),
    );
    const taken = { username: ada.username.toUpperCase(), email: `${ada.username}@EXAMPLE.org` };
    for (const input of [taken, { username: taken.username }])
      expect(await refused(input)).toEqual(invalid('username'));
    expect(await refused({ email: taken.email })).toEqual(invalid('email'));
  });

  it('is made once where several try at once', async () => {
    const account = { username: 'only.one', password: 'long enough', email: 'only.one@example.org' };

    const answers = await Promise.all(upTo(5).map(() => register(account)));

    expect(answers.filter((answer) => answer?.__typename === 'RegisterSuccess')).toHaveLength(1);
    expect(answers.filter((answer) => answer?.__typename === 'InvalidInputError')).toHaveLength(4);
  });

  it('S1.7 S0.3 shows its address to its owner, managers and administrators, and to nobody else', async () => {
    const { root, ada, boris, chat } = await groupChat(node);
    const manager = await staffMember(node, 'MANAGER');
    await root.ask(AddChatMemberDocument, { chatId: chat.id, userId: manager.id });
    await ada.send(chat, 'Hello');
    const seenBy = (person: Person) =>
      person.ask(
        'query ($id: ID!, $chat: ID!) { user(id: $id) { email } messages(chatId: $chat) { nodes { sender { email } } } }',
        { id: ada.id, chat: chat.id },
      );
    const seen = (email: string | null) => ({ user: { email }, messages: { nodes: [{ sender: { email } }] } });

    for (const person of [ada, manager, root])
      expect(await seenBy(person)).toEqual(seen(`${ada.username}@example.org`));
    expect(await seenBy(boris)).toEqual(seen(null));
  });

  it('S1.7 changes its profile: what is absent stays, null clears a name, and no address can be cleared', async () => {
    const me = await newPerson(node, 'me');
    const UPDATE = `mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) {
      ... on UpdateProfileSuccess { user { firstName lastName } } ... on InvalidInputError { fields { path } } } }`;
    const update = (input: object) => me.ask(UPDATE, { input });

    await update({ firstName: 'Ada', lastName: 'Lovelace' });

    expect(await update({ firstName: null })).toEqual({
      updateProfile: { user: { firstName: '', lastName: 'Lovelace' } },
    });
    expect(await update({ email: null })).toEqual({ updateProfile: { fields: [{ path: ['email'] }] } });
  });
});

describe('signing in', () => {
  it('S1.9 S4.2 opens another session each time, by the name in any case', async () => {
    const sessions = await Promise.all(
      [ada.username, ada.username.toUpperCase()].map((name) => logIn(name, passwordOf(ada.username))),
    );

    for (const answer of sessions) {
      if (answer?.__typename !== 'LogInSuccess') throw new Error(JSON.stringify(answer));
      expect(await personOf(node, answer.session).ask(ViewerDocument)).toMatchObject({ viewer: { id: ada.id } });
    }
  });

  it('answers a wrong password as it does a name that nobody has', async () => {
    const answers = [
      await logIn(ada.username, 'a wrong password'),
      await logIn('nobody.of.this.name', 'a wrong password'),
      await logIn('\0', 'a wrong password'),
      await logIn(ada.username, ''),
    ];

    expect(answers[0]?.__typename).toBe('InvalidCredentialsError');
    for (const answer of answers) expect(answer).toEqual(answers[0]);
  });

  it('S4.3 goes on with new tokens, however many refresh at once: the pair that was given last is good', async () => {
    const { session } = await signIn(node, ada.username);

    const answers = await Promise.all(upTo(5).map(() => refresh(session.refreshToken)));
    const last = await refresh(session.refreshToken);

    for (const answer of answers) expect(answer?.__typename).toBe('RefreshSessionSuccess');
    if (last?.__typename !== 'RefreshSessionSuccess') throw new Error(JSON.stringify(last));
    for (const answer of answers) {
      if (answer?.__typename !== 'RefreshSessionSuccess') continue;
      expect((await refresh(answer.session.refreshToken))?.__typename).toBe('InvalidTokenError');
      const { errors } = await personOf(node, answer.session).tell('http', ViewerDocument);
      expect(errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
    }
    expect(await personOf(node, last.session).ask(ViewerDocument)).toMatchObject({ viewer: { id: ada.id } });
    expect((await refresh(last.session.refreshToken))?.__typename).toBe('RefreshSessionSuccess');
    for (const token of ['', 'nonsense', `prt_${'A'.repeat(43)}`, session.accessToken, '\0'])
      expect((await refresh(token))?.__typename).toBe('InvalidTokenError');
  });

  it('C3 is possible with a credential that is no good, which counts for nothing there, and alone', async () => {
    const token = 'expired or nonsense';
    const input = { username: ada.username, password: passwordOf(ada.username) };
    const { refreshToken } = (await signIn(node, ada.username)).session;

    expect((await post(node.endpoint, LogInDocument, { input }, { token })).data?.logIn?.__typename).toBe(
      'LogInSuccess',
    );
    const refreshed = await post(node.endpoint, RefreshSessionDocument, { input: { refreshToken } }, { token });
    expect(refreshed.data?.refreshSession?.__typename).toBe('RefreshSessionSuccess');
    const newcomer = { username: 'newcomer', password: 'long enough', email: 'newcomer@example.org' };
    expect(
      (await post(node.endpoint, RegisterDocument, { input: newcomer }, { token })).data?.register?.__typename,
    ).toBe('RegisterSuccess');
    const beside = await post(
      node.endpoint,
      'mutation ($input: LogInInput!) { logIn(input: $input) { __typename } logOut(input: {}) { __typename } }',
      { input },
      { token },
    );
    expect(beside.data ?? null).toBeNull();
    expect(beside.errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
  });
});

// S0.16 S1.10 S2.1 S2.12 C3
describe.each(transports)('a credential over %s', (transport) => {
  it('says who one is', async () => {
    for (const scheme of ['Bearer', 'bearer', 'BEARER'])
      expect(await whoAmI(node, transport, `${scheme} ${ada.session.accessToken}`)).toMatchObject({
        data: { viewer: { id: ada.id } },
      });
  });

  it('that is no good fails the request, or closes the socket', async () => {
    const { tokenSecret } = node.config;
    const { userId, sessionId } = createTokens({ secret: tokenSecret!, accessTokenMinutes: 15 }).readAccess(
      ada.session.accessToken,
    )!;
    const [header, claims, signature] = ada.session.accessToken.split('.') as [string, string, string];
    const unsigned = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url');
    const over = await signIn(node, ada.username);
    await over.ask(LogOutDocument, {});
    const ofAnotherSecret = createTokens({ secret: `${tokenSecret}!`, accessTokenMinutes: 15 });
    const expired = createTokens({ secret: tokenSecret!, accessTokenMinutes: -1 });
    const bad: [string, string, number][] = [
      ['nonsense', 'Bearer nonsense', 4403],
      ['no token', 'Bearer ', 4403],
      ['without a scheme', ada.session.accessToken, 4403],
      ['of another scheme', `Basic ${ada.session.accessToken}`, 4403],
      ['with something after it', `Bearer ${ada.session.accessToken} x`, 4403],
      ['with another signature', `Bearer ${ada.session.accessToken}x`, 4403],
      ['a refresh token', `Bearer ${ada.session.refreshToken}`, 4403],
      ['not signed', `Bearer ${unsigned}.${claims}.`, 4403],
      ['signed for other claims', `Bearer ${header}.${claims.slice(0, -2)}AA.${signature}`, 4403],
      ['signed by another', `Bearer ${ofAnotherSecret.issueAccess(userId, newSession(sessionId)).accessToken}`, 4403],
      ['expired', `Bearer ${expired.issueAccess(userId, newSession(sessionId)).accessToken}`, 4403],
      ['of a session that is over', `Bearer ${over.session.accessToken}`, 4401],
    ];

    for (const [what, authorization, code] of bad) {
      const answer = await whoAmI(node, transport, authorization);
      if (transport === 'ws') expect(answer, what).toMatchObject({ closed: { code } });
      else expect(answer, what).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
      expect(answer.data ?? null, what).toBeNull();
      if (transport === 'http') expect(answer, what).toMatchObject({ status: 401 });
    }
  });
});

describe('signing out', () => {
  it('ends this session, or all of one’s own', async () => {
    const one = await newPerson(node, 'devices');
    const others = [await signIn(node, one.username), await signIn(node, one.username)];

    expect(await others[0]!.ask(LogOutDocument, {})).toMatchObject({ logOut: { endedSessions: 1 } });
    expect((await others[0]!.tell('http', ViewerDocument)).errors).toMatchObject([
      { extensions: { code: 'UNAUTHENTICATED' } },
    ]);
    expect((await refresh(others[0]!.session.refreshToken))?.__typename).toBe('InvalidTokenError');
    expect(await others[1]!.ask(LogOutDocument, { everywhere: true })).toMatchObject({ logOut: { endedSessions: 2 } });
    for (const person of [one, others[1]!])
      expect((await person.tell('http', ViewerDocument)).errors).toMatchObject([
        { extensions: { code: 'UNAUTHENTICATED' } },
      ]);
  });

  it('happens to one’s other devices with a new password; this one goes on', async () => {
    const here = await newPerson(node, 'changer');
    const there = await signIn(node, here.username);
    const passwords = { currentPassword: passwordOf(here.username), newPassword: 'another password' };

    const wrong = await here.ask(ChangePasswordDocument, { ...passwords, currentPassword: 'a wrong one' });
    const { changePassword } = await here.ask(ChangePasswordDocument, passwords);

    expect(wrong.changePassword?.__typename).toBe('InvalidCredentialsError');
    if (changePassword?.__typename !== 'ChangePasswordSuccess') throw new Error(JSON.stringify(changePassword));
    expect(await personOf(node, changePassword.session).ask(ViewerDocument)).toMatchObject({ viewer: { id: here.id } });
    expect((await there.tell('http', ViewerDocument)).errors).toMatchObject([
      { extensions: { code: 'UNAUTHENTICATED' } },
    ]);
    expect((await logIn(here.username, passwords.currentPassword))?.__typename).toBe('InvalidCredentialsError');
    expect((await logIn(here.username, passwords.newPassword))?.__typename).toBe('LogInSuccess');
  });
});

import { describe, expect, it } from 'vitest';
import { InvalidTokenError } from '../../src/domain/errors.js';
import { newPerson } from '../support/chats.js';
import { graphqlNode } from '../support/graphql.js';
import { ownDatabase } from '../support/own-database.js';

const database = ownDatabase();
const aNode = () => graphqlNode(database.current);

const SESSION =
  '__typename ... on Error { reason } ... on RegisterSuccess { session { accessToken refreshToken user { username email } } }';
const registering = (username: string, password = 'correct horse') =>
  `mutation { register(input: { username: "${username}", password: "${password}", email: "${username}@example.org" }) { ${SESSION} } }`;

describe('accounts', () => {
  it('S1.8 registered is signed in, and sees what is theirs', async () => {
    const node = await aNode();

    const { register } = await node.read<{ register: { session: { accessToken: string; user: object } } }>(
      null,
      registering('Grace'),
    );

    expect(register).toMatchObject({
      __typename: 'RegisterSuccess',
      session: { user: { username: 'Grace', email: 'Grace@example.org' } },
    });
    const viewer = await node.sessions.authenticate(register.session.accessToken);
    expect(await node.read(viewer, '{ viewer { username email isStaff role } }')).toEqual({
      viewer: { username: 'Grace', email: 'Grace@example.org', isStaff: false, role: 'USER' },
    });
  });

  // S1.9 S4.2 S4.3
  it('signs in and goes on with new tokens, and tells a wrong password as it does an unknown name', async () => {
    const node = await aNode();
    await node.read(null, registering('Heidi'));
    const logIn = (username: string, password: string) =>
      node.read<{ logIn: { session?: { refreshToken: string } } }>(
        null,
        'mutation ($input: LogInInput!) { logIn(input: $input) { __typename ... on Error { reason } ... on LogInSuccess { session { refreshToken user { email } } } } }',
        { input: { username, password } },
      );

    const right = await logIn('HEIDI', 'correct horse');
    const wrong = await logIn('Heidi', 'battery staple');
    const unknown = await logIn('Nobody', 'correct horse');

    expect(right.logIn).toMatchObject({
      __typename: 'LogInSuccess',
      session: { user: { email: 'Heidi@example.org' } },
    });
    expect(wrong.logIn).toMatchObject({ __typename: 'InvalidCredentialsError' });
    expect(unknown).toEqual(wrong);
    const REFRESH =
      'mutation ($token: String!) { refreshSession(input: { refreshToken: $token }) { __typename ... on RefreshSessionSuccess { session { user { username } } } } }';
    const token = right.logIn.session!.refreshToken;
    expect(await node.read(null, REFRESH, { token })).toMatchObject({
      refreshSession: { session: { user: { username: 'Heidi' } } },
    });
    const never = `prt_${'A'.repeat(43)}`;
    expect(await node.read(null, REFRESH, { token: never })).toEqual({
      refreshSession: { __typename: 'InvalidTokenError' },
    });
  });

  it('names every field of an input that is wrong', async () => {
    const node = await aNode();

    const answer = await node.read(
      null,
      `mutation { register(input: { username: "x", password: "short", email: "nowhere" }) {
         ... on InvalidInputError { reason fields { path reason } } } }`,
    );

    expect(answer).toMatchObject({
      register: { fields: [{ path: ['username'] }, { path: ['password'] }, { path: ['email'] }] },
    });
  });

  it('S0.3 shows an e-mail address to its owner, managers and administrators, and to nobody else', async () => {
    const node = await aNode();
    const [owner, other] = [await newPerson(database.current), await newPerson(database.current)];
    const staff = [await newPerson(database.current, 'MANAGER'), await newPerson(database.current, 'ADMIN')];
    const { chat } = await node.group(owner, other);
    await node.say(owner, chat);
    const emailFor = async (viewer: typeof owner) => {
      const { messages } = await node.read<{ messages: { nodes: { sender: { email: string | null } }[] } }>(
        viewer,
        'query ($chat: ID!) { messages(chatId: $chat) { nodes { sender { email } } } }',
        { chat: Buffer.from(`Chat:${chat.id}`).toString('base64') },
      );
      return messages.nodes[0]!.sender.email;
    };
    await node.members.add(staff[1]!, chat.id, staff[0]!.id);

    expect(await emailFor(owner)).toMatch(/@example\.org$/);
    for (const one of staff) expect(await emailFor(one)).toMatch(/@example\.org$/);
    expect(await emailFor(other)).toBeNull();
  });

  it('S0.13 answers nothing but the viewer, who is nobody, to one who is not signed in', async () => {
    const node = await aNode();

    const answer = await node.ask(
      null,
      '{ viewer { id } chats { nodes { id } } unreadCount user(username: "x") { id } }',
    );

    expect(answer.data).toEqual({ viewer: null, chats: null, unreadCount: null, user: null });
    expect(answer.errors!.map((error) => [error.path, error.extensions.code])).toEqual([
      [['chats'], 'UNAUTHENTICATED'],
      [['unreadCount'], 'UNAUTHENTICATED'],
      [['user'], 'UNAUTHENTICATED'],
    ]);
  });

  it('keeps a WebSocket by a token of its own session, and refuses what comes over anything else', async () => {
    const node = await aNode();
    const me = await newPerson(database.current);
    const RENEW = `mutation ($token: String!) { renewConnection(input: { accessToken: $token }) {
      __typename ... on RenewConnectionSuccess { expiresAt } ... on InvalidInputError { fields { path } } } }`;
    const expiresAt = new Date('2030-01-01T00:00:00.000Z');
    const socket = {
      renew: (token: string) =>
        token === 'good' ? Promise.resolve(expiresAt) : Promise.reject(new InvalidTokenError()),
    };

    const good = await node.ask(me, RENEW, { token: 'good' }, { socket });
    const bad = await node.ask(me, RENEW, { token: 'bad' }, { socket });
    const overHttp = await node.ask(me, RENEW, { token: 'good' });

    expect(good.data).toEqual({
      renewConnection: { __typename: 'RenewConnectionSuccess', expiresAt: expiresAt.toISOString() },
    });
    expect(bad.data).toEqual({ renewConnection: { __typename: 'InvalidTokenError' } });
    expect(overHttp.data).toEqual({
      renewConnection: { __typename: 'InvalidInputError', fields: [{ path: ['accessToken'] }] },
    });
  });

  it('changes a profile: what is absent stays, null clears a name, and no e-mail address can be cleared', async () => {
    const node = await aNode();
    const me = await newPerson(database.current);
    const update = (input: object) =>
      node.read(
        me,
        `mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) {
           ... on UpdateProfileSuccess { user { firstName lastName } } ... on InvalidInputError { fields { path } } } }`,
        { input },
      );

    await update({ firstName: 'Ada', lastName: 'Lovelace' });

    expect(await update({ firstName: null })).toEqual({
      updateProfile: { user: { firstName: '', lastName: 'Lovelace' } },
    });
    expect(await update({ email: null })).toEqual({ updateProfile: { fields: [{ path: ['email'] }] } });
  });
});

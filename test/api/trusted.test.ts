/** People who have an account with another product, and come with its tokens, on each transport. */
import jwt from 'jsonwebtoken';
import { describe, expect, it, onTestFinished } from 'vitest';
import { RenewConnectionDocument, SetUserActiveDocument } from '../support/generated/operations.js';
import { post } from '../support/http.js';
import { admin, ownNode, startNode } from '../support/node.js';
import { administrator, groupOf, newPerson } from '../support/people.js';
import { customerOf, newExternalId, shop, shopToken } from '../support/trusted.js';
import { refusalOf, ways, whoAmI } from '../support/who-am-i.js';

const node = ownNode(shop);

const ME = '{ viewer { id username firstName lastName email role } }';

describe.each(ways)('C3 a token of another product over %s', (way) => {
  it('S2.1 says who one is: the first makes the account, later ones find it', async () => {
    const externalId = newExternalId();

    const first = await whoAmI(node, way, `Bearer ${shopToken(externalId)}`);
    const later = await whoAmI(node, way, `Bearer ${shopToken(externalId, { preferred_username: 'renamed' })}`);

    expect(first.data?.viewer).toMatchObject({ username: `user-${externalId}`, role: 'USER' });
    expect(later.data).toEqual(first.data);
  });

  it('is refused where it is expired, for another, by another or not signed', async () => {
    const externalId = newExternalId();
    const [, claims] = shopToken(externalId).split('.') as [string, string];
    const unsigned = `${Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')}.${claims}.`;

    for (const [what, token] of [
      ['expired', shopToken(externalId, {}, -1)],
      ['of another issuer', shopToken(externalId, { iss: 'https://other.example' })],
      ['for another audience', shopToken(externalId, { aud: 'other' })],
      ['of another key', jwt.sign({ ...(jwt.decode(shopToken(externalId)) as object) }, 'x'.repeat(40))],
      ['not signed', unsigned],
    ] as const) {
      const expected = way === 'ws' || way === 'upgrade' ? 4403 : 'UNAUTHENTICATED';
      expect(await refusalOf(node, way, `Bearer ${token}`), what).toBe(expected);
    }
  });
});

describe('a customer of another product', () => {
  it('is made of what the token says, where it may be had here and is free', async () => {
    const taken = await newPerson(node, 'taken');
    const known = {
      preferred_username: 'Ada.Novak',
      given_name: 'Ada',
      family_name: 'Novak',
      email: 'ada@shop.example',
    };

    const ada = await customerOf(node, shopToken(newExternalId(), known));
    const externalId = newExternalId();
    const email = `${taken.username}@example.org`;
    const other = await customerOf(node, shopToken(externalId, { preferred_username: taken.username, email }));

    const names = { username: 'Ada.Novak', firstName: 'Ada', lastName: 'Novak', email: 'ada@shop.example' };
    expect(await ada.ask(ME)).toMatchObject({ viewer: names });
    // Never somebody else's account: the address is not theirs to give.
    expect(await other.ask(ME)).toMatchObject({ viewer: { username: `user-${externalId}`, email: null } });
    expect(other.id).not.toBe(taken.id);
  });

  it('reads, sends and follows, until the token expires: then 4403, and a new token helps', async () => {
    const [root, boris] = [await administrator(node), await newPerson(node, 'boris')];
    const externalId = newExternalId();
    const early = await customerOf(node, shopToken(externalId));
    const chat = await groupOf(root, early, boris);
    const short = await customerOf(node, shopToken(externalId, {}, 2));
    const following = await short.follow(chat);
    const streaming = await short.follow(chat, { over: 'sse' });
    await following.event('ChatReady');

    const sent = await short.send(chat, 'hello');

    expect(sent).toMatchObject({ message: { sender: { id: early.id } } });
    expect(await following.event('MessageSent')).toMatchObject({ message: { text: 'hello' } });
    expect((await following.socket!.closed).code).toBe(4403);
    expect(await streaming.ended).toBe('cut');
    expect(following.events.at(-1)).toMatchObject({ __typename: 'SubscriptionEnded', code: 'SIGNED_OUT' });
    expect((await early.send(chat, 'again')).__typename).toBe('SendMessageSuccess');
  });

  it('is called what the newest token says, once that says something else, and keeps what was changed here until then', async () => {
    const externalId = newExternalId();
    const at = Math.floor(Date.now() / 1000) - 100;
    const tokenOf = (seconds: number, firstName: string, lastName = 'Novak') =>
      shopToken(externalId, { iat: at + seconds, given_name: firstName, family_name: lastName, role: 'ADMIN' });
    const nameBy = async (token: string) => {
      const { viewer } = await (await customerOf(node, token)).ask<{ viewer: Record<string, string> }, object>(ME, {});
      return `${viewer.firstName} ${viewer.lastName} ${viewer.role} ${viewer.username}`;
    };
    const rest = `USER user-${externalId}`;

    expect(await nameBy(tokenOf(0, 'Ada'))).toBe(`Ada Novak ${rest}`);
    expect(await nameBy(tokenOf(10, 'Ada', 'Lovelace'))).toBe(`Ada Lovelace ${rest}`);
    // An older one that is still good.
    expect(await nameBy(tokenOf(0, 'Ada'))).toBe(`Ada Lovelace ${rest}`);
    await (
      await customerOf(node, tokenOf(11, 'Ada', 'Lovelace'))
    ).ask('mutation { updateProfile(input: { firstName: "A." }) { __typename } }');
    expect(await nameBy(tokenOf(20, 'Ada', 'Lovelace'))).toBe(`A. Lovelace ${rest}`);
    expect(await nameBy(tokenOf(30, 'Augusta', 'Lovelace'))).toBe(`Augusta Lovelace ${rest}`);
    // What will not do here says nothing.
    expect(await nameBy(tokenOf(40, 'x'.repeat(151), 'King'))).toBe(`Augusta King ${rest}`);
    expect(await nameBy(shopToken(externalId, { iat: at + 50, name: 'Ada King' }))).toBe(`Ada King  ${rest}`);
    expect(await nameBy(shopToken(externalId, { iat: at + 60 }))).toBe(`Ada King  ${rest}`);
  });

  it('keeps the name that they had before any token said one, until a token says another', async () => {
    const externalId = newExternalId();
    const root = await administrator(node);
    await root.ask('mutation ($input: UpsertUsersInput!) { upsertUsers(input: $input) { __typename } }', {
      input: { users: [{ externalId, firstName: 'Augusta', lastName: 'King' }] },
    });
    const at = Math.floor(Date.now() / 1000) - 100;
    const nameBy = async (seconds: number, firstName: string) => {
      const token = shopToken(externalId, { iat: at + seconds, given_name: firstName, family_name: 'Lovelace' });
      const { viewer } = await (await customerOf(node, token)).ask<{ viewer: Record<string, string> }, object>(ME, {});
      return `${viewer.firstName} ${viewer.lastName}`;
    };

    expect(await nameBy(0, 'Ada')).toBe('Augusta King');
    expect(await nameBy(10, 'Ada')).toBe('Augusta King');
    expect(await nameBy(20, 'Adah')).toBe('Adah Lovelace');
  });

  it('is called so at the same second too, and by tokens that do not say when they were issued', async () => {
    const [externalId, other] = [newExternalId(), newExternalId()];
    const untimed = (name: string, seconds: number) =>
      jwt.sign(
        {
          iss: shop.trustedIssuer,
          aud: shop.trustedAudience,
          sub: other,
          given_name: name,
          exp: Math.floor(Date.now() / 1000) + seconds,
        },
        shop.trustedKey,
        { noTimestamp: true },
      );
    const nameBy = async (token: string) =>
      (await (await customerOf(node, token)).ask<{ viewer: { firstName: string } }, object>(ME, {})).viewer.firstName;

    for (const name of ['Ann', 'Anna']) expect(await nameBy(shopToken(externalId, { given_name: name }))).toBe(name);
    expect([
      await nameBy(untimed('Ben', 100)),
      await nameBy(untimed('Benno', 110)),
      await nameBy(untimed('Ben', 100)),
    ]).toEqual(['Ben', 'Benno', 'Benno']);
  });

  it('stays out once an administrator has turned the account off, whatever is signed', async () => {
    const root = await administrator(node);
    const externalId = newExternalId();
    const ada = await customerOf(node, shopToken(externalId));
    const socket = await ada.connect();

    await root.ask(SetUserActiveDocument, { userId: ada.id, isActive: false });

    expect((await socket.closed).code).toBe(4401);
    for (const way of ways) {
      const expected = way === 'ws' || way === 'upgrade' ? 4401 : 'UNAUTHENTICATED';
      expect(await refusalOf(node, way, `Bearer ${shopToken(externalId)}`)).toBe(expected);
    }
  });

  it('keeps a socket with a new token of their own, and of nobody else', async () => {
    const externalId = newExternalId();
    const ada = await customerOf(node, shopToken(externalId, {}, 60));
    const socket = await ada.connect();
    const renewed = async (accessToken: string) =>
      (await socket.ask(RenewConnectionDocument, { accessToken })).data?.renewConnection?.__typename;

    expect(await renewed(shopToken(externalId))).toBe('RenewConnectionSuccess');
    expect(await renewed(shopToken(newExternalId()))).toBe('InvalidTokenError');
    expect(await renewed((await newPerson(node)).session.accessToken)).toBe('InvalidTokenError');
  });

  it.each([
    ['logOut', '{ everywhere: true }', 'ForbiddenError'],
    ['changePassword', '{ currentPassword: "x", newPassword: "long enough" }', 'ForbiddenError'],
    ['updateProfile', '{ firstName: "Ada" }', 'UpdateProfileSuccess'],
    ['createApiToken', '{ name: "A program" }', 'CreateApiTokenSuccess'],
    ['createBrand', '{ ownerId: "", name: "Acme" }', 'NotFoundError'],
  ])('who asks for %s is answered %s', async (field, input, expected) => {
    const ada = await customerOf(node, shopToken(newExternalId()));

    const { data } = await ada.tell('http', `mutation { ${field}(input: ${input}) { __typename } }`);

    expect(data).toEqual({ [field]: { __typename: expected } });
  });
});

describe('PASSWORD_LOGIN=off', () => {
  it('S4.2 takes no password and registers nobody, while sessions go on and customers come', async () => {
    const closed = await startNode({ ...shop, passwordLogin: false });
    onTestFinished(() => closed.stop());
    const asked = async (field: string, input: string) =>
      (await post(closed.endpoint, `mutation { ${field}(input: ${input}) { __typename ... on Error { reason } } }`))
        .data;

    const login = `{ username: "${admin.username}", password: "${admin.password}" }`;
    const refused = {
      __typename: 'ForbiddenError',
      reason: expect.stringContaining('Passwords are turned off') as string,
    };
    expect(await asked('logIn', login)).toEqual({ logIn: refused });
    const registering = '{ username: "newcomer", password: "long enough", email: "n@example.org" }';
    expect(await asked('register', registering)).toEqual({ register: refused });
    const customer = await customerOf(closed, shopToken(newExternalId()));
    expect(await customer.ask(ME)).toMatchObject({ viewer: { id: customer.id } });
  });
});

/** What programs show instead of a session, on each transport. */
import { describe, expect, it } from 'vitest';
import {
  ApiTokensDocument,
  ChatEventsDocument,
  CreateApiTokenDocument,
  CreateBrandDocument,
  LogOutDocument,
  RevokeApiTokenDocument,
  SetUserActiveDocument,
  SetUserRoleDocument,
  type ApiTokenScope,
} from '../support/generated/operations.js';
import { ownNode } from '../support/node.js';
import { administrator, groupChat, groupOf, newPerson, personOf, staffMember, type Person } from '../support/people.js';
import { refusalOf, ways, whoAmI } from '../support/who-am-i.js';

const node = ownNode();

const tokenOf = async (
  person: Person,
  input: { name?: string; expiresAt?: string; scopes?: ApiTokenScope[] | null } = {},
) => {
  const { createApiToken } = await person.ask(CreateApiTokenDocument, { input: { name: 'A program', ...input } });
  if (createApiToken?.__typename !== 'CreateApiTokenSuccess') throw new Error(JSON.stringify(createApiToken));
  return createApiToken;
};

/** A program that acts as `person`. */
const programOf = async (person: Person, expiresAt?: string, scopes: ApiTokenScope[] = ['CHAT']) => {
  const { token, apiToken } = await tokenOf(person, { scopes, ...(expiresAt !== undefined && { expiresAt }) });
  return { id: apiToken.id, token, program: personOf(node, { ...person.session, accessToken: token }) };
};

// C3 S0.13 S1.10
describe.each(ways)('an API token over %s', (way) => {
  it('says who one is, until it is revoked', async () => {
    const ada = await newPerson(node, 'ada');
    const { token, id } = await programOf(ada);

    for (const scheme of ['Token', 'token'])
      expect(await whoAmI(node, way, `${scheme} ${token}`)).toMatchObject({ data: { viewer: { id: ada.id } } });
    expect(await ada.ask(RevokeApiTokenDocument, { apiTokenId: id })).toEqual({
      revokeApiToken: { __typename: 'RevokeApiTokenSuccess', apiTokenId: id },
    });

    const isSocket = way === 'ws' || way === 'upgrade';
    expect(await refusalOf(node, way, `Token ${token}`)).toBe(isSocket ? 4401 : 'UNAUTHENTICATED');
  });

  it('is none of another scheme, and an access token is no API token', async () => {
    const ada = await newPerson(node, 'ada');
    const { token } = await programOf(ada);
    const expected = way === 'ws' || way === 'upgrade' ? 4403 : 'UNAUTHENTICATED';

    for (const bad of [`Bearer ${token}`, `Token ${ada.session.accessToken}`, `Token ${token}x`, 'Token', token])
      expect(await refusalOf(node, way, bad), bad).toBe(expected);
  });
});

describe('an API token', () => {
  it('S1.2 reads, sends and follows as its user', async () => {
    const { ada, boris, chat } = await groupChat(node);
    const { program } = await programOf(ada);

    const following = await program.follow(chat);
    const streaming = await program.follow(chat, { over: 'sse' });
    await Promise.all([following.event('ChatReady'), streaming.event('ChatReady')]);
    await program.send(chat, 'from a program');
    await boris.send(chat, 'from Boris');

    for (const live of [following, streaming]) {
      expect(await live.event('MessageSent')).toMatchObject({ message: { sender: { id: ada.id } } });
      expect(await live.event('MessageSent')).toMatchObject({ message: { sender: { id: boris.id } } });
    }
  });

  it('shows its text once, and is listed and found as a node by its owner only', async () => {
    const [ada, root] = [await newPerson(node, 'ada'), await administrator(node)];
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const { token, apiToken } = await tokenOf(ada, { name: 'Reports', expiresAt });
    const NODE = 'query ($id: ID!) { node(id: $id) { id ... on ApiToken { name } } }';

    expect(token).toMatch(/^pat_[\w-]{43}$/);
    expect(await ada.ask(ApiTokensDocument)).toEqual({ apiTokens: [apiToken] });
    expect(apiToken).toMatchObject({ name: 'Reports', expiresAt, lastUsedAt: null, scopes: ['CHAT'] });
    expect(await ada.ask(NODE, { id: apiToken.id })).toEqual({ node: { id: apiToken.id, name: 'Reports' } });
    expect(await root.ask(NODE, { id: apiToken.id })).toEqual({ node: null });
    expect(await root.ask(RevokeApiTokenDocument, { apiTokenId: apiToken.id })).toMatchObject({
      revokeApiToken: { __typename: 'NotFoundError' },
    });
  });

  it('ends what it has open where it expires, with 4403', async () => {
    const { ada, chat } = await groupChat(node);
    const { program } = await programOf(ada, new Date(Date.now() + 2000).toISOString());

    const following = await program.follow(chat);
    const streaming = await program.follow(chat, { over: 'sse' });

    expect((await following.socket!.closed).code).toBe(4403);
    expect(await streaming.ended).toBe('cut');
    for (const live of [following, streaming])
      expect(live.events.at(-1)).toMatchObject({ __typename: 'SubscriptionEnded', code: 'SIGNED_OUT' });
    expect(await refusalOf(node, 'http', `Token ${program.session.accessToken}`)).toBe('UNAUTHENTICATED');
  });

  it('outlives its owner’s sessions, and ends by being revoked', async () => {
    const { ada, boris, chat } = await groupChat(node);
    const { program, id } = await programOf(ada);
    const socket = await program.connect();
    const live = socket.open(ChatEventsDocument, { chatId: chat.id });
    await live.next();

    await ada.ask(LogOutDocument, { everywhere: true });
    await boris.send(chat, 'still there?');
    expect((await live.next()).data?.chatEvents.__typename).toBe('MessageSent');
    const again = await socket.ask(RevokeApiTokenDocument, { apiTokenId: id });
    expect(again.data?.revokeApiToken?.__typename).toBe('ForbiddenError');
    const { apiToken } = await tokenOf(boris);
    expect((await program.ask(RevokeApiTokenDocument, { apiTokenId: apiToken.id })).revokeApiToken?.__typename).toBe(
      'NotFoundError',
    );
  });

  it('ends with its owner’s account', async () => {
    const { root, ada, chat } = await groupChat(node);
    const { program, token } = await programOf(ada);
    const following = await program.follow(chat);
    await following.event('ChatReady');

    await root.ask(SetUserActiveDocument, { userId: ada.id, isActive: false });

    expect((await following.socket!.closed).code).toBe(4401);
    expect(await refusalOf(node, 'http', `Token ${token}`)).toBe('UNAUTHENTICATED');
    expect(await refusalOf(node, 'ws', `Token ${token}`)).toBe(4401);
  });

  it.each([
    ['logOut', '{}'],
    ['changePassword', '{ currentPassword: "x", newPassword: "long enough" }'],
    ['updateProfile', '{ firstName: "Eve" }'],
    ['createApiToken', '{ name: "another" }'],
    ['createBrand', '{ ownerId: "USER", name: "Acme" }'],
    ['setBrandPlan', '{ brandId: "BRAND", plan: BUSINESS }'],
    ['createMatch', '{ brandIds: ["BRAND", "OTHER"] }'],
    ['setUserRole', '{ userId: "USER", role: ADMIN }'],
    ['setUserActive', '{ userId: "USER", isActive: false }'],
    ['upsertUsers', '{ users: [{ externalId: "1" }] }'],
    ['createUserToken', '{ userId: "USER" }'],
    ['renewConnection', '{ accessToken: "JWT" }'],
  ])('does not %s, an administrator’s neither', async (field, input) => {
    const root = await administrator(node);
    const { program } = await programOf(root);
    const owner = await newPerson(node);
    const brandOf = async (ownerId: string) => {
      const { createBrand } = await root.ask(CreateBrandDocument, { input: { ownerId, name: 'Acme' } });
      return createBrand?.__typename === 'CreateBrandSuccess' ? createBrand.brand.id : '';
    };
    const written = input
      .replace('USER', owner.id)
      .replace('JWT', root.session.accessToken)
      .replace('BRAND', input.includes('BRAND') ? await brandOf(owner.id) : '')
      .replace('OTHER', input.includes('OTHER') ? await brandOf((await newPerson(node)).id) : '');

    const socket = await program.connect();
    const { data } = await socket.ask(`mutation { ${field}(input: ${written}) { __typename } }`);

    const expected = field === 'renewConnection' ? 'InvalidTokenError' : 'ForbiddenError';
    expect(data).toEqual({ [field]: { __typename: expected } });
  });
});

describe('an API token with the scope ADMIN', () => {
  const asked = async (program: Person, field: string, input: string) => {
    const { data } = await program.tell('http', `mutation { ${field}(input: ${input}) { __typename } }`);
    return (data as Record<string, { __typename: string }>)[field]?.__typename;
  };

  it('administers as its owner may: users, brands, matches, chats; and acts as its owner there', async () => {
    const boss = await staffMember(node, 'ADMIN');
    const { program } = await programOf(boss, undefined, ['ADMIN']);
    const [ada, boris] = [await newPerson(node, 'ada'), await newPerson(node, 'boris')];
    const brandOf = async ({ id }: Person) => {
      const { createBrand } = await program.ask(CreateBrandDocument, { input: { ownerId: id, name: 'Acme' } });
      return createBrand?.__typename === 'CreateBrandSuccess' ? createBrand.brand.id : '';
    };
    const brandIds = [await brandOf(ada), await brandOf(boris)];

    for (const [field, input] of [
      ['setBrandPlan', `{ brandId: "${brandIds[0]}", plan: BUSINESS }`],
      ['createMatch', `{ brandIds: ${JSON.stringify(brandIds)} }`],
      ['setUserRole', `{ userId: "${ada.id}", role: MANAGER }`],
      ['createRelation', `{ managerId: "${ada.id}", clientId: "${boris.id}" }`],
      ['setUserActive', `{ userId: "${ada.id}", isActive: false }`],
      ['upsertUsers', `{ users: [{ id: "${boris.id}", firstName: "Boris" }] }`],
      ['createUserToken', `{ userId: "${boris.id}" }`],
    ] as const)
      expect(await asked(program, field, input), field).toBe(`${field[0]!.toUpperCase()}${field.slice(1)}Success`);
    const chat = await groupOf(program, boss, boris);
    expect(await program.send(chat, 'from my program')).toMatchObject({ message: { sender: { id: boss.id } } });
  });

  it.each([
    ['logOut', '{}'],
    ['changePassword', '{ currentPassword: "x", newPassword: "long enough" }'],
    ['updateProfile', '{ firstName: "Eve" }'],
    ['createApiToken', '{ name: "another" }'],
  ])('does not %s', async (field, input) => {
    const { program } = await programOf(await staffMember(node, 'ADMIN'), undefined, ['CHAT', 'ADMIN']);

    expect(await asked(program, field, input)).toBe('ForbiddenError');
  });

  it('administers only while its owner is an administrator', async () => {
    const root = await administrator(node);
    const boss = await staffMember(node, 'ADMIN');
    const { program } = await programOf(boss, undefined, ['ADMIN']);
    const demote = (role: 'USER' | 'ADMIN') => root.ask(SetUserRoleDocument, { userId: boss.id, role });
    const upserting = () => asked(program, 'upsertUsers', `{ users: [{ id: "${boss.id}", firstName: "B" }] }`);

    await demote('USER');
    expect(await upserting()).toBe('ForbiddenError');
    expect(await asked(program, 'createUserToken', `{ userId: "${boss.id}" }`)).toBe('ForbiddenError');
    expect((await boss.ask(ApiTokensDocument)).apiTokens).toMatchObject([{ scopes: ['CHAT', 'ADMIN'] }]);
    await demote('ADMIN');
    expect(await upserting()).toBe('UpsertUsersSuccess');
  });

  it('is made by administrators alone, and names what it may do', async () => {
    const create = async (person: Person, scopes: ApiTokenScope[] | null) =>
      (await person.ask(CreateApiTokenDocument, { input: { name: 'A program', scopes } })).createApiToken;
    const [ada, boss] = [await newPerson(node, 'ada'), await staffMember(node, 'ADMIN')];

    for (const person of [ada, await staffMember(node, 'MANAGER')])
      expect((await create(person, ['CHAT', 'ADMIN']))?.__typename).toBe('ForbiddenError');
    expect((await create(boss, []))?.__typename).toBe('InvalidInputError');
    expect(await create(ada, null)).toMatchObject({ apiToken: { scopes: ['CHAT'] } });
    expect(await create(boss, ['ADMIN', 'ADMIN'])).toMatchObject({ apiToken: { scopes: ['CHAT', 'ADMIN'] } });
  });
});

/** Access tokens that a product without tokens of its own has issued for its people. */
import { beforeAll, describe, expect, it } from 'vitest';
import { decodeRowId } from '../../src/graphql/global-id.js';
import {
  CreateUserTokenDocument,
  RenewConnectionDocument,
  SetUserActiveDocument,
  SetUserRoleDocument,
} from '../support/generated/operations.js';
import { ownNode } from '../support/node.js';
import { administrator, groupOf, newPerson, personOf, staffMember, type Person } from '../support/people.js';
import { until } from '../support/until.js';
import { refusalOf, ways, whoAmI } from '../support/who-am-i.js';

const node = ownNode();

let root: Person;
beforeAll(async () => {
  root = await administrator(node);
});

const ask = async (userId: string, minutes?: number | null, person = root) =>
  (await person.ask(CreateUserTokenDocument, { userId, ...(minutes !== undefined && { minutes }) })).createUserToken!;

const issue = async (userId: string, minutes?: number) => {
  const answer = await ask(userId, minutes);
  if (answer.__typename !== 'CreateUserTokenSuccess') throw new Error(JSON.stringify(answer));
  return answer;
};

/** Somebody, and the same one by a token that was issued for them. */
const issuedFor = async (name: string) => {
  const person = await newPerson(node, name);
  const { accessToken } = await issue(person.id);
  return { person, accessToken, guest: personOf(node, { ...person.session, accessToken }) };
};

describe.each(ways)('C3 a token that was issued, over %s,', (way) => {
  it('says who one is, until the user is deactivated', async () => {
    const { person, accessToken } = await issuedFor('ada');

    expect((await whoAmI(node, way, `Bearer ${accessToken}`)).data?.viewer).toMatchObject({ id: person.id });
    await root.ask(SetUserActiveDocument, { userId: person.id, isActive: false });

    const isSocket = way === 'ws' || way === 'upgrade';
    expect(await refusalOf(node, way, `Bearer ${accessToken}`)).toBe(isSocket ? 4401 : 'UNAUTHENTICATED');
  });
});

describe('a token that was issued', () => {
  it('lives 15 minutes, or 1 to 1,440 as asked', async () => {
    const { id } = await newPerson(node);
    const lifeOf = async (minutes?: number) =>
      Math.round((Date.parse((await issue(id, minutes)).expiresAt) - Date.now()) / 60_000);

    expect([await lifeOf(), await lifeOf(1), await lifeOf(1440)]).toEqual([15, 1, 1440]);
    for (const minutes of [0, -1, 1441, 2 ** 31 - 1])
      expect((await ask(id, minutes)).__typename).toBe('InvalidInputError');
  });

  it('is logged without its text, by whom and for whom', async () => {
    const person = await newPerson(node);

    const { accessToken } = await issue(person.id);

    const line = node.log.findLast(({ audit }) => audit === 'createUserToken');
    const rowIdOf = ({ id }: { id: string }) => String(decodeRowId('User', id));
    expect(line).toMatchObject({ userId: rowIdOf(root), about: { userId: rowIdOf(person) } });
    expect(JSON.stringify(node.log)).not.toContain(accessToken.split('.')[2]);
  });

  it('sends and follows as its user, and keeps a socket with the next one of the same user', async () => {
    const { person, guest } = await issuedFor('ada');
    const chat = await groupOf(root, person);
    const following = await guest.follow(chat);
    await following.event('ChatReady');

    expect(await guest.send(chat, 'hello')).toMatchObject({ message: { sender: { id: person.id } } });
    await following.event('MessageSent');
    const renewed = async (accessToken: string) =>
      (await following.socket!.ask(RenewConnectionDocument, { accessToken })).data?.renewConnection?.__typename;
    expect(await renewed((await issue(person.id, 60)).accessToken)).toBe('RenewConnectionSuccess');
    expect(await renewed((await issuedFor('boris')).accessToken)).toBe('InvalidTokenError');
    expect(await renewed(person.session.accessToken)).toBe('InvalidTokenError');
  });

  it('follows the role of its user, and ends with the account what it has open', async () => {
    const { person, guest } = await issuedFor('ada');
    const socket = await guest.connect();
    const query = 'query ($id: ID!) { user(id: $id) { email } }';
    const sees = async () =>
      (await socket.ask<{ user: { email: string | null } }, object>(query, { id: root.id })).data?.user.email ?? null;
    expect(await sees()).toBeNull();

    await root.ask(SetUserRoleDocument, { userId: person.id, role: 'MANAGER' });
    let seen: unknown = null;
    await until(() => (void sees().then((now) => (seen = now)), seen !== null), 'the address to be seen');
    await root.ask(SetUserActiveDocument, { userId: person.id, isActive: false });

    expect((await socket.closed).code).toBe(4401);
  });

  it.each([
    ['logOut', '{ everywhere: true }', 'ForbiddenError'],
    ['changePassword', '{ currentPassword: "x", newPassword: "long enough" }', 'ForbiddenError'],
    ['createApiToken', '{ name: "A program" }', 'ForbiddenError'],
    ['createUserToken', '{ userId: "ME" }', 'ForbiddenError'],
    ['upsertUsers', '{ users: [{ id: "ME", firstName: "x" }] }', 'ForbiddenError'],
    ['setUserRole', '{ userId: "ME", role: USER }', 'ForbiddenError'],
    ['updateProfile', '{ firstName: "Ada" }', 'UpdateProfileSuccess'],
  ])('asked for %s %s is answered with %s, a manager’s too', async (field, input, expected) => {
    const { person, guest } = await issuedFor('boss');
    await root.ask(SetUserRoleDocument, { userId: person.id, role: 'MANAGER' });

    const document = `mutation { ${field}(input: ${input.replace('ME', person.id)}) { __typename } }`;

    expect((await guest.tell('http', document)).data).toEqual({ [field]: { __typename: expected } });
  });

  it('is issued by administrators, for active users, and for no administrator', async () => {
    const [ada, boss, gone] = [await newPerson(node), await staffMember(node, 'ADMIN'), await newPerson(node)];
    await root.ask(SetUserActiveDocument, { userId: gone.id, isActive: false });

    expect((await ask(ada.id, 15, await staffMember(node, 'MANAGER'))).__typename).toBe('ForbiddenError');
    expect((await ask(ada.id, 15, ada)).__typename).toBe('ForbiddenError');
    expect((await ask(boss.id)).__typename).toBe('ForbiddenError');
    expect((await ask(boss.id, 15, boss)).__typename).toBe('ForbiddenError');
    expect((await ask(gone.id)).__typename).toBe('InvalidInputError');
    expect((await ask('nonsense')).__typename).toBe('NotFoundError');
  });

  it('is nothing any more once its user is an administrator, whoever made them one', async () => {
    const { person, accessToken } = await issuedFor('ada');
    const socket = await personOf(node, { ...person.session, accessToken }).connect();

    await root.ask(SetUserRoleDocument, { userId: person.id, role: 'ADMIN' });

    expect((await socket.closed).code).toBe(4401);
    expect(await refusalOf(node, 'http', `Bearer ${accessToken}`)).toBe('UNAUTHENTICATED');
  });
});

/** People of a product, made and changed by its program. */
import { beforeAll, describe, expect, it } from 'vitest';
import {
  SetUserRoleDocument,
  UpsertUsersDocument,
  UserByExternalIdDocument,
  type UserUpsert,
} from '../support/generated/operations.js';
import { ownNode, startNode } from '../support/node.js';
import { administrator, newPerson, signIn, staffMember, type Person } from '../support/people.js';
import { upTo } from '../support/sent.js';
import { customerOf, newExternalId, shop, shopToken } from '../support/trusted.js';

const node = ownNode(shop);

let root: Person;
beforeAll(async () => {
  root = await administrator(node);
});

const ask = async (users: UserUpsert[], person = root) =>
  (await person.ask(UpsertUsersDocument, { users })).upsertUsers!;

const upsert = async (...users: UserUpsert[]) => {
  const answer = await ask(users);
  if (answer.__typename !== 'UpsertUsersSuccess') throw new Error(JSON.stringify(answer));
  return answer;
};

/** Which field of which one is refused. */
const refusedIn = ({ refused }: Awaited<ReturnType<typeof upsert>>) =>
  refused.flatMap(({ index, fields }) => fields.map(({ path }) => `${index} ${path.join('.')}`));

describe('upsertUsers', () => {
  it('makes those who are not there, and changes those who are; what is absent stays', async () => {
    const externalId = newExternalId();
    const made = await upsert({
      externalId,
      username: 'Grace.Hopper',
      firstName: 'Grace',
      lastName: 'Hopper',
      email: 'grace@shop.example',
      role: 'MANAGER',
      metadata: { avatar: 'https://shop.example/grace.png' },
    });
    const changed = await upsert({ externalId, lastName: 'Murray' }, { id: made.users[0]!.id, firstName: null });

    expect(made).toMatchObject({
      refused: [],
      users: [{ externalId, username: 'Grace.Hopper', firstName: 'Grace', role: 'MANAGER', isActive: true }],
    });
    // The same one twice: the second is refused.
    expect(refusedIn(changed)).toEqual(['1 id']);
    expect(changed.users).toEqual([{ ...made.users[0], lastName: 'Murray' }]);
    const cleared = await upsert({ id: made.users[0]!.id, firstName: null, email: null, metadata: null });
    expect(cleared.users).toMatchObject([{ firstName: '', email: null, metadata: {}, username: 'Grace.Hopper' }]);
  });

  it('calls those without a username by their ID, and finds them when they come with a token', async () => {
    const [plain, odd] = [newExternalId(), `${newExternalId()} with a space`];

    const { users } = await upsert({ externalId: plain, firstName: 'Ann' }, { externalId: odd });

    expect(users[0]!.username).toBe(`user-${plain}`);
    expect(users[1]!.username).toMatch(/^user-[0-9a-f]{16}$/);
    const ann = await customerOf(node, shopToken(plain));
    expect(ann.id).toBe(users[0]!.id);
  });

  it('answers each by itself: what is wrong with one keeps no other out, and is named in whole', async () => {
    const taken = await newPerson(node, 'taken');
    const [one, two, same] = [newExternalId(), newExternalId(), newExternalId()];

    const answer = await upsert(
      { externalId: one, username: taken.username.toUpperCase(), email: `${taken.username}@example.org` },
      { externalId: two, username: 'free-name' },
      { externalId: newExternalId(), username: 'Free-Name' },
      { externalId: same },
      { externalId: same, firstName: 'again' },
      { id: 'nonsense', firstName: 'x' },
      { id: taken.id, externalId: newExternalId() },
      {},
      { externalId: '', username: 'x', email: 'no address', firstName: 'a\0', metadata: { a: '\0' } },
      { externalId: newExternalId(), username: null, role: null, isActive: null },
    );

    expect(answer.users.map(({ externalId }) => externalId)).toEqual([two, same]);
    expect(refusedIn(answer)).toEqual(
      [
        ['0 username', '0 email', '2 username', '4 externalId', '5 id', '6 externalId', '7 externalId'],
        ['8 externalId', '8 username', '8 email', '8 firstName', '8 metadata', '9 username', '9 role', '9 isActive'],
      ].flat(),
    );
    expect((await upsert({ externalId: one })).users).toHaveLength(1);
  });

  it('of two at once for one ID makes one user', async () => {
    const ids = upTo(10).map(newExternalId);
    const all = ids.map((externalId) => ({ externalId }));

    const answers = await Promise.all([
      upsert(...all),
      upsert(...[...all].reverse()),
      ...ids.map((externalId) => customerOf(node, shopToken(externalId))),
    ]);

    const [one, other, ...customers] = answers;
    expect(one.refused).toEqual([]);
    expect(one.users.map(({ id }) => id)).toEqual(customers.map(({ id }) => id));
    expect(other.users.map(({ id }) => id).reverse()).toEqual(customers.map(({ id }) => id));
  });

  it('ends sessions and sockets of who is deactivated, and applies a changed role to open ones', async () => {
    const ada = await newPerson(node, 'ada');
    const socket = await ada.connect();

    await upsert({ id: ada.id, role: 'ADMIN' });
    expect(
      (await socket.ask(SetUserRoleDocument, { userId: ada.id, role: 'MANAGER' })).data?.setUserRole,
    ).toMatchObject({
      __typename: 'SetUserRoleSuccess',
    });
    const { users } = await upsert({ id: ada.id, isActive: false });

    expect(users).toMatchObject([{ isActive: false, role: 'MANAGER' }]);
    expect((await socket.closed).code).toBe(4401);
    await upsert({ id: ada.id, isActive: true });
    expect((await signIn(node, ada.username)).id).toBe(ada.id);
  });

  it('neither demotes nor deactivates the last administrator, nor several one after the other', async () => {
    const own = await startNode();
    try {
      const boss = await administrator(own);
      const other = await staffMember(own, 'ADMIN');
      const answer = await ask(
        [
          { id: other.id, role: 'USER' },
          { id: boss.id, isActive: false },
        ],
        boss,
      );

      expect(answer).toMatchObject({
        users: [{ id: other.id, role: 'USER' }],
        refused: [{ index: 1, fields: [{ path: ['isActive'] }] }],
      });
      expect(await ask([{ id: boss.id, role: 'MANAGER' }], boss)).toMatchObject({
        refused: [{ fields: [{ path: ['role'] }] }],
      });
    } finally {
      await own.stop();
    }
  });

  it('is for administrators, and takes 1 to 100', async () => {
    for (const person of [await newPerson(node), await staffMember(node, 'MANAGER')])
      expect((await ask([{ externalId: newExternalId() }], person)).__typename).toBe('ForbiddenError');
    for (const users of [[], upTo(101).map(() => ({ externalId: newExternalId() }))])
      expect(await ask(users)).toMatchObject({ __typename: 'InvalidInputError', fields: [{ path: ['users'] }] });
    expect((await upsert(...upTo(100).map(() => ({ externalId: newExternalId() })))).users).toHaveLength(100);
  });
});

describe('an external ID', () => {
  const find = async (person: Person, externalId: string) =>
    (await person.ask(UserByExternalIdDocument, { externalId })).user ?? null;

  it('is seen, and found by, by staff and by whom it is of; for others there is nobody', async () => {
    const externalId = newExternalId();
    const ann = await customerOf(node, shopToken(externalId));
    const SEEN = 'query ($id: ID!) { user(id: $id) { externalId } }';

    for (const person of [root, await staffMember(node, 'MANAGER'), ann]) {
      expect(await find(person, externalId)).toMatchObject({ id: ann.id, externalId, isActive: true, metadata: {} });
      expect(await person.ask(SEEN, { id: ann.id })).toEqual({ user: { externalId } });
    }
    const stranger = await newPerson(node);
    expect(await find(stranger, externalId)).toBeNull();
    expect(await stranger.ask(SEEN, { id: ann.id })).toEqual({ user: { externalId: null } });
    for (const none of ['', 'nobody', '\0', 'x'.repeat(1000)]) expect(await find(root, none)).toBeNull();
  });

  it('is one of three to ask by, and never one of two', async () => {
    const { errors } = await root.tell('http', `{ user(externalId: "1", username: "${root.username}") { id } }`);

    expect(errors?.[0]?.extensions?.code).toBe('BAD_USER_INPUT');
  });

  it('says of each whether they can be written to: isActive', async () => {
    const [ada, boris] = [await newPerson(node, 'ada'), await newPerson(node, 'boris')];
    await upsert({ id: ada.id, isActive: false });

    const answer = await boris.ask('query ($id: ID!) { user(id: $id) { isActive } }', { id: ada.id });

    expect(answer).toEqual({ user: { isActive: false } });
  });
});

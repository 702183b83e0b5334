import { describe, expect, it, onTestFinished } from 'vitest';
import { accountNode, type AccountNode } from '../../support/accounts.js';
import { counting } from '../../support/chats.js';
import { ownDatabase } from '../../support/own-database.js';
import { newExternalId, shopToken } from '../../support/trusted.js';

const database = ownDatabase();

const come = async (node: AccountNode, externalId: string, claims = {}) => {
  const shown = await node.authentication.byAccessToken(shopToken(externalId, claims));
  if (!('viewer' in shown)) throw new Error(shown.refusal);
  return shown.viewer;
};

const usersOf = (externalId: string) =>
  database.current.query<{ username: string; email: string; passwordHash: string | null }>(
    'SELECT username, email, password_hash AS "passwordHash" FROM "user" WHERE external_id = $1',
    [externalId],
  );

describe('who comes with a token of another product', () => {
  it('is made once, however many come at once on two nodes', async () => {
    const [here, there] = [await accountNode(database.current), await accountNode(database.current)];
    const externalId = newExternalId();

    const viewers = await Promise.all(
      [here, there, here, there].map((node, index) => come(node, externalId, { preferred_username: `ada${index}` })),
    );

    expect(await usersOf(externalId)).toMatchObject([{ passwordHash: null }]);
    expect(new Set(viewers.map(({ id }) => id)).size).toBe(1);
    expect(viewers[0]).toMatchObject({ credential: { kind: 'trusted', externalId }, role: 'USER' });
  });

  it('gets a name of their own where two who are called alike come at once', async () => {
    const [here, there] = [await accountNode(database.current), await accountNode(database.current)];
    const claims = { preferred_username: 'namesake', email: 'namesake@shop.example' };
    const ids = [newExternalId(), newExternalId()];

    const viewers = await Promise.all(ids.map((id, index) => come([here, there][index]!, id, claims)));

    expect(viewers[0]!.id).not.toBe(viewers[1]!.id);
    const rows = (await Promise.all(ids.map(usersOf))).flat();
    expect(rows.filter(({ username }) => username === 'namesake')).toHaveLength(1);
    expect(rows.filter(({ email }) => email === 'namesake@shop.example')).toHaveLength(1);
  });

  it.each([
    ['an id that is a name', 'customer.7', /^user-customer\.7$/],
    ['an address', 'ada@shop.example', /^user-[0-9a-f]{16}$/],
    ['a long one', 'x'.repeat(255), /^user-[0-9a-f]{16}$/],
  ])('is called by their id there: %s', async (_what, externalId, expected) => {
    await come(await accountNode(database.current), externalId);

    expect((await usersOf(externalId))[0]!.username).toMatch(expected);
  });

  it('is looked up once in two seconds, not with every request', async () => {
    const { db: counted, count } = counting(database.current);
    const node = await accountNode(counted);
    const externalId = newExternalId();
    await come(node, externalId);
    const before = count();

    for (let times = 0; times < 20; times++) await come(node, externalId);

    expect(count()).toBe(before);
  });

  it('is refused once deactivated, and what they have open ends', async () => {
    const node = await accountNode(database.current);
    const externalId = newExternalId();
    const viewer = await come(node, externalId);
    const told: string[] = [];
    onTestFinished(node.credentials.watch(viewer, (what) => told.push(what)));

    await database.current.query('UPDATE "user" SET deactivated_at = now() WHERE id = $1', [viewer.id]);
    node.credentials.announce({ sessionIds: [], userIds: [viewer.id] });

    await expect.poll(() => told).toEqual(['ended']);
    expect(await node.authentication.byAccessToken(shopToken(externalId))).toEqual({ refusal: 'sessionOver' });
    expect(await usersOf(externalId)).toHaveLength(1);
  });
});

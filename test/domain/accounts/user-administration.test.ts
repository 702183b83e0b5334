import { describe, expect, it } from 'vitest';
import { ForbiddenError, InvalidInputError, NotFoundError } from '../../../src/domain/errors.js';
import type { Viewer } from '../../../src/domain/viewer.js';
import { accountNode } from '../../support/accounts.js';
import { errorOf, newPerson } from '../../support/chats.js';
import { ownDatabase } from '../../support/own-database.js';

const database = ownDatabase();
const someone = () => newPerson(database.current);
const anAdmin = () => newPerson(database.current, 'ADMIN');
const aNode = async () => (await accountNode(database.current)).userAdministration;

/** Nobody else is one, whatever other tests have left. */
const onlyAdministrators = async (...administrators: Viewer[]) => {
  await database.current.query(`UPDATE "user" SET role = 'USER' WHERE role = 'ADMIN' AND NOT id = ANY($1::bigint[])`, [
    administrators.map(({ id }) => id),
  ]);
};

const activeAdministrators = async () =>
  (await database.current.query(`SELECT id FROM "user" WHERE role = 'ADMIN' AND deactivated_at IS NULL`)).length;

describe('a role', () => {
  it('is set by administrators, and set again changes nothing', async () => {
    const users = await aNode();
    const [root, ada] = [await anAdmin(), await someone()];

    expect(await users.setRole(root, ada.id, 'MANAGER')).toMatchObject({ id: ada.id, role: 'MANAGER' });
    const [before] = await database.current.query('SELECT xid::text FROM "user" WHERE id = $1', [ada.id]);
    expect(await users.setRole(root, ada.id, 'MANAGER')).toMatchObject({ role: 'MANAGER' });
    expect(await database.current.query('SELECT xid::text FROM "user" WHERE id = $1', [ada.id])).toEqual([before]);
  });

  it('is refused for nobody, then to all who are no administrator now, API tokens too', async () => {
    const users = await aNode();
    const [root, former, ada] = [await anAdmin(), await anAdmin(), await someone()];
    await users.setRole(root, former.id, 'USER');
    const set = (viewer: Viewer, userId: bigint | null) => errorOf(users.setRole(viewer, userId, 'MANAGER'));

    for (const id of [null, 2n ** 62n]) expect(await set(ada, id)).toBeInstanceOf(NotFoundError);
    for (const viewer of [ada, former, await newPerson(database.current, 'MANAGER')]) {
      expect(await set(viewer, ada.id)).toBeInstanceOf(ForbiddenError);
    }
    const program: Viewer = { ...root, credential: { kind: 'apiToken', hash: '', scopes: ['CHAT'] }, expiresAt: null };
    expect(await set(program, ada.id)).toBeInstanceOf(ForbiddenError);
    expect(await errorOf(users.setActive(program, ada.id, false))).toBeInstanceOf(ForbiddenError);
  });
});

describe('the last administrator', () => {
  it('is neither demoted nor deactivated, by themselves or after another was deactivated', async () => {
    const users = await aNode();
    const [root, other] = [await anAdmin(), await anAdmin()];
    await onlyAdministrators(root, other);
    await users.setActive(root, other.id, false);

    expect(await errorOf(users.setRole(root, root.id, 'USER'))).toMatchObject({ fields: [{ path: ['role'] }] });
    expect(await errorOf(users.setActive(root, root.id, false))).toMatchObject({ fields: [{ path: ['isActive'] }] });
  });

  it('is left where two, three or four take it from each other at once', async () => {
    const users = await aNode();
    for (const count of [2, 3, 4]) {
      const all = await Promise.all(Array.from({ length: count }, anAdmin));
      await onlyAdministrators(...all);

      const outcomes = await Promise.allSettled(
        all.map((admin, n) => {
          const next = all[(n + 1) % count]!;
          return n % 2 === 0 ? users.setRole(admin, next.id, 'USER') : users.setActive(admin, next.id, false);
        }),
      );

      expect(await activeAdministrators()).toBeGreaterThanOrEqual(1);
      for (const outcome of outcomes) {
        if (outcome.status === 'fulfilled') continue;
        const reason: unknown = outcome.reason;
        expect(reason instanceof ForbiddenError || reason instanceof InvalidInputError).toBe(true);
      }
    }
  });
});

describe('an account', () => {
  it('deactivated loses its sessions, and let in again can be signed in to', async () => {
    const node = await accountNode(database.current);
    const root = await anAdmin();
    const { session } = await node.person('ada-to-go');
    const { userId, accessToken, refreshToken } = session;

    const gone = await node.userAdministration.setActive(root, userId, false);

    expect(gone.deactivatedAt).toBeInstanceOf(Date);
    expect(await node.sessions.authenticate(accessToken)).toBeNull();
    expect(await errorOf(node.sessions.refresh(refreshToken))).toBeInstanceOf(Error);
    expect(await node.userAdministration.setActive(root, userId, true)).toMatchObject({ deactivatedAt: null });
    expect(await node.sessions.authenticate(accessToken)).toBeNull();
    expect(await node.sessions.open(userId, await hashOf(userId))).toMatchObject({ userId });
  });
});

const hashOf = async (userId: bigint): Promise<string | null> => {
  const [row] = await database.current.query<{ hash: string | null }>(
    'SELECT password_hash AS hash FROM "user" WHERE id = $1',
    [userId],
  );
  return row!.hash;
};

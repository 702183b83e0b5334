import { describe, expect, it } from 'vitest';
import { NotFoundError } from '../../../src/domain/errors.js';
import { createUsers } from '../../../src/domain/accounts/users.js';
import type { Viewer } from '../../../src/domain/viewer.js';
import { chatNode, errorOf, newPerson } from '../../support/chats.js';
import { ownDatabase } from '../../support/own-database.js';

const database = ownDatabase();

describe('a shared directory', () => {
  it('has users find those alone with whom they share a chat; managers and administrators find everyone', async () => {
    const node = await chatNode(database.current, { settings: { userDirectory: 'shared' } });
    const directory = createUsers(database.current, 'shared');
    const [me, friend, stranger] = await Promise.all([1, 2, 3].map(() => newPerson(database.current)));
    await node.group(me!, friend!);
    const finds = async (viewer: Viewer) => {
      const [byId] = await directory.byIds(viewer, [stranger!.id]);
      const found = await directory.search(viewer, { search: 'user', first: 100 });
      return [byId !== undefined, found.edges.some((edge) => edge.node.id === stranger!.id)];
    };

    expect(await finds(me!)).toEqual([false, false]);
    expect((await directory.search(me!, { search: 'user' })).edges.map((edge) => edge.node.id)).toEqual([
      me!.id,
      friend!.id,
    ]);
    for (const role of ['MANAGER', 'ADMIN'] as const) {
      expect(await finds(await newPerson(database.current, role))).toEqual([true, true]);
    }
    expect(await directory.named(stranger!.id)).toMatchObject({ id: stranger!.id });
    expect(await errorOf(node.chats.openDirect(me!, stranger!.id))).toBeInstanceOf(NotFoundError);
    expect(await node.chats.openDirect(me!, friend!.id)).toMatchObject({ created: true });
  });
});

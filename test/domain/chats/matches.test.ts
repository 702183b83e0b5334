import { describe, expect, it } from 'vitest';
import { ForbiddenError, InvalidInputError, NotFoundError } from '../../../src/domain/errors.js';
import type { Viewer } from '../../../src/domain/viewer.js';
import { chatNode, errorOf, newPerson } from '../../support/chats.js';
import { ownDatabase } from '../../support/own-database.js';

const database = ownDatabase();
const aNode = () => chatNode(database.current);
const someone = () => newPerson(database.current);
const anAdmin = () => newPerson(database.current, 'ADMIN');

const twoBrands = async (node: Awaited<ReturnType<typeof aNode>>) => {
  const [root, ada, bob] = [await anAdmin(), await someone(), await someone()];
  const brandOf = ({ id }: Viewer) => node.brands.create(root, { ownerId: id, name: 'Acme', plan: 'FREE' });
  return { root, ada, bob, brandIds: [(await brandOf(ada)).id, (await brandOf(bob)).id] };
};

describe('a match', () => {
  it('S3.2 S3.3 opens a chat for the owners of two brands, and tells them of it', async () => {
    const node = await aNode();
    const { root, ada, bob, brandIds } = await twoBrands(node);

    const { chat, created } = await node.matches.create(root, brandIds);

    expect(created).toBe(true);
    expect(chat).toMatchObject({ kind: 'MATCH', name: null, hasBusiness: false, headSeq: 0 });
    const members = await node.chats.members(ada, chat.id);
    expect(members.edges.map((edge) => edge.node.userId)).toEqual([ada.id, bob.id]);
    expect((await node.brands.ofChat(bob, chat.id)).map(({ id }) => id)).toEqual(brandIds);
    const { edges } = await node.notifications.list(bob, true);
    expect(edges.map((edge) => edge.node)).toMatchObject([
      { kind: 'MATCH_CREATED', chatId: chat.id, sender: { id: root.id } },
    ]);
  });

  it('is there once for a pair, whichever comes first and however many make it at once', async () => {
    const node = await aNode();
    const { root, ada, brandIds } = await twoBrands(node);

    const made = await Promise.all(
      [0, 1, 2, 3].map((n) => node.matches.create(root, n % 2 === 0 ? brandIds : [...brandIds].reverse())),
    );

    expect(new Set(made.map(({ chat }) => chat.id)).size).toBe(1);
    expect(made.filter(({ created }) => created)).toHaveLength(1);
    expect((await node.notifications.list(ada, true)).edges).toHaveLength(1);
  });

  it('is refused for anything but two brands, then for brands not seen, then to all but administrators', async () => {
    const node = await aNode();
    const { root, ada, bob, brandIds } = await twoBrands(node);
    const [one, other] = brandIds as [bigint, bigint];
    const create = (viewer: Viewer, ids: (bigint | null)[]) => errorOf(node.matches.create(viewer, ids));

    for (const ids of [[], [one], [one, one], [one, other, one]]) {
      expect(await create(ada, ids)).toBeInstanceOf(InvalidInputError);
    }
    for (const ids of [
      [one, null],
      [null, null],
      [one, 2n ** 62n],
    ]) {
      expect(await create(root, ids)).toBeInstanceOf(NotFoundError);
    }
    expect(await create(ada, [one, other])).toBeInstanceOf(NotFoundError);
    await node.matches.create(root, [one, other]);
    for (const viewer of [ada, bob]) expect(await create(viewer, [one, other])).toBeInstanceOf(ForbiddenError);
  });
});

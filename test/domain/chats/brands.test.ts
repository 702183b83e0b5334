import { describe, expect, it } from 'vitest';
import { ForbiddenError, InvalidInputError, NotFoundError } from '../../../src/domain/errors.js';
import type { Viewer } from '../../../src/domain/viewer.js';
import { chatNode, counting, deactivate, errorOf, headOf, logOf, newPerson, typesOf } from '../../support/chats.js';
import { ownDatabase } from '../../support/own-database.js';

const database = ownDatabase();
const aNode = () => chatNode(database.current);
const someone = () => newPerson(database.current);
const anAdmin = () => newPerson(database.current, 'ADMIN');

type Node = Awaited<ReturnType<typeof aNode>>;

const aBrand = async (node: Node, root: Viewer, plan: 'FREE' | 'BUSINESS' = 'FREE') => {
  const owner = await someone();
  return { owner, brand: await node.brands.create(root, { ownerId: owner.id, name: ' Acme ', plan }) };
};

const aMatch = async (node: Node, plan: 'FREE' | 'BUSINESS' = 'FREE') => {
  const root = await anAdmin();
  const one = await aBrand(node, root, plan);
  const other = await aBrand(node, root);
  const { chat } = await node.matches.create(root, [one.brand.id, other.brand.id]);
  return { root, one, other, chat };
};

describe('a brand', () => {
  it('S3.4 is owned by a user, its name trimmed, and there is one for each', async () => {
    const node = await aNode();
    const root = await anAdmin();

    const { owner, brand } = await aBrand(node, root, 'BUSINESS');

    expect(brand).toMatchObject({ name: 'Acme', plan: 'BUSINESS', owner: { id: owner.id } });
    const again = node.brands.create(root, { ownerId: owner.id, name: 'Other', plan: 'FREE' });
    expect(await errorOf(again)).toMatchObject({ fields: [{ path: ['ownerId'] }] });
  });

  it('is refused for a bad name, then for nobody, then to all but administrators', async () => {
    const { brands } = await aNode();
    const [root, ada, gone] = [await anAdmin(), await someone(), await someone()];
    await deactivate(database.current, gone);
    const create = (viewer: Viewer, ownerId: bigint | null, name = 'Acme') =>
      errorOf(brands.create(viewer, { ownerId, name, plan: 'FREE' }));

    for (const name of ['', '   ', 'x'.repeat(101), 'a\nb']) {
      expect(await create(ada, null, name)).toBeInstanceOf(InvalidInputError);
    }
    for (const ownerId of [null, gone.id, 2n ** 62n]) expect(await create(ada, ownerId)).toBeInstanceOf(NotFoundError);
    expect(await create(ada, ada.id)).toBeInstanceOf(ForbiddenError);
    expect(await create(await newPerson(database.current, 'MANAGER'), ada.id)).toBeInstanceOf(ForbiddenError);
    expect(await brands.byOwner(root, ada.id)).toBeNull();
  });

  it('is one where two make it for one owner at once', async () => {
    const { brands } = await aNode();
    const [root, ada] = [await anAdmin(), await someone()];

    const made = await Promise.allSettled(
      ['A', 'B', 'C'].map((name) => brands.create(root, { ownerId: ada.id, name, plan: 'FREE' })),
    );

    expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('is seen by its owner, the members of its matches and administrators, and by nobody else', async () => {
    const node = await aNode();
    const { root, one, other } = await aMatch(node);
    const stranger = await newPerson(database.current, 'MANAGER');
    const outsider = await aBrand(node, root);

    for (const [viewer, sees] of [
      [one.owner, true],
      [other.owner, true],
      [root, true],
      [stranger, false],
      [outsider.owner, false],
    ] as const) {
      const [byId] = await node.brands.byIds(viewer, [one.brand.id]);
      const byOwner = await node.brands.byOwner(viewer, one.owner.id);
      expect([byId !== null, byOwner !== null]).toEqual([sees, sees]);
    }
  });
});

describe('a plan', () => {
  it('S3.3 follows into every chat of the brand at once, with one ChatUpdated each', async () => {
    const node = await aNode();
    const { root, one, chat } = await aMatch(node);
    const third = await aBrand(node, root);
    const { chat: second } = await node.matches.create(root, [third.brand.id, one.brand.id]);
    const rings = await node.hear(chat);

    expect(await node.brands.setPlan(root, one.brand.id, 'BUSINESS')).toMatchObject({ plan: 'BUSINESS' });
    expect(await node.brands.setPlan(root, one.brand.id, 'BUSINESS')).toMatchObject({ plan: 'BUSINESS' });

    for (const { id } of [chat, second]) {
      expect(await node.chats.find(one.owner, { id })).toMatchObject({ hasBusiness: true, headSeq: 1 });
      expect(typesOf(await logOf(database.current, { id }))).toEqual(['CHAT_UPDATED']);
    }
    expect(rings.flatMap((ring) => ('events' in ring ? ring.events : [])).map(({ seq, type }) => [seq, type])).toEqual([
      [1, 'CHAT_UPDATED'],
    ]);
  });

  it('stays in a chat as long as either brand has it', async () => {
    const node = await aNode();
    const { root, one, other, chat } = await aMatch(node, 'BUSINESS');
    const hasBusiness = async () => (await node.chats.find(root, { id: chat.id }))!.hasBusiness;

    await node.brands.setPlan(root, other.brand.id, 'BUSINESS');
    await node.brands.setPlan(root, one.brand.id, 'FREE');
    expect(await hasBusiness()).toBe(true);
    await node.brands.setPlan(root, other.brand.id, 'FREE');
    expect(await hasBusiness()).toBe(false);
  });

  it('of both brands, set at once, leaves the chat with what they then have', async () => {
    const node = await aNode();
    const { root, one, other, chat } = await aMatch(node);

    for (const plan of ['BUSINESS', 'FREE', 'BUSINESS', 'FREE'] as const) {
      const both = [one.brand.id, other.brand.id].map((id) => node.brands.setPlan(root, id, plan));
      await Promise.all(both);
      expect((await node.chats.find(root, { id: chat.id }))!.hasBusiness).toBe(plan === 'BUSINESS');
    }
    expect(await headOf(database.current, chat)).toBe(8);
  });

  it('set while matches are made is in all of them', async () => {
    const node = await aNode();
    const root = await anAdmin();
    const { owner, brand } = await aBrand(node, root);
    const others = await Promise.all(Array.from({ length: 12 }, () => aBrand(node, root)));

    await Promise.all([
      ...others.map((other) => node.matches.create(root, [brand.id, other.brand.id])),
      node.brands.setPlan(root, brand.id, 'BUSINESS'),
    ]);

    const { edges } = await node.chats.list(owner, { scope: 'MINE' });
    expect(edges.map((edge) => edge.node.hasBusiness)).toEqual(others.map(() => true));
  });

  it('costs the same statements for one chat and for many', async () => {
    const { db, count } = counting(database.current);
    const node = await chatNode(db);
    const costs = [];
    for (const chats of [1, 6]) {
      const root = await anAdmin();
      const { brand } = await aBrand(node, root);
      for (let made = 0; made < chats; made += 1) {
        await node.matches.create(root, [brand.id, (await aBrand(node, root)).brand.id]);
      }
      const before = count();
      await node.brands.setPlan(root, brand.id, 'BUSINESS');
      costs.push(count() - before);
    }

    expect(costs).toEqual([8, 8]);
  });

  it('is set by administrators alone, of brands that there are', async () => {
    const node = await aNode();
    const { one, other } = await aMatch(node);
    const set = (viewer: Viewer, id: bigint | null) => errorOf(node.brands.setPlan(viewer, id, 'BUSINESS'));

    expect(await set(one.owner, one.brand.id)).toBeInstanceOf(ForbiddenError);
    expect(await set(await someone(), other.brand.id)).toBeInstanceOf(NotFoundError);
    expect(await set(one.owner, null)).toBeInstanceOf(NotFoundError);
  });
});

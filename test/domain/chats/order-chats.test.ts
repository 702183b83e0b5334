import { describe, expect, it } from 'vitest';
import { ForbiddenError, InvalidInputError, NotFoundError } from '../../../src/domain/errors.js';
import type { Viewer } from '../../../src/domain/viewer.js';
import { chatNode, deactivate, errorOf, newPerson } from '../../support/chats.js';
import { ownDatabase } from '../../support/own-database.js';

const database = ownDatabase();
const aNode = () => chatNode(database.current);
const someone = () => newPerson(database.current);
const aManager = () => newPerson(database.current, 'MANAGER');

let orders = 0;
const newRef = () => `2026/${(orders += 1)}`;

describe('an order chat', () => {
  it('S4.13 is opened by a manager, who is in it, and found by its reference', async () => {
    const { chats, notifications } = await aNode();
    const [manager, client] = [await aManager(), await someone()];
    const orderRef = newRef();

    const { chat, created } = await chats.openOrder(manager, { orderRef, memberIds: [client.id, client.id] });

    expect(created).toBe(true);
    expect(chat).toMatchObject({ kind: 'ORDER', orderRef, name: orderRef });
    const members = await chats.members(client, chat.id);
    expect(members.edges.map((edge) => edge.node.userId)).toEqual([manager.id, client.id]);
    expect(await chats.find(client, { orderRef: ` ${orderRef} ` })).toMatchObject({ id: chat.id });
    expect(await chats.find(await someone(), { orderRef })).toBeNull();
    expect((await notifications.list(client, true)).edges.map((edge) => edge.node.kind)).toEqual(['CHAT_ADDED']);
  });

  it('is found where it is there, and then nothing of the input is used', async () => {
    const { chats } = await aNode();
    const [manager, root] = [await aManager(), await newPerson(database.current, 'ADMIN')];
    const orderRef = newRef();
    const { chat } = await chats.openOrder(manager, { orderRef, name: 'Roses', memberIds: [] });

    for (const viewer of [manager, root]) {
      const again = await chats.openOrder(viewer, { orderRef, name: 'Tulips', memberIds: [2n ** 62n] });
      expect(again).toMatchObject({ created: false, chat: { id: chat.id, name: 'Roses' } });
    }
    const other = chats.openOrder(await aManager(), { orderRef, memberIds: [] });
    expect(await errorOf(other)).toBeInstanceOf(ForbiddenError);
    expect((await chats.members(root, chat.id)).edges).toHaveLength(1);
  });

  it('is one where several open it at once: one has made it, another manager is not in it', async () => {
    const { chats } = await aNode();
    const [manager, other] = [await aManager(), await aManager()];
    const orderRef = newRef();

    const opened = await Promise.allSettled(
      [manager, manager, other].map((viewer) => chats.openOrder(viewer, { orderRef, memberIds: [] })),
    );

    const found = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    expect(new Set(found.map(({ chat }) => chat.id)).size).toBe(1);
    expect(found.filter(({ created }) => created)).toHaveLength(1);
    expect([1, 2]).toContain(found.length);
  });

  it('is refused for bad input, then for members that there are not, then to users', async () => {
    const { chats } = await aNode();
    const [ada, manager, gone] = [await someone(), await aManager(), await someone()];
    await deactivate(database.current, gone);
    const open = (viewer: Viewer, input: { orderRef?: string; name?: string; memberIds?: (bigint | null)[] }) =>
      errorOf(chats.openOrder(viewer, { orderRef: newRef(), memberIds: [], ...input }));

    const bad = await open(ada, { orderRef: ' ', name: 'x'.repeat(101), memberIds: Array<null>(1001).fill(null) });
    expect(bad).toBeInstanceOf(InvalidInputError);
    expect(bad).toMatchObject({ fields: [{ path: ['orderRef'] }, { path: ['name'] }, { path: ['memberIds'] }] });
    for (const id of [null, gone.id, 2n ** 62n]) {
      expect(await open(ada, { memberIds: [id] })).toBeInstanceOf(NotFoundError);
    }
    expect(await open(ada, { memberIds: [manager.id] })).toBeInstanceOf(ForbiddenError);
  });

  it('has managers in it bring people in and take them out, and clients stay', async () => {
    const node = await aNode();
    const [manager, client, other] = [await aManager(), await someone(), await aManager()];
    const { chat } = await node.chats.openOrder(manager, { orderRef: newRef(), memberIds: [client.id] });

    await node.members.add(manager, chat.id, other.id);
    expect(await errorOf(node.members.leave(client, chat.id))).toBeInstanceOf(ForbiddenError);
    expect(await errorOf(node.members.add(client, chat.id, (await someone()).id))).toBeInstanceOf(ForbiddenError);
    expect(await errorOf(node.members.add(await aManager(), chat.id, client.id))).toBeInstanceOf(NotFoundError);

    expect(await node.members.leave(other, chat.id)).toBe(chat.id);
    await node.members.remove(manager, chat.id, client.id);
    expect(await node.chats.find(client, { id: chat.id })).toBeNull();
  });
});

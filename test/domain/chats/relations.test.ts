import { describe, expect, it } from 'vitest';
import { ChatClosedError, ForbiddenError, InvalidInputError, NotFoundError } from '../../../src/domain/errors.js';
import type { Viewer } from '../../../src/domain/viewer.js';
import { chatNode, deactivate, errorOf, logOf, newPerson, typesOf } from '../../support/chats.js';
import { logProblems } from '../../support/log-problems.js';
import { ownDatabase } from '../../support/own-database.js';

const database = ownDatabase();
const aNode = () => chatNode(database.current);
const someone = () => newPerson(database.current);
const aManager = () => newPerson(database.current, 'MANAGER');
const anAdmin = () => newPerson(database.current, 'ADMIN');

const aRelation = async (node: Awaited<ReturnType<typeof aNode>>) => {
  const [manager, client] = [await aManager(), await someone()];
  const { relation } = await node.relations.create(manager, manager.id, client.id);
  return { manager, client, relation, chat: { id: relation.chatId } };
};

const toldOf = async (node: Awaited<ReturnType<typeof aNode>>, viewer: Viewer) =>
  (await node.notifications.list(viewer, true)).edges.map(({ node: one }) => [one.kind, one.chatId]);

describe('a relation', () => {
  it('S0.1 S0.9 ties a client to a manager, who get a chat and are told', async () => {
    const node = await aNode();
    const [manager, client] = [await aManager(), await someone()];
    const heard = await node.hearAs(client);

    const { relation, created } = await node.relations.create(manager, manager.id, client.id);

    expect(created).toBe(true);
    expect(relation).toMatchObject({ managerId: manager.id, clientId: client.id });
    const chat = await node.chats.find(client, { id: relation.chatId });
    expect(chat).toMatchObject({ kind: 'RELATION', closedAt: null, headSeq: 0 });
    expect(await toldOf(node, client)).toEqual([['RELATION_CREATED', relation.chatId]]);
    expect(await toldOf(node, manager)).toEqual([]);
    expect(heard).toEqual([String(relation.chatId)]);
    expect(await node.say(client, chat!)).toBe(1);
    expect(await node.say(manager, chat!)).toBe(2);
  });

  it('is there once for a pair, however many make it at once', async () => {
    const node = await aNode();
    const [root, manager, client] = [await anAdmin(), await aManager(), await someone()];

    const made = await Promise.all(
      [manager, root, manager, root].map((viewer) => node.relations.create(viewer, manager.id, client.id)),
    );

    expect(new Set(made.map(({ relation }) => relation.id)).size).toBe(1);
    expect(made.filter(({ created }) => created)).toHaveLength(1);
    expect(await toldOf(node, client)).toHaveLength(1);
  });

  it('S0.9 S0.15 is refused for oneself, then for nobody, then to others, then for a manager who is none', async () => {
    const { relations } = await aNode();
    const [root, manager, ada, gone] = [await anAdmin(), await aManager(), await someone(), await someone()];
    await deactivate(database.current, gone);
    const create = (viewer: Viewer, managerId: bigint | null, clientId: bigint | null) =>
      errorOf(relations.create(viewer, managerId, clientId));

    expect(await create(ada, manager.id, manager.id)).toBeInstanceOf(InvalidInputError);
    for (const id of [null, gone.id, 2n ** 62n]) {
      expect(await create(manager, manager.id, id)).toBeInstanceOf(NotFoundError);
      expect(await create(root, id, ada.id)).toBeInstanceOf(NotFoundError);
    }
    expect(await create(ada, manager.id, ada.id)).toBeInstanceOf(ForbiddenError);
    expect(await create(ada, ada.id, manager.id)).toBeInstanceOf(ForbiddenError);
    expect(await create(await aManager(), manager.id, ada.id)).toBeInstanceOf(ForbiddenError);
    expect(await create(root, ada.id, manager.id)).toMatchObject({ fields: [{ path: ['managerId'] }] });
  });

  it('S0.7 S0.8 is seen by its manager, its client and administrators, and by nobody else', async () => {
    const node = await aNode();
    const { manager, client, relation } = await aRelation(node);

    for (const viewer of [manager, client, await anAdmin()]) {
      expect(await node.relations.byIds(viewer, [relation.id])).toEqual([relation]);
      expect(await node.relations.ofChat(viewer, relation.chatId)).toEqual(relation);
    }
    for (const viewer of [await aManager(), await someone()]) {
      expect(await node.relations.byIds(viewer, [relation.id])).toEqual([null]);
      expect(await node.relations.ofChat(viewer, relation.chatId)).toBeNull();
      expect((await node.relations.list(viewer)).edges).toEqual([]);
    }
  });

  it('S0.7 is listed page by page, newest first, from either side', async () => {
    const node = await aNode();
    const [manager, boss] = [await aManager(), await aManager()];
    const made = [];
    for (let n = 0; n < 5; n += 1) {
      made.unshift((await node.relations.create(manager, manager.id, (await someone()).id)).relation.id);
    }
    made.unshift((await node.relations.create(boss, boss.id, manager.id)).relation.id); // a manager may be a client too

    const listed: bigint[] = [];
    for (let after: string | null = null; ;) {
      const page: Awaited<ReturnType<typeof node.relations.list>> = await node.relations.list(manager, {
        first: 2,
        after,
      });
      listed.push(...page.edges.map((edge) => edge.node.id));
      if (!page.pageInfo.hasNextPage) break;
      after = page.pageInfo.endCursor;
    }
    expect(listed).toEqual(made);
    const last = await node.relations.list(manager, { last: 2 });
    expect(last.edges.map((edge) => edge.node.id)).toEqual(made.slice(-2));
  });

  it('S0.11 S0.25 once deleted leaves its chat closed, for both to read', async () => {
    const node = await aNode();
    const { manager, client, relation, chat } = await aRelation(node);
    await node.say(client, chat, 'Hello');

    expect(await node.relations.delete(manager, relation.id)).toBe(relation.id);

    expect(await errorOf(node.relations.delete(manager, relation.id))).toBeInstanceOf(NotFoundError);
    for (const viewer of [manager, client]) {
      expect(await node.chats.find(viewer, chat)).toMatchObject({ headSeq: 2 });
      expect(await errorOf(node.say(viewer, chat))).toBeInstanceOf(ChatClosedError);
      expect(await node.relations.ofChat(viewer, chat.id)).toBeNull();
    }
    expect(typesOf(await logOf(database.current, chat))).toEqual(['MESSAGE_SENT', 'CHAT_UPDATED']);
  });

  it('made anew for an old pair opens the old chat again, with all that is in it', async () => {
    const node = await aNode();
    const { manager, client, relation, chat } = await aRelation(node);
    await node.say(client, chat, 'Hello');
    await node.relations.delete(manager, relation.id);

    const again = await node.relations.create(manager, manager.id, client.id);

    expect(again).toMatchObject({ created: true, relation: { chatId: chat.id } });
    expect(again.relation.id).not.toBe(relation.id);
    expect(await node.say(client, chat)).toBe(4);
    expect((await toldOf(node, client)).filter(([kind]) => kind === 'RELATION_CREATED')).toHaveLength(2);
  });

  it('S0.10 S0.25 given another client has another chat; the former one is closed and tells nothing of the new client', async () => {
    const node = await aNode();
    const { manager, client, relation, chat } = await aRelation(node);
    const next = await someone();
    await node.say(client, chat, 'A secret');

    const moved = await node.relations.update(manager, relation.id, next.id);

    expect(moved).toMatchObject({ id: relation.id, managerId: manager.id, clientId: next.id });
    expect(moved.chatId).not.toBe(chat.id);
    expect(await node.relations.byIds(client, [relation.id])).toEqual([null]);
    expect(await node.relations.ofChat(client, chat.id)).toBeNull();
    expect(await node.chats.find(client, { id: moved.chatId })).toBeNull();
    expect(await node.chats.find(next, chat)).toBeNull();
    expect(await errorOf(node.say(client, chat))).toBeInstanceOf(ChatClosedError);
    expect(await node.messages.list(next, null)).toMatchObject({ edges: [] });
    expect(await toldOf(node, next)).toEqual([['RELATION_CREATED', moved.chatId]]);
    expect(await node.say(next, { id: moved.chatId })).toBe(1);

    const back = await node.relations.update(manager, relation.id, client.id);
    expect(back).toMatchObject({ id: relation.id, chatId: chat.id });
    expect(await node.say(client, chat)).toBe(4);
  });

  it('S0.10 is changed and deleted by its manager and administrators, to clients who can be', async () => {
    const node = await aNode();
    const { manager, client, relation, chat } = await aRelation(node);
    const other = await someone();
    const { relation: second } = await node.relations.create(manager, manager.id, other.id);
    const update = (viewer: Viewer, id: bigint | null, clientId: bigint | null) =>
      errorOf(node.relations.update(viewer, id, clientId));

    for (const id of [null, 2n ** 62n]) expect(await update(manager, id, other.id)).toBeInstanceOf(NotFoundError);
    expect(await update(await aManager(), relation.id, other.id)).toBeInstanceOf(NotFoundError);
    for (const id of [null, 2n ** 62n]) expect(await update(manager, relation.id, id)).toBeInstanceOf(NotFoundError);
    expect(await update(client, relation.id, other.id)).toBeInstanceOf(ForbiddenError);
    expect(await errorOf(node.relations.delete(client, relation.id))).toBeInstanceOf(ForbiddenError);
    expect(await update(manager, relation.id, manager.id)).toBeInstanceOf(InvalidInputError);
    expect(await update(manager, relation.id, other.id)).toMatchObject({ fields: [{ path: ['clientId'] }] });

    expect(await node.relations.update(manager, relation.id, client.id)).toEqual(relation);
    expect(await logOf(database.current, chat)).toEqual([]);
    expect(await node.relations.delete(await anAdmin(), second.id)).toBe(second.id);
  });

  it('changed from two sides at once ends with one client, one open chat and all others closed', async () => {
    const node = await aNode();
    const root = await anAdmin();
    for (let round = 0; round < 8; round += 1) {
      const { manager, relation } = await aRelation(node);
      const clients = await Promise.all([someone(), someone(), someone()]);

      await Promise.allSettled([
        ...clients.map((client, n) => node.relations.update(n % 2 === 0 ? manager : root, relation.id, client.id)),
        node.relations.create(manager, manager.id, clients[0].id),
        ...(round % 2 === 0 ? [node.relations.delete(root, relation.id)] : []),
      ]);

      const [open] = await database.current.query<{ count: number }>(
        `SELECT count(*)::int AS count FROM chat JOIN member ON member.chat_id = chat.id AND member.user_id = $1
         WHERE kind = 'RELATION' AND (closed_at IS NULL) <> EXISTS (SELECT FROM relation WHERE relation.chat_id = chat.id)`,
        [manager.id],
      );
      expect(open!.count).toBe(0);
    }
    expect(await logProblems(database.current)).toEqual([]);
  });

  it('S0.25 changed while the client sends has each message before the closing or refused', async () => {
    const node = await aNode();
    for (let round = 0; round < 5; round += 1) {
      const { manager, client, relation, chat } = await aRelation(node);
      const next = await someone();

      const sends = Array.from({ length: 20 }, () => node.say(client, chat).catch((error: unknown) => error));
      await node.relations.update(manager, relation.id, next.id);
      const outcomes = await Promise.all(sends);

      const events = typesOf(await logOf(database.current, chat));
      const sent = outcomes.filter((outcome) => typeof outcome === 'number').length;
      expect(events).toEqual([...Array<string>(sent).fill('MESSAGE_SENT'), 'CHAT_UPDATED']);
      expect(outcomes.filter((outcome) => outcome instanceof ChatClosedError)).toHaveLength(20 - sent);
    }
  });
});

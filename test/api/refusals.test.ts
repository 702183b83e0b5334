/**
 * What a write is refused for, where several things are in its way: the first of input, NotFound, (a repeated key gets its first
 * answer), Forbidden, ChatClosed, PlanRequired, NotJoined, RateLimited. Each pair that there can be.
 */
import { beforeAll, expect, it } from 'vitest';
import { change, idIn, must, type Answer } from '../support/change.js';
import { ownNode } from '../support/node.js';
import { administrator, newPerson, staffMember, type Person } from '../support/people.js';

/** One message a minute: who has sent one is over the limit. */
const node = ownNode({ messagesPerMinute: 1 });

let root: Person;
let bob: Person;
beforeAll(async () => {
  root = await administrator(node);
  bob = await newPerson(node, 'bob');
});

const group = async (...members: Person[]) => {
  const memberIds = members.map(({ id }) => id);
  return idIn(await must(root, 'createChat', { name: 'Group', memberIds }), 'chat');
};

/** With who owns a brand in it, who has not joined. */
const match = async (member: Person, plan: 'FREE' | 'BUSINESS' = 'FREE') => {
  const brandIds: string[] = [];
  for (const owner of [member, await newPerson(node, 'owner')]) {
    brandIds.push(idIn(await must(root, 'createBrand', { ownerId: owner.id, name: 'Brand', plan }), 'brand'));
  }
  return { chatId: idIn(await must(root, 'createMatch', { brandIds }), 'chat'), brandIds };
};

/** Somebody who has sent what they may in this minute. */
const spent = async (person: Person) => {
  const chatId = await group(person);
  await must(person, 'sendMessage', { chatId, text: 'The only one' });
  return person;
};

const send = async (person: Person, chatId: string, input: { text?: string; clientMessageId?: string } = {}) =>
  (await change(person, 'sendMessage', { chatId, text: 'Hello', ...input })).__typename;

const close = (chatId: string): Promise<Answer> => must(root, 'closeChat', { chatId });

/** What is in the way, by the name of the answer; all that come after it may be too. */
const scenes: [first: string, then: string, make: () => Promise<string>][] = [
  [
    'NotFoundError',
    'a repeated key',
    async () => {
      const ada = await newPerson(node, 'ada');
      const chatId = await group(ada);
      await must(ada, 'sendMessage', { chatId, text: 'Hello', clientMessageId: 'key' });
      await must(root, 'removeChatMember', { chatId, userId: ada.id });
      return send(ada, chatId, { clientMessageId: 'key' });
    },
  ],
  [
    'NotFoundError',
    'ChatClosed',
    async () => {
      const chatId = await group(bob);
      await close(chatId);
      return send(await newPerson(node), chatId);
    },
  ],
  ['NotFoundError', 'NotJoined', async () => send(await newPerson(node), (await match(await newPerson(node))).chatId)],
  ['NotFoundError', 'RateLimited', async () => send(await spent(await newPerson(node)), await group(bob))],
  [
    'SendMessageSuccess',
    'Forbidden, for a repeated key',
    async () => {
      const boss = await staffMember(node, 'ADMIN');
      const chatId = await group(boss);
      await must(boss, 'sendMessage', { chatId, text: 'Hello', clientMessageId: 'key' });
      await must(root, 'removeChatMember', { chatId, userId: boss.id });
      expect(await send(boss, chatId)).toBe('ForbiddenError');
      return send(boss, chatId, { clientMessageId: 'key' });
    },
  ],
  [
    'SendMessageSuccess',
    'ChatClosed and RateLimited, for a repeated key',
    async () => {
      const ada = await newPerson(node, 'ada');
      const chatId = await group(ada);
      await must(ada, 'sendMessage', { chatId, text: 'Hello', clientMessageId: 'key' });
      expect(await send(ada, chatId)).toBe('RateLimitedError');
      await close(chatId);
      return send(ada, chatId, { clientMessageId: 'key' });
    },
  ],
  [
    'SendMessageSuccess',
    'PlanRequired and NotJoined, for a repeated key',
    async () => {
      const boss = await staffMember(node, 'ADMIN');
      const { chatId, brandIds } = await match(await newPerson(node), 'BUSINESS');
      const following = await boss.follow({ id: chatId });
      await following.event('ChatReady');
      await must(boss, 'sendMessage', { chatId, text: 'Hello', clientMessageId: 'key' });
      await following.stop();
      for (const brandId of brandIds) await must(root, 'setBrandPlan', { brandId, plan: 'FREE' });
      expect(await send(boss, chatId)).toBe('PlanRequiredError');
      return send(boss, chatId, { clientMessageId: 'key' });
    },
  ],
  [
    'IdempotencyConflictError',
    'ChatClosed, for a repeated key with another text',
    async () => {
      const ada = await newPerson(node, 'ada');
      const chatId = await group(ada);
      await must(ada, 'sendMessage', { chatId, text: 'Hello', clientMessageId: 'key' });
      await close(chatId);
      return send(ada, chatId, { clientMessageId: 'key', text: 'Another' });
    },
  ],
  [
    'ForbiddenError',
    'ChatClosed',
    async () => {
      const chatId = await group(bob);
      await close(chatId);
      return send(root, chatId);
    },
  ],
  ['ForbiddenError', 'RateLimited', async () => send(await spent(await staffMember(node, 'ADMIN')), await group(bob))],
  [
    'ChatClosedError',
    'PlanRequired',
    async () => {
      const { chatId } = await match(await newPerson(node));
      await close(chatId);
      return send(root, chatId);
    },
  ],
  [
    'ChatClosedError',
    'NotJoined',
    async () => {
      const ada = await newPerson(node, 'ada');
      const { chatId } = await match(ada);
      await close(chatId);
      return send(ada, chatId);
    },
  ],
  [
    'ChatClosedError',
    'RateLimited',
    async () => {
      const ada = await spent(await newPerson(node, 'ada'));
      const chatId = await group(ada);
      await close(chatId);
      return send(ada, chatId);
    },
  ],
  ['PlanRequiredError', 'NotJoined', async () => send(root, (await match(await newPerson(node))).chatId)],
  [
    'PlanRequiredError',
    'RateLimited',
    async () => send(await spent(await staffMember(node, 'ADMIN')), (await match(await newPerson(node))).chatId),
  ],
  [
    'NotJoinedError',
    'RateLimited',
    async () => {
      const ada = await spent(await newPerson(node, 'ada'));
      return send(ada, (await match(ada)).chatId);
    },
  ],
];

it.each(scenes)('%s comes before %s', async (first, _then, make) => {
  expect(await make()).toBe(first);
});

it('bad input comes before everything else', async () => {
  const ada = await spent(await newPerson(node, 'ada'));
  const [closed, open] = [await group(ada), await group(ada)];
  await close(closed);
  const { chatId } = await match(ada);

  for (const id of [closed, open, chatId, 'nonsense']) {
    expect(await send(ada, id, { text: ' ' })).toBe('TextEmptyError');
    expect(await send(ada, id, { text: 'x'.repeat(1001) })).toBe('TextTooLongError');
    expect(await send(ada, id, { clientMessageId: '' })).toBe('InvalidInputError');
  }
  expect(await send(await newPerson(node), open, { text: '' })).toBe('TextEmptyError');
  expect(await send(root, chatId, { text: '' })).toBe('TextEmptyError');
});

it('C5 S2.23 what was refused or repeated costs nothing of the limit', async () => {
  const ada = await newPerson(node, 'ada');
  const chatId = await group(ada);
  for (const id of ['nonsense', chatId]) await send(ada, id, { text: '' });
  await send(ada, await group(bob));

  expect(await send(ada, chatId, { clientMessageId: 'key' })).toBe('SendMessageSuccess');
  expect(await send(ada, chatId, { clientMessageId: 'key' })).toBe('SendMessageSuccess');
  expect(await send(ada, chatId)).toBe('RateLimitedError');
});

/** What there is for a client who is a member, and who administers nothing. */
const makeOwn = async () => {
  const [ada, manager] = [await newPerson(node, 'ada'), await staffMember(node, 'MANAGER')];
  const made = await must(root, 'createRelation', { managerId: manager.id, clientId: ada.id });
  const { brandIds } = await match(ada);
  return {
    ada,
    userId: bob.id,
    managerId: manager.id,
    chatId: await group(ada, bob),
    relationId: idIn(made, 'relation'),
    relationChatId: idIn(made, 'relation', 'chat'),
    brandIds,
  };
};

type Own = Awaited<ReturnType<typeof makeOwn>>;

const id = 'nonsense';

/** What is refused as bad input (null where any would do), as not there, and as not theirs. */
const others: [name: string, bad: object | null, gone: (own: Own) => object, forbidden: (own: Own) => object][] = [
  [
    'createChat',
    { name: '', memberIds: [id] },
    () => ({ name: 'Group', memberIds: [id] }),
    () => ({ name: 'Group', memberIds: [] }),
  ],
  [
    'updateChat',
    { chatId: id, name: '' },
    () => ({ chatId: id, name: 'New' }),
    ({ chatId }) => ({ chatId, name: 'New' }),
  ],
  ['closeChat', null, () => ({ chatId: id }), ({ chatId }) => ({ chatId })],
  ['reopenChat', null, () => ({ chatId: id }), ({ chatId }) => ({ chatId })],
  ['leaveChat', null, () => ({ chatId: id }), ({ relationChatId: chatId }) => ({ chatId })],
  ['addChatMember', null, ({ chatId }) => ({ chatId, userId: id }), ({ chatId, userId }) => ({ chatId, userId })],
  [
    'addChatMembers',
    { chatId: id, userIds: [] },
    ({ chatId, userId }) => ({ chatId, userIds: [userId, id] }),
    ({ chatId, userId }) => ({ chatId, userIds: [userId] }),
  ],
  ['removeChatMember', null, ({ chatId }) => ({ chatId, userId: id }), ({ chatId, userId }) => ({ chatId, userId })],
  [
    'openOrderChat',
    { orderRef: '', name: 'Order', memberIds: [id] },
    () => ({ orderRef: 'refused', name: 'Order', memberIds: [id] }),
    () => ({ orderRef: 'refused', name: 'Order', memberIds: [] }),
  ],
  [
    'createBrand',
    { ownerId: id, name: '' },
    () => ({ ownerId: id, name: 'Brand' }),
    ({ userId }) => ({ ownerId: userId, name: 'Brand' }),
  ],
  [
    'setBrandPlan',
    null,
    () => ({ brandId: id, plan: 'FREE' }),
    ({ brandIds }) => ({ brandId: brandIds[0], plan: 'FREE' }),
  ],
  [
    'createMatch',
    { brandIds: [id] },
    ({ brandIds }) => ({ brandIds: [brandIds[0], id] }),
    ({ brandIds }) => ({ brandIds }),
  ],
  [
    'createRelation',
    null,
    ({ managerId }) => ({ managerId, clientId: id }),
    ({ managerId, userId }) => ({ managerId, clientId: userId }),
  ],
  [
    'updateRelation',
    null,
    ({ relationId }) => ({ relationId, clientId: id }),
    ({ relationId, userId }) => ({ relationId, clientId: userId }),
  ],
  ['deleteRelation', null, () => ({ relationId: id }), ({ relationId }) => ({ relationId })],
  ['setUserRole', null, () => ({ userId: id, role: 'USER' }), ({ userId }) => ({ userId, role: 'USER' })],
  [
    'createUserToken',
    { userId: id, minutes: 0 },
    () => ({ userId: id, minutes: 1 }),
    ({ userId }) => ({ userId, minutes: 1 }),
  ],
  ['setUserActive', null, () => ({ userId: id, isActive: true }), ({ userId }) => ({ userId, isActive: true })],
];

it.each(others)('%s: bad input comes before what is not there, and that before what is not theirs', async (...row) => {
  const [name, bad, gone, forbidden] = row;
  const own = await makeOwn();
  const answered = async (input: object) => (await change(own.ada, name, input)).__typename;

  if (bad !== null) expect(await answered(bad)).toBe('InvalidInputError');
  expect(await answered(gone(own))).toBe('NotFoundError');
  expect(await answered(forbidden(own))).toBe('ForbiddenError');
});

it('S2.5 markRead: bad input comes before what is not there, and that before what is not theirs', async () => {
  const chatId = await group(bob);
  const answered = async (input: object) => (await change(root, 'markRead', input)).__typename;

  expect(await answered({ chatId: 'nonsense', upToSeq: -1 })).toBe('InvalidInputError');
  expect(await answered({ chatId: 'nonsense' })).toBe('NotFoundError');
  expect(await answered({ chatId })).toBe('ForbiddenError');
});

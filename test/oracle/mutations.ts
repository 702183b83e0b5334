/** Anything that anyone may try to do in chats, at random. What is refused changes nothing, and is as good a step as any. */
import { change, type Answer } from '../support/change.js';
import type { Person } from '../support/people.js';
import type { Random } from '../support/random.js';

/** What is there to act upon, as the answers told. */
export interface World {
  random: Random;
  root: Person;
  people: readonly Person[];
  chats: string[];
  messages: { id: string; chatId: string; senderId: string }[];
  relations: string[];
  brands: string[];
  /** The codes of invites. */
  invites: string[];
  /** Texts that were sent with a key: to be sent again. */
  keys: ({ chatId: string; clientMessageId: string; text: string; sender: Person } & Extras)[];
}

/** What a message has besides. */
interface Extras {
  replyToId?: string;
  mentionIds?: string[];
  mentionsEveryone?: boolean;
}

export interface Step {
  what: string;
  answer: string;
  /** Whose role was changed. */
  roleOf?: string;
}

let texts = 0;

const idOf = (answer: Answer, name: string): string | undefined => (answer[name] as { id: string } | undefined)?.id;

type Mutation = (world: World) => Promise<Step>;

const step = async (person: Person, name: string, input: object, take?: (answer: Answer) => void): Promise<Step> => {
  const answer = await change(person, name, input);
  if (answer.__typename.endsWith('Success')) take?.(answer);
  return { what: `${person.username}: ${name} ${JSON.stringify(input)}`, answer: answer.__typename };
};

const keep = (ids: string[], id: string | undefined) => {
  if (id !== undefined && !ids.includes(id)) ids.push(id);
};

const some = <Item>({ random }: World, items: readonly Item[], most: number): Item[] => {
  const count = 1 + random.int(most);
  return [...new Set(Array.from({ length: count }, () => random.pick(items)))];
};

const send: Mutation = (world) => {
  const { random, people, chats, messages, keys } = world;
  const sender = random.pick(people);
  const chatId = random.pick(chats);
  const text = `text ${(texts += 1)}`;
  const clientMessageId = random.chance(0.3) ? `key ${texts}` : undefined;
  const extras = random.chance(0.3) ? extrasIn(world, chatId) : {};
  return step(sender, 'sendMessage', { chatId, text, clientMessageId, ...extras }, (answer) => {
    messages.push({ id: idOf(answer, 'message')!, chatId, senderId: sender.id });
    if (clientMessageId !== undefined) keys.push({ chatId, clientMessageId, text, sender, ...extras });
  });
};

/** A reply, mentions, or both; often to what is not there, and of those who are no members. */
const extrasIn = (world: World, chatId: string): Extras => {
  const { random, people, messages } = world;
  const there = messages.filter((message) => message.chatId === chatId).slice(-10);
  return {
    ...(there.length > 0 && random.chance(0.6) && { replyToId: random.pick(there).id }),
    ...(random.chance(0.5) && { mentionIds: some(world, people, 2).map(({ id }) => id) }),
    ...(random.chance(0.1) && { mentionsEveryone: true }),
  };
};

const again: Mutation = (world) => {
  if (world.keys.length === 0) return send(world);
  const { sender, ...input } = world.random.pick(world.keys);
  return step(sender, 'sendMessage', input);
};

/** Mostly by who wrote it, now and then by another. */
const authorOf = ({ random, people }: World, senderId: string): Person =>
  (random.chance(0.8) ? people.find(({ id }) => id === senderId) : undefined) ?? random.pick(people);

const edit: Mutation = (world) => {
  if (world.messages.length === 0) return send(world);
  const { id, senderId } = world.random.pick(world.messages.slice(-20));
  const mentionIds = world.random.chance(0.3) ? some(world, world.people, 2).map((person) => person.id) : undefined;
  const input = { messageId: id, text: `edited ${(texts += 1)}`, mentionIds };
  return step(authorOf(world, senderId), 'editMessage', input);
};

/** By anybody, on one of the newest. */
const onMessage =
  (name: string, makeInput: (world: World) => object = () => ({})): Mutation =>
  (world) =>
    world.messages.length === 0
      ? send(world)
      : step(world.random.pick(world.people), name, {
          messageId: world.random.pick(world.messages.slice(-20)).id,
          ...makeInput(world),
        });

const react = (name: 'addReaction' | 'removeReaction') =>
  onMessage(name, ({ random }) => ({ emoji: random.pick(['👍', '❤️', '🎉']) }));

const remove: Mutation = (world) => {
  if (world.messages.length === 0) return send(world);
  const { chatId, senderId } = world.random.pick(world.messages);
  const there = world.messages.filter((message) => message.chatId === chatId);
  const messageIds = some(world, there, 4).map(({ id }) => id);
  return step(authorOf(world, senderId), 'deleteMessages', { chatId, messageIds });
};

const read: Mutation = ({ random, people, chats }) =>
  step(random.pick(people), 'markRead', {
    chatId: random.pick(chats),
    upToSeq: random.chance(0.5) ? null : random.int(40),
  });

const inChat =
  (name: string, makeInput: (world: World) => object = () => ({})): Mutation =>
  (world) =>
    step(world.random.pick(world.people), name, { chatId: world.random.pick(world.chats), ...makeInput(world) });

const withOther: (name: string) => Mutation = (name) =>
  inChat(name, ({ random, people }) => ({ userId: random.pick(people).id }));

/** No more of them than that, so that much happens in each. */
const MAX_GROUPS = 6;
let groups = 0;

const createGroup: Mutation = (world) =>
  world.chats.length > 0 && groups >= MAX_GROUPS ? send(world) : makeGroup(world);

const makeGroup: Mutation = (world) =>
  step(
    world.random.chance(0.3) ? world.root : world.random.pick(world.people),
    'createChat',
    {
      name: `Group ${(texts += 1)}`,
      memberIds: some(world, world.people, 5).map(({ id }) => id),
      access: accessIn(world),
    },
    (answer) => {
      groups += 1;
      keep(world.chats, idOf(answer, 'chat'));
    },
  );

const accessIn = ({ random }: World) => random.pick(['OPEN', 'CLOSED']);

const invite: Mutation = (world) => {
  const { random, people, chats, invites } = world;
  return step(
    random.pick(people),
    'createInvite',
    { chatId: random.pick(chats), maxUses: random.chance(0.5) ? 1 : null },
    (answer) => void invites.push((answer.invite as { code: string }).code),
  );
};

const accept: Mutation = (world) =>
  world.invites.length === 0
    ? invite(world)
    : step(world.random.pick(world.people), 'acceptInvite', { code: world.random.pick(world.invites.slice(-5)) });

const openDirect: Mutation = (world) =>
  step(world.random.pick(world.people), 'openDirectChat', { userId: world.random.pick(world.people).id }, (answer) =>
    keep(world.chats, idOf(answer, 'chat')),
  );

const openOrder: Mutation = (world) =>
  step(
    world.random.pick(world.people),
    'openOrderChat',
    { orderRef: `order ${world.random.int(3)}`, memberIds: some(world, world.people, 3).map(({ id }) => id) },
    (answer) => keep(world.chats, idOf(answer, 'chat')),
  );

const takeRelation = (world: World) => (answer: Answer) => {
  const { id, chat } = answer.relation as { id: string; chat: { id: string } };
  keep(world.relations, id);
  keep(world.chats, chat.id);
};

const createRelation: Mutation = (world) => {
  const manager = world.random.pick(world.people);
  const by = world.random.chance(0.5) ? manager : world.root;
  const clientId = world.random.pick(world.people).id;
  return step(by, 'createRelation', { managerId: manager.id, clientId }, takeRelation(world));
};

const updateRelation: Mutation = (world) => {
  if (world.relations.length === 0) return createRelation(world);
  const by = world.random.chance(0.5) ? world.root : world.random.pick(world.people);
  const input = { relationId: world.random.pick(world.relations), clientId: world.random.pick(world.people).id };
  return step(by, 'updateRelation', input, takeRelation(world));
};

const deleteRelation: Mutation = (world) =>
  world.relations.length === 0
    ? createRelation(world)
    : step(world.root, 'deleteRelation', { relationId: world.random.pick(world.relations) });

const createBrand: Mutation = (world) =>
  step(world.root, 'createBrand', { ownerId: world.random.pick(world.people).id, name: 'Brand' }, (answer) =>
    keep(world.brands, idOf(answer, 'brand')),
  );

const createMatch: Mutation = (world) =>
  world.brands.length < 2
    ? createBrand(world)
    : step(world.root, 'createMatch', { brandIds: some(world, world.brands, 2) }, (answer) =>
        keep(world.chats, idOf(answer, 'chat')),
      );

const setPlan: Mutation = (world) =>
  world.brands.length === 0
    ? createBrand(world)
    : step(world.root, 'setBrandPlan', {
        brandId: world.random.pick(world.brands),
        plan: world.random.pick(['FREE', 'BUSINESS']),
      });

/** The last of them alone, so that there are always those who may do something. */
const setRole: Mutation = async (world) => {
  const { id } = world.people.at(-1)!;
  const role = world.random.pick(['USER', 'MANAGER', 'ADMIN']);
  return { ...(await step(world.root, 'setUserRole', { userId: id, role })), roleOf: id };
};

/** Each as often as it stands here. */
const MUTATIONS: readonly Mutation[] = [
  ...Array<Mutation>(14).fill(send),
  ...[again, again, edit, edit, edit, remove, remove, remove, read, read, read, read],
  ...[inChat('leaveChat'), withOther('addChatMember'), withOther('addChatMember'), withOther('removeChatMember')],
  inChat('updateChat', () => ({ name: `Name ${(texts += 1)}` })),
  inChat('updateChat', (world) => ({ description: `About ${(texts += 1)}`, access: accessIn(world) })),
  ...Array<Mutation>(3).fill(
    inChat('setChatMemberRole', ({ random, people }) => ({
      userId: random.pick(people).id,
      role: random.pick(['OWNER', 'MODERATOR', 'MEMBER']),
    })),
  ),
  ...[inChat('joinChat'), inChat('leaveChat'), invite, accept],
  ...[inChat('closeChat'), inChat('reopenChat'), inChat('reopenChat')],
  ...[react('addReaction'), react('addReaction'), react('addReaction'), react('removeReaction')],
  ...[onMessage('pinMessage'), onMessage('pinMessage'), onMessage('unpinMessage')],
  ...[createGroup, openDirect, openOrder, createRelation, updateRelation, deleteRelation],
  ...[createBrand, createMatch, setPlan, setRole],
];

export const mutate: Mutation = (world) =>
  world.chats.length === 0 ? createGroup(world) : world.random.pick(MUTATIONS)(world);

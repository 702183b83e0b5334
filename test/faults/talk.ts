/** What people do besides writing: they react, pin, invite, come by invites, are given roles, and set what concerns them alone. */
import { ask, outcomeOf } from './client/ask.js';
import { documents } from './client/documents.js';
import type { Person } from './client/person.js';
import type { Operation, Outcome, Role } from './history.js';
import { anyOf, type GivenReaction, type KnownInvite, type World, type WorldChat } from './world.js';

type Of<What extends Operation['what']> = Extract<Operation, { what: What }>;

const EMOJIS = ['👍', '❤️', '🎉'] as const;
/** Of those who come by one invite. */
const MOST_USES = 2;
const TRIES = 3;

const tell = async (
  world: World,
  person: Person,
  query: string,
  variables: Record<string, unknown>,
): Promise<Outcome<object>> => outcomeOf(await ask(anyOf(world)(), person.token, query, variables), () => ({}));

/** Now and then twice at once, at whichever nodes, as where somebody taps twice. */
export const react = async (world: World, chat: WorldChat, person: Person, messageId: string): Promise<void> => {
  const { random } = world;
  const reaction = { messageId, by: person.id, emoji: random.pick(EMOJIS) };
  const outcomes = await Promise.all(
    Array.from({ length: random.chance(0.2) ? 2 : 1 }, () => changeReaction(world, chat, person, 'react', reaction)),
  );
  if (outcomes.some(({ kind }) => kind === 'ok')) chat.reactions.push(reaction);
};

export const unreact = async (world: World, chat: WorldChat): Promise<void> => {
  const { random, people } = world;
  const [reaction] = chat.reactions.splice(random.int(chat.reactions.length), 1);
  if (reaction === undefined) return;
  await changeReaction(
    world,
    chat,
    people.find(({ id }) => id === reaction.by)!,
    'unreact',
    reaction,
  );
};

const changeReaction = (
  world: World,
  { chatId }: WorldChat,
  person: Person,
  what: 'react' | 'unreact',
  { messageId, by, emoji }: GivenReaction,
) =>
  world.recorder.record<Of<'react' | 'unreact'>>({ what, by, chatId, messageId, emoji }, () =>
    tell(world, person, documents[what], { messageId, emoji }),
  );

export const pin = async (world: World, chat: WorldChat, person: Person, messageId: string): Promise<void> => {
  const outcome = await changePin(world, chat, person, 'pin', messageId);
  if (outcome.kind === 'ok') chat.pinnedIds.push(messageId);
};

export const unpin = async (world: World, chat: WorldChat, person: Person): Promise<void> => {
  const [messageId] = chat.pinnedIds.splice(world.random.int(chat.pinnedIds.length), 1);
  if (messageId !== undefined) await changePin(world, chat, person, 'unpin', messageId);
};

const changePin = (world: World, { chatId }: WorldChat, person: Person, what: 'pin' | 'unpin', messageId: string) =>
  world.recorder.record<Of<'pin' | 'unpin'>>({ what, by: person.id, chatId, messageId }, () =>
    tell(world, person, documents[what], { messageId }),
  );

/** As the administrator. */
export const setRole = async (world: World, { chatId }: WorldChat, userId: string, role: Role): Promise<void> => {
  const { root, recorder } = world;
  await recorder.record<Of<'setRole'>>({ what: 'setRole', by: root.id, chatId, userId, role }, () =>
    tell(world, root, documents.setRole, { chatId, userId, role }),
  );
};

/** An invite for two, and those who are not in it all at once. */
export const inviteAndCome = async (world: World, chat: WorldChat): Promise<void> => {
  const { random, people } = world;
  const invite = random.chance(0.7) ? await invitePeople(world, chat) : random.pick(chat.invites);
  if (invite === undefined) return;
  const outsiders = people.filter(({ id }) => !chat.presentMembers.has(id));
  const comers = outsiders.length === 0 ? [random.pick(people)] : outsiders;
  // One of them taps twice.
  await Promise.all([...comers, random.pick(comers)].map((person) => accept(world, chat, person, invite)));
};

/** As the administrator. */
const invitePeople = async (world: World, chat: WorldChat): Promise<KnownInvite | undefined> => {
  const { root, recorder } = world;
  const { chatId } = chat;
  const asked = { chatId, maxUses: MOST_USES };
  const outcome = await recorder.record<Of<'invite'>>({ what: 'invite', by: root.id, ...asked }, async () =>
    outcomeOf(await ask(anyOf(world)(), root.token, documents.invite, asked), ({ invite }) => {
      const { id, code } = invite as KnownInvite;
      return { inviteId: id, code };
    }),
  );
  if (outcome.kind !== 'ok') return undefined;
  const invite = { id: outcome.inviteId, code: outcome.code };
  chat.invites.push(invite);
  return invite;
};

/** Tried again while it is unknown, as clients do. */
const accept = async (world: World, chat: WorldChat, person: Person, { id, code }: KnownInvite): Promise<void> => {
  const { chatId, presentMembers } = chat;
  const once = () =>
    world.recorder.record<Of<'accept'>>({ what: 'accept', by: person.id, chatId, inviteId: id }, () =>
      tell(world, person, documents.accept, { code }),
    );
  let outcome = await once();
  for (let n = 1; n < TRIES && outcome.kind === 'unknown'; n += 1) outcome = await once();
  // Where two came for the last use, an unheard answer more often says no.
  if (outcome.kind === 'ok') presentMembers.add(person.id);
};

export const setSettings = async (world: World, { chatId }: WorldChat, person: Person): Promise<void> => {
  const { random, recorder } = world;
  const settings = random.pick([
    { isPinned: random.chance(0.5) },
    { isMuted: random.chance(0.3) },
    { isArchived: random.chance(0.3) },
    { isMarkedUnread: random.chance(0.5) },
    { notifyAbout: random.pick(['EVERYTHING', 'EVERYTHING', 'MENTIONS', 'NOTHING']) },
  ]);
  await recorder.record<Of<'setSettings'>>({ what: 'setSettings', by: person.id, chatId, settings }, () =>
    tell(world, person, documents.setSettings, { input: { chatId, ...settings } }),
  );
};

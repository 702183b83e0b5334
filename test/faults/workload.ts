/**
 * Random work by several people at once, each of whom does one thing after the other: sends (half of everything; some reply or mention),
 * edits, deletes, reads, a few percent of everything else, and an administrator who adds and removes. What came out as unknown is tried again with the same key, as clients do.
 */
import { randomUUID } from 'node:crypto';
import { ask, outcomeOf, type Answer } from './client/ask.js';
import { documents } from './client/documents.js';
import type { Person } from './client/person.js';
import type { Mentions, Operation, Outcome } from './history.js';
import { createRandom } from '../support/random.js';
import { inviteAndCome, pin, react, setRole, setSettings, unpin, unreact } from './talk.js';
import { anyOf, type SentMessage, type World, type WorldChat } from './world.js';

export interface Workload {
  /** Begins nothing more; resolves when everything begun has come out. */
  stop(): Promise<void>;
  /** Nothing more is begun until `resume`. */
  pause(): void;
  resume(): void;
}

export interface WorkloadOptions {
  workers?: number;
  /** Between two things that one worker does: at most so long. */
  pauseMs?: number;
  /** Nobody is added or removed. */
  isMembershipFixed?: boolean;
}

const TRIES = 3;
const RECENT = 50;

type Of<What extends Operation['what']> = Extract<Operation, { what: What }>;

export const startWorkload = (
  world: World,
  { workers = 8, pauseMs = 0, isMembershipFixed = false }: WorkloadOptions = {},
): Workload => {
  let isStopping = false;
  let isPaused = false;
  const running = Array.from({ length: workers }, async () => {
    const worker = createWorker({ ...world, random: createRandom(world.random.int(2 ** 31)) });
    while (!isStopping) {
      if (isPaused) await delay(20);
      else await worker.step(isMembershipFixed);
      await delay(pauseMs === 0 ? 0 : world.random.int(pauseMs));
    }
  });
  // A worker that fails is told of by `stop`, with a verdict, rather than by the end of this process.
  void Promise.allSettled(running);
  return {
    stop: async () => {
      isStopping = true;
      await Promise.all(running);
    },
    pause: () => (isPaused = true),
    resume: () => (isPaused = false),
  };
};

const delay = (ms: number) => new Promise((resolve) => (ms === 0 ? setImmediate(resolve) : setTimeout(resolve, ms)));

const createWorker = (world: World) => {
  const { random, recorder, chats, people, root } = world;
  const personOf = (id: string) => people.find((person) => person.id === id)!;
  /** Where several were removed at once nobody may be left: then somebody who must be refused. */
  const anyMemberOf = ({ presentMembers }: WorldChat) =>
    presentMembers.size === 0 ? random.pick(people) : personOf(random.pick([...presentMembers]));

  const tell = createTell(world);

  const send = async (chat: WorldChat) => {
    // Now and then somebody who is none: they must be refused.
    const person = random.chance(0.03) ? random.pick(people) : anyMemberOf(chat);
    await sendAs(world, chat, person, tell, random.chance(0.15) ? { extras: extrasIn(chat) } : {});
  };

  const extrasIn = (chat: WorldChat): Extras => {
    const replyToId = random.chance(0.5) ? recent(chat)?.id : undefined;
    const userIds = Array.from({ length: random.int(3) }, () => anyMemberOf(chat).id);
    // Most may not.
    const mentions = { userIds: [...new Set(userIds)], isEveryone: random.chance(0.2) };
    return { mentions, ...(replyToId !== undefined && { replyToId }) };
  };

  const edit = async (chat: WorldChat) => {
    const message = recent(chat);
    if (message !== undefined) await editMessage(world, chat, message);
  };

  const remove = async (chat: WorldChat) => {
    const message = recent(chat);
    if (message === undefined) return;
    const person = random.chance(0.3) ? root : personOf(message.senderId);
    const messageIds = [message.id];
    await recorder.record<Of<'delete'>>({ what: 'delete', by: person.id, chatId: chat.chatId, messageIds }, async () =>
      outcomeOf(await tell(person, documents.delete, { chatId: chat.chatId, messageIds }), ({ deletedIds }) => ({
        deletedIds: deletedIds as string[],
      })),
    );
  };

  const read = async (chat: WorldChat) => {
    const person = anyMemberOf(chat);
    const seq = chat.messages.at(-1 - random.int(10))?.seq;
    if (seq === undefined) return;
    await recorder.record<Of<'markRead'>>({ what: 'markRead', by: person.id, chatId: chat.chatId, seq }, async () =>
      outcomeOf(await tell(person, documents.markRead, { chatId: chat.chatId, seq }), ({ chat: read }) =>
        viewOf(read as ChatView, person.id),
      ),
    );
  };

  const change = async (chat: WorldChat) => {
    const person = random.pick(people);
    const isIn = chat.presentMembers.has(person.id) && chat.presentMembers.size > 2;
    await changeMember(world, chat, person, isIn ? 'remove' : 'add');
  };

  const talk = async (chat: WorldChat) => {
    const message = recent(chat);
    const choice = random.int(10);
    // Now and then somebody who may not.
    const pinner = random.chance(0.2) ? anyMemberOf(chat) : root;
    if (choice < 5 && message !== undefined) await react(world, chat, anyMemberOf(chat), message.id);
    else if (choice < 7) await unreact(world, chat);
    else if (choice < 9 && message !== undefined) await pin(world, chat, pinner, message.id);
    else await unpin(world, chat, pinner);
  };

  const govern = async (chat: WorldChat) => {
    const member = anyMemberOf(chat);
    if (random.chance(0.5)) await setSettings(world, chat, member);
    else await setRole(world, chat, member.id, random.pick(['MEMBER', 'MODERATOR', 'OWNER']));
  };

  const recent = (chat: WorldChat) => chat.messages.at(-1 - random.int(Math.min(RECENT, chat.messages.length || 1)));

  return {
    step: async (isMembershipFixed: boolean) => {
      const chat = random.pick(chats);
      const choice = random.int(100);
      if (choice < 52) await send(chat);
      else if (choice < 64) await edit(chat);
      else if (choice < 70) await remove(chat);
      else if (choice < 78) await talk(chat);
      else if (choice < 81) await govern(chat);
      else if (choice < 93 || isMembershipFixed) await read(chat);
      else if (choice < 94) await inviteAndCome(world, chat);
      else await change(chat);
    },
  };
};

type Tell = (person: Person, query: string, variables: Record<string, unknown>) => Promise<Answer>;

/** Asks at any node. */
export const createTell =
  (world: World): Tell =>
  (person, query, variables) =>
    ask(anyOf(world)(), person.token, query, variables);

/** By who sent it. */
export const editMessage = async (world: World, { chatId }: WorldChat, { id: messageId, senderId }: SentMessage) => {
  const { recorder, people } = world;
  const person = people.find(({ id }) => id === senderId)!;
  const text = `edited ${randomUUID()}`;
  await recorder.record<Of<'edit'>>({ what: 'edit', by: senderId, chatId, messageId, text }, async () =>
    outcomeOf(await createTell(world)(person, documents.edit, { messageId, text }), () => ({})),
  );
};

/** As the administrator. */
export const changeMember = async (world: World, chat: WorldChat, { id: userId }: Person, what: 'add' | 'remove') => {
  const { root, recorder } = world;
  const { chatId, presentMembers } = chat;
  const variables = { chatId, userId };
  const outcome = await recorder.record<Of<'add' | 'remove'>>({ what, by: root.id, chatId, userId }, async () =>
    outcomeOf(await createTell(world)(root, documents[what], variables), () => ({})),
  );
  if (outcome.kind === 'fail') return;
  if (what === 'add') presentMembers.add(userId);
  else presentMembers.delete(userId);
};

export interface Extras {
  replyToId?: string;
  mentions: Mentions;
}

export interface SendOptions {
  tries?: number;
  text?: string;
  extras?: Extras;
}

/** One message, tried again with its key while it is unknown whether it was sent; and now and then once more though it was. */
export const sendAs = async (
  { recorder, random }: World,
  chat: WorldChat,
  person: Person,
  tell: Tell,
  { tries = TRIES, text = `sent ${randomUUID()}`, extras }: SendOptions = {},
): Promise<Outcome<{ messageId: string; seq: number }>> => {
  const key = randomUUID();
  const { chatId } = chat;
  const { replyToId, mentions } = extras ?? {};
  const more = { replyToId, ...(mentions && { mentionIds: mentions.userIds, isToEveryone: mentions.isEveryone }) };
  const once = () =>
    recorder.record<Of<'send'>>(
      { what: 'send', by: person.id, chatId, key, text, ...(mentions && { mentions }) },
      async () =>
        outcomeOf(await tell(person, documents.send, { chatId, text, key, ...more }), ({ message }) => {
          const { id, seq } = message as { id: string; seq: number };
          return { messageId: id, seq };
        }),
    );
  let outcome = await once();
  for (let n = 1; n < tries && outcome.kind === 'unknown'; n += 1) outcome = await once();
  if (outcome.kind !== 'ok') return outcome;
  chat.messages.push({ id: outcome.messageId, seq: outcome.seq, senderId: person.id });
  if (random.chance(0.05)) await once();
  return outcome;
};

export interface ChatView {
  unreadCount: number;
  members: { nodes: { lastReadSeq: number; user: { id: string } }[] };
}

/** @throws where they are no member */
export const viewOf = ({ unreadCount, members }: ChatView, userId: string) => {
  const member = members.nodes.find(({ user }) => user.id === userId);
  if (member === undefined) throw new Error('Not a member');
  return { unreadCount, lastReadSeq: member.lastReadSeq };
};

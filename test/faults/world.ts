/** People, chats and followers on an installation: what a run works on, and the record of it. */
import { askPatiently, type Fields } from './client/ask.js';
import { documents } from './client/documents.js';
import { follow, type Cursor, type Follower } from './client/follower.js';
import { keepNotifications, type NotificationList } from './client/notification-list.js';
import { register, signIn, type Person } from './client/person.js';
import type { Place } from './client/place.js';
import type { ChatRecord, LogEvent } from './history.js';
import { ROOT } from './installation.js';
import type { Random } from '../support/random.js';
import { createRecorder, type Recorder } from './recorder.js';
import { setRole } from './talk.js';

export interface World {
  readonly random: Random;
  /** Of the nodes that can be gone to. */
  readonly places: () => Place[];
  /** An administrator, who is in no chat and follows all. */
  readonly root: Person;
  readonly people: readonly Person[];
  readonly chats: WorldChat[];
  readonly recorder: Recorder;
  readonly followers: Follower[];
  readonly notifications: NotificationList[];
}

export interface WorldChat extends ChatRecord {
  /** The cursor of its number 0. */
  readonly beginning: Cursor;
  /** As replayed, up to `replayedTo`. */
  readonly log: Map<number, LogEvent>;
  replayedTo: Promise<Cursor>;
  /** As far as acknowledgements tell. */
  readonly messages: SentMessage[];
  /** As those who add and remove know it. */
  readonly presentMembers: Set<string>;
  /** As far as acknowledgements tell; some of them are gone with their message. */
  readonly reactions: GivenReaction[];
  readonly pinnedIds: string[];
  readonly invites: KnownInvite[];
}

export interface SentMessage {
  id: string;
  seq: number;
  senderId: string;
}

export interface GivenReaction {
  messageId: string;
  by: string;
  emoji: string;
}

export interface KnownInvite {
  id: string;
  code: string;
}

export interface WorldOptions {
  random: Random;
  places: () => Place[];
  people?: number;
  chats?: number;
  /** False: nobody follows until a run says so. */
  isFollowed?: boolean;
}

export const createWorld = async ({
  random,
  places,
  people: peopleCount = 6,
  chats: chatCount = 4,
  isFollowed = true,
}: WorldOptions): Promise<World> => {
  const anyPlace = () => random.pick(places());
  const root = await signIn(anyPlace, ROOT);
  const people = await Promise.all(Array.from({ length: peopleCount }, (_none, n) => register(anyPlace, `person${n}`)));
  const chats: WorldChat[] = [];
  for (let n = 0; n < chatCount; n += 1) {
    // Everyone is in some, nobody needs to be in all.
    const members = people.filter((_person, index) => (index + n) % Math.max(2, chatCount) !== 0).map(({ id }) => id);
    chats.push(await createChat(anyPlace, root, `Chat ${n}`, members));
  }
  const world: World = {
    random,
    places,
    root,
    people,
    chats,
    recorder: createRecorder(),
    followers: [],
    notifications: [],
  };
  if (isFollowed) followEverything(world);
  for (const chat of chats) await setRole(world, chat, chat.members[0]!, 'OWNER');
  return world;
};

export const createChat = async (
  place: () => Place,
  root: Person,
  name: string,
  members: string[],
): Promise<WorldChat> => {
  const { createChat: payload } = await askPatiently(place, root.token, documents.createChat, {
    name,
    memberIds: members,
  });
  const { chat } = payload as Fields & { chat?: { id: string; cursor: string; headSeq: number } };
  if (chat === undefined) throw new Error(JSON.stringify(payload));
  const beginning = { seq: chat.headSeq, cursor: chat.cursor };
  return {
    chatId: chat.id,
    members,
    beginning,
    log: new Map(),
    replayedTo: Promise.resolve(beginning),
    messages: [],
    presentMembers: new Set(members),
    reactions: [],
    pinnedIds: [],
    invites: [],
  };
};

/** The observer each chat; everyone all of theirs; and each chat by one of its members, at another node each time. */
const followEverything = (world: World) => {
  const { root, people, chats, places } = world;
  const at = (n: number) => () => places()[n % places().length]!;
  for (const [n, chat] of chats.entries()) {
    world.followers.push(observe(world, chat, at(n)));
    const person = people.find(({ id }) => id === chat.members[n % chat.members.length])!;
    world.followers.push(
      follow({ name: `${person.name} in ${n}`, person, chatId: chat.chatId, place: anyOf(world), after: from0(chat) }),
    );
  }
  for (const [n, person] of people.entries()) {
    world.followers.push(
      follow({
        name: `${person.name} everywhere`,
        person,
        chatId: null,
        place: anyOf(world),
        // The others are given what the server makes once for all of them.
        isSelectingOwn: n % 2 === 0,
      }),
    );
    world.notifications.push(keepNotifications(person, at(n)));
  }
  world.notifications.push(keepNotifications(root, at(0)));
};

const from0 = ({ chatId, beginning }: WorldChat) => new Map([[chatId, beginning]]);

const REPLAY_EVERY = 4000;

/** From 0 on. On the way the log is replayed piece by piece, since more than 10,000 events at once are not. */
const observe = (world: World, chat: WorldChat, place: () => Place): Follower => {
  let asked = chat.beginning.seq;
  return follow({
    name: `observer of ${world.chats.indexOf(chat)}`,
    person: world.root,
    chatId: chat.chatId,
    place,
    after: from0(chat),
    onCursor: ({ seq }) => {
      if (seq < asked + REPLAY_EVERY) return;
      asked = seq;
      replay(world, chat, seq);
    },
  });
};

/** Replays the log up to this number, from where it was replayed to before; see `replayedTo`. */
export const replay = (world: World, chat: WorldChat, upTo: number): void => {
  const { chatId, log } = chat;
  chat.replayedTo = chat.replayedTo.then(
    (from) =>
      new Promise((resolve) => {
        if (from.seq >= upTo) return resolve(from);
        const reader = follow({
          name: 'replay',
          person: world.root,
          chatId,
          place: anyOf(world),
          after: new Map([[chatId, from]]),
          onCursor: (cursor) => {
            for (const item of reader.record.items.splice(0))
              if (item.kind === 'event') log.set(item.event.seq, item.event);
            if (cursor.seq < upTo) return;
            reader.stop();
            resolve(cursor);
          },
        });
      }),
  );
};

export const anyOf = (world: World) => () => world.random.pick(world.places());

/** Waits until everyone who follows stands. */
export const everyoneStands = async (world: World): Promise<void> => {
  const giveUpAt = performance.now() + 30_000;
  while (world.followers.some(({ isStanding, record }) => record.isOpenAtEnd && !isStanding)) {
    if (performance.now() > giveUpAt) throw new Error('Not everyone could follow');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

export const stopFollowing = (world: World): void => {
  for (const follower of world.followers) follower.stop();
  for (const list of world.notifications) list.stop();
};

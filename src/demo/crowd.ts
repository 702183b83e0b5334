/** Any number of people, chats and messages, from a seed: the same seed gives the same people, chats and words. */
import { directKey } from '../domain/chats/new-chat.js';
import { createChatHistory, type ChatHistory } from './chat-history.js';
import { createRandom, type Random } from './random.js';
import { makeUpChatName, makeUpName, makeUpText, type MadeUpName } from './small-talk.js';

export interface CrowdSize {
  users: number;
  chats: number;
  messages: number;
}

export interface Crowd {
  people: MadeUpName[];
  chats: PlannedChat[];
}

interface PlannedChat {
  kind: 'GROUP' | 'DIRECT';
  /** Indexes into `people`; the first one created the chat. */
  members: readonly number[];
  messages: number;
  seed: string;
}

/** Decides on the people, who talks with whom, and how much; not yet what they say. */
export const planCrowd = (size: CrowdSize, seed: number): Crowd => {
  const random = createRandom(`${seed}/crowd`);
  const people = makePeople(size.users, random);
  const counts = share(size.messages, size.chats, random);
  const pairs = new Set<string>();
  const chats = counts.map((messages, index): PlannedChat => {
    const pair = random.chance(0.5) ? newPair(size.users, pairs, random) : undefined;
    return {
      kind: pair === undefined ? 'GROUP' : 'DIRECT',
      members: pair ?? group(size.users, random),
      messages,
      seed: `${seed}/chat/${index}`,
    };
  });
  return { people, chats };
};

const makePeople = (count: number, random: Random): MadeUpName[] => {
  const taken = new Map<string, number>();
  return Array.from({ length: count }, () => {
    const name = makeUpName(random);
    const same = (taken.get(name.username) ?? 0) + 1;
    taken.set(name.username, same);
    return same === 1 ? name : { ...name, username: `${name.username}${same}` };
  });
};

/** A few busy chats, many quiet ones; exactly `total` in all. */
const share = (total: number, count: number, random: Random): number[] => {
  const weights = Array.from({ length: count }, () => 1 / (0.02 + random.next()));
  const sum = weights.reduce((one, other) => one + other, 0);
  const counts = weights.map((weight) => Math.floor((total * weight) / sum));
  let left = total - counts.reduce((one, other) => one + other, 0);
  for (let index = 0; left > 0; index = (index + 1) % count, left -= 1) counts[index]! += 1;
  return counts;
};

/** Two people without a direct chat; undefined if chance finds none. */
const newPair = (people: number, pairs: Set<string>, random: Random): [number, number] | undefined => {
  for (let attempt = 0; attempt < 10; attempt += 1) {
    const one = random.below(people);
    const other = random.below(people);
    const key = one < other ? `${one}:${other}` : `${other}:${one}`;
    if (one === other || pairs.has(key)) continue;
    pairs.add(key);
    return [one, other];
  }
  return undefined;
};

const group = (people: number, random: Random): number[] => {
  const size = Math.min(people, 3 + Math.floor(random.next() ** 3 * 40));
  const members = new Set<number>();
  while (members.size < size) members.add(random.below(people));
  return [...members];
};

const DAY_MS = 86_400_000;

/** A chat's history spans at most this time, up to `now`. */
export const CROWD_AGE_MS = 180 * DAY_MS;

/**
 * Generates a chat's history.
 *
 * @param ids of all people, by their index
 * @param now the end of all histories: times are counted back from here
 */
export const tellChat = (chat: PlannedChat, ids: readonly bigint[], now: Date): ChatHistory => {
  const random = createRandom(chat.seed);
  const isRussian = random.chance(0.4);
  const times = timesOf(chat.messages + 1, now, random);
  const timeAt = (index: number) => new Date(times[index]!);
  const memberIds = chat.members.map((member) => ids[member]!);
  const history = createChatHistory({
    kind: chat.kind,
    ...(chat.kind === 'GROUP' ? { name: makeUpChatName(random) } : { keys: [directKey(memberIds[0]!, memberIds[1]!)] }),
    makerId: memberIds[0]!,
    memberIds,
    at: timeAt(0),
  });

  // In order of how much they talk. The first one never leaves.
  const present = [...memberIds];
  const absent: bigint[] = [];
  const own = new Map<bigint, number>();
  for (let index = 1; index <= chat.messages; index += 1) {
    const at = timeAt(index);
    if (chat.kind === 'GROUP' && random.chance(0.01)) comeOrGo(history, present, absent, at, random);
    const sender = present[Math.floor(random.next() ** 2 * present.length)]!;
    history.read(sender);
    const seq = history.send(sender, makeUpText(random, isRussian), at);
    const last = own.get(sender);
    own.set(sender, seq);
    if (last !== undefined && random.chance(0.03)) {
      if (random.chance(0.7)) history.edit(last, `${makeUpText(random, isRussian)} (*)`, at);
      else history.delete(sender, [last], at);
      own.delete(sender);
    }
    if (random.chance(0.1)) history.read(random.pick(present));
  }
  for (const member of present) if (random.chance(0.6)) history.read(member);
  return history;
};

const comeOrGo = (history: ChatHistory, present: bigint[], absent: bigint[], at: Date, random: Random): void => {
  const maker = present[0]!;
  if (absent.length > 0 && random.chance(0.5)) {
    const [userId] = absent.splice(random.below(absent.length), 1);
    history.add(maker, userId!, at);
    present.push(userId!);
  } else if (present.length > 2) {
    const [userId] = present.splice(1 + random.below(present.length - 1), 1);
    history.remove(maker, userId!, at);
    absent.push(userId!);
  }
};

/** Bursts of messages with hours between them, ascending; the last one within a week before `now`. */
const timesOf = (count: number, now: Date, random: Random): Float64Array => {
  const end = now.getTime() - Math.floor(random.next() ** 2 * 7 * DAY_MS);
  const most = CROWD_AGE_MS - 8 * DAY_MS;
  const times = new Float64Array(count);
  let total = 0;
  for (let index = 1; index < count; index += 1) {
    total += random.chance(0.92) ? 5_000 + random.next() * 115_000 : random.next() * DAY_MS;
    times[index] = total;
  }
  const scale = total > most ? most / total : 1;
  for (let index = 0; index < count; index += 1) times[index] = Math.floor(end - (total - times[index]!) * scale);
  return times;
};

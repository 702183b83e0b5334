/** Reads, once everything has come to rest, what there is: by the API, as an administrator and as each of the people. */
import { askPatiently } from './client/ask.js';
import { documents } from './client/documents.js';
import { seen, type GivenMessage } from './client/events.js';
import { queryNotifications, textOf } from './client/notification-list.js';
import type { Final, FinalChat, FinalReactions, FinalView, History, LogEvent, Role, SeenMessage } from './history.js';
import { viewOf, type ChatView } from './workload.js';
import { anyOf, replay, type World, type WorldChat } from './world.js';

export const CAUGHT_UP_WITHIN_MS = 15_000;
const REPLAYED_WITHIN_MS = 60_000;

/** Waits until every follower has come to the head or its time is up, reads the final state, and puts the record together. */
export const audit = async (world: World, lastFaultAt: number): Promise<History> => {
  await everyoneCaughtUp(world, lastFaultAt + CAUGHT_UP_WITHIN_MS);
  const final = await readFinal(world);
  return {
    seeAll: [world.root.id],
    chats: world.chats.map(({ chatId, members }) => ({ chatId, members })),
    operations: world.recorder.operations,
    // As it stands now: they are stopped before it is judged.
    followers: world.followers.map(({ record }) => ({ ...record, items: [...record.items] })),
    final,
    lastFaultAt,
    caughtUpWithinMs: CAUGHT_UP_WITHIN_MS,
  };
};

const everyoneCaughtUp = async (world: World, until: number) => {
  const heads = new Map(
    await Promise.all(world.chats.map(async (chat) => [chat.chatId, (await view(world, chat)).headSeq] as const)),
  );
  // Those of members only: others are given nothing, which the checker knows.
  const isThere = () =>
    world.followers.every(({ record, cursors }) =>
      [...cursors].every(([chatId, { seq }]) => !record.isOpenAtEnd || seq >= (heads.get(chatId) ?? 0)),
    );
  while (performance.now() < until && !isThere()) await delay(50);
  // The notifications of what came last.
  await delay(500);
};

const delay = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

interface View extends ChatView {
  headSeq: number;
  unreadMentionCount: number;
  members: { nodes: { lastReadSeq: number; role: Role; user: { id: string } }[] };
}

const view = async (world: World, { chatId }: WorldChat, person = world.root): Promise<View> =>
  (await askPatiently(anyOf(world), person.token, documents.view, { chatId })).chat as unknown as View;

const readFinal = async (world: World): Promise<Final> => {
  const chats: FinalChat[] = [];
  const views: FinalView[] = [];
  for (const chat of world.chats) {
    const { headSeq, members } = await view(world, chat);
    const memberIds = members.nodes.map(({ user }) => user.id);
    const owners = members.nodes.filter(({ role }) => role === 'OWNER').map(({ user }) => user.id);
    const [log, written, talk] = await Promise.all([
      wholeLog(world, chat, headSeq),
      history(world, chat),
      talkOf(world, chat),
    ]);
    chats.push({ chatId: chat.chatId, headSeq, members: memberIds, owners, log, ...written, ...talk });
    for (const person of world.people) {
      if (!memberIds.includes(person.id)) continue;
      const own = await view(world, chat, person);
      const { unreadMentionCount } = own;
      views.push({ userId: person.id, chatId: chat.chatId, unreadMentionCount, ...viewOf(own, person.id) });
    }
  }
  const notifications = await Promise.all(
    world.notifications.map(async (list) => {
      const person = [world.root, ...world.people].find(({ id }) => id === list.userId)!;
      const queried = (await queryNotifications(anyOf(world)(), person)).map(textOf);
      return { userId: list.userId, kept: list.kept(), queried };
    }),
  );
  return { chats, views, notifications };
};

/** The whole log; what cannot be had of it is missing in the record. */
const wholeLog = async (world: World, chat: WorldChat, headSeq: number): Promise<LogEvent[]> => {
  replay(world, chat, headSeq);
  await Promise.race([chat.replayedTo, delay(REPLAYED_WITHIN_MS)]);
  return [...chat.log.values()].sort((one, other) => one.seq - other.seq);
};

const talkOf = async (world: World, { chatId }: WorldChat): Promise<Pick<FinalChat, 'pinnedIds' | 'invites'>> => {
  const { chat } = await askPatiently(anyOf(world), world.root.token, documents.talk, { chatId });
  const { pinnedMessages, invites } = chat as unknown as {
    pinnedMessages: { nodes: { id: string }[] };
    invites: FinalChat['invites'];
  };
  return { pinnedIds: pinnedMessages.nodes.map(({ id }) => id), invites };
};

interface ReadMessage extends GivenMessage {
  reactions: { emoji: string; count: number; users: { id: string }[] }[];
}

const history = async (
  world: World,
  { chatId }: WorldChat,
): Promise<{ messages: SeenMessage[]; reactions: FinalReactions[] }> => {
  const messages: SeenMessage[] = [];
  const reactions: FinalReactions[] = [];
  for (let after: string | null = null; ;) {
    const answer = await askPatiently(anyOf(world), world.root.token, documents.chat, { chatId, after });
    const { messages: page } = answer.chat as unknown as {
      messages: { nodes: ReadMessage[]; pageInfo: { hasNextPage: boolean; endCursor: string } };
    };
    messages.push(...page.nodes.map(seen));
    for (const { id: messageId, reactions: groups } of page.nodes)
      for (const { emoji, count, users } of groups)
        reactions.push({ messageId, emoji, count, userIds: users.map(({ id }) => id) });
    if (!page.pageInfo.hasNextPage) return { messages, reactions };
    after = page.pageInfo.endCursor;
  }
};

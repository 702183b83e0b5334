/** All of one's chats over one subscription. */
import { beforeAll, describe, expect, it } from 'vitest';
import {
  AddChatMemberDocument,
  ChatDocument,
  EventsDocument,
  RemoveChatMemberDocument,
  type EventsSubscription,
} from '../support/generated/operations.js';
import { ownNode } from '../support/node.js';
import { groupChat, groupOf, newPerson, type Person } from '../support/people.js';
import { openSocket } from '../support/socket.js';
import { openEvents } from '../support/sse.js';

const node = ownNode();

let root: Person;
let ada: Person;
let boris: Person;
beforeAll(async () => {
  ({ root, ada, boris } = await groupChat(node));
});

type Event = EventsSubscription['events'];

const follow = async (person: Person, over: 'ws' | 'sse', after?: string[]) => {
  const token = person.session.accessToken;
  const variables = { after: after ?? null };
  const live =
    over === 'ws'
      ? (await openSocket(node.socketUrl, { token })).open(EventsDocument, variables)
      : await openEvents(node.endpoint, EventsDocument, variables, { token });
  return {
    live,
    next: async (): Promise<Event> => (await live.next()).data!.events,
  };
};

const cursorOf = async (person: Person, chat: { id: string }) =>
  (await person.ask(ChatDocument, { id: chat.id })).chat!.cursor;

describe.each(['ws', 'sse'] as const)('over %s', (over) => {
  it('tells of every chat, of those joined later from their first event on, and of those left', async () => {
    const chen = await newPerson(node, 'chen');
    const [one, other, later] = [
      await groupOf(root, ada, chen),
      await groupOf(root, boris, chen),
      await groupOf(root, ada),
    ];
    await ada.send(one, 'before');
    const following = await follow(chen, over);
    expect(await following.next()).toMatchObject({ __typename: 'ViewerReady', unreadCount: 1 });

    await ada.send(one, 'to one');
    expect(await following.next()).toMatchObject({ __typename: 'MessageSent', chatId: one.id, seq: 2 });
    await boris.send(other, 'to the other');
    expect(await following.next()).toMatchObject({ __typename: 'MessageSent', chatId: other.id, seq: 1 });
    await root.ask(AddChatMemberDocument, { chatId: later.id, userId: chen.id });
    await ada.send(later, 'welcome');
    expect(await following.next()).toMatchObject({ __typename: 'ChatAdded', chat: { id: later.id } });
    expect(await following.next()).toMatchObject({ __typename: 'MessageSent', message: { text: 'welcome' } });
    await root.ask(RemoveChatMemberDocument, { chatId: one.id, userId: chen.id });
    expect(await following.next()).toMatchObject({ __typename: 'MemberRemoved', chatId: one.id });
    expect(await following.next()).toMatchObject({ __typename: 'ChatRemoved', chatId: one.id });
    await ada.send(one, 'without chen');
    await boris.send(other, 'a fence');
    expect(await following.next()).toMatchObject({ __typename: 'MessageSent', message: { text: 'a fence' } });
  });

  it('resumes each chat after its cursor, says which were joined or left meanwhile, then is ready', async () => {
    const chen = await newPerson(node, 'chen');
    const [quiet, busy, left] = [
      await groupOf(root, ada, chen),
      await groupOf(root, ada, chen),
      await groupOf(root, ada, chen),
    ];
    const after = [await cursorOf(chen, quiet), await cursorOf(chen, busy), await cursorOf(chen, left)];
    await ada.send(busy, 'missed');
    await root.ask(RemoveChatMemberDocument, { chatId: left.id, userId: chen.id });
    const joined = await groupOf(root, chen);

    const following = await follow(chen, over, after);

    expect(await following.next()).toMatchObject({ __typename: 'ChatRemoved', chatId: left.id });
    expect(await following.next()).toMatchObject({ __typename: 'ChatAdded', chat: { id: joined.id } });
    expect(await following.next()).toMatchObject({ __typename: 'MessageSent', message: { text: 'missed' } });
    expect(await following.next()).toMatchObject({ __typename: 'ChatReady', chatId: busy.id, headSeq: 1 });
    expect(await following.next()).toMatchObject({ __typename: 'ViewerReady', unreadCount: 1 });
  });

  it('refuses malformed cursors, and two of one chat', async () => {
    const chat = await groupOf(root, ada);
    const cursor = await cursorOf(ada, chat);

    for (const after of [['nonsense'], [cursor, cursor]]) {
      const { live } = await follow(ada, over, after);
      const answer = await live.next();
      expect(answer.errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT' });
    }
  });
});

/** All of one's chats over one subscription. */
import { beforeAll, describe, expect, it } from 'vitest';
import {
  AddChatMemberDocument,
  ChatDocument,
  EventsDocument,
  MarkReadDocument,
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

  it('takes a malformed cursor for none: its chat is told as a new one, and the others are followed', async () => {
    const chen = await newPerson(node, 'chen');
    const [known, unknown] = [await groupOf(root, ada, chen), await groupOf(root, ada, chen)];
    const { cursor } = known;
    await ada.send(known, 'missed');
    await ada.send(unknown, 'missed too');

    for (const nonsense of ['nonsense', '', 'A'.repeat(22), `${cursor}=`]) {
      const following = await follow(chen, over, [nonsense, cursor]);

      const added = await following.next();
      expect(added).toMatchObject({ __typename: 'ChatAdded', chatId: unknown.id, chat: { unreadCount: 1 } });
      expect(added).toMatchObject({ cursor: await cursorOf(chen, unknown) });
      expect(await following.next()).toMatchObject({ __typename: 'MessageSent', chatId: known.id });
      expect(await following.next()).toMatchObject({ __typename: 'ChatReady', chatId: known.id });
      expect(await following.next()).toMatchObject({ __typename: 'ViewerReady' });
    }
    const following = await follow(chen, over, ['nonsense']);
    const told = [await following.next(), await following.next()];
    expect(told.map((event) => 'chatId' in event && event.chatId).sort()).toEqual([known.id, unknown.id].sort());
  });

  it('goes by the older of two cursors of one chat, so that nothing is missed', async () => {
    const chen = await newPerson(node, 'chen');
    const chat = await groupOf(root, ada, chen);
    await ada.send(chat, 'missed');
    const cursors = [chat.cursor, await cursorOf(chen, chat)];

    for (const after of [cursors, [...cursors].reverse()]) {
      const following = await follow(chen, over, after);
      expect(await following.next()).toMatchObject({ __typename: 'MessageSent', message: { text: 'missed' } });
      expect(await following.next()).toMatchObject({ __typename: 'ChatReady', chatId: chat.id });
      expect(await following.next()).toMatchObject({ __typename: 'ViewerReady' });
    }
  });

  it('takes 2,000 cursors and no more, whatever they are', async () => {
    const chen = await newPerson(node, 'chen');
    const most = Array.from({ length: 2000 }, (_, index) => `nonsense ${index}`);

    expect(await (await follow(chen, over, most)).next()).toMatchObject({ __typename: 'ViewerReady' });
    const answer = await (await follow(chen, over, [...most, 'one more'])).live.next();
    expect(answer.errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  it('tells of a chat just joined with the cursor of the joining: who comes back with it misses nothing', async () => {
    const chen = await newPerson(node, 'chen');
    const chat = await groupOf(root, ada);
    await ada.send(chat, 'before chen');
    const following = await follow(chen, over);
    await following.next();
    await root.ask(AddChatMemberDocument, { chatId: chat.id, userId: chen.id });
    const added = await following.next();
    await ada.send(chat, 'welcome');

    expect(added).toMatchObject({ __typename: 'ChatAdded', chatId: chat.id });
    const resumed = await follow(chen, over, ['cursor' in added ? added.cursor : '']);
    expect(await resumed.next()).toMatchObject({ __typename: 'MessageSent', message: { text: 'welcome' } });
    expect(await resumed.next()).toMatchObject({ __typename: 'ChatReady', chatId: chat.id });
  });

  it('counts what is unread in all chats when an event is handed out, where that is selected', async () => {
    const chen = await newPerson(node, 'chen');
    const [one, other] = [await groupOf(root, ada, chen), await groupOf(root, ada, chen)];
    await ada.send(other, 'elsewhere');
    const document = `subscription ($after: [Cursor!]) { events(after: $after) {
      ... on DurableEvent { totalUnreadCount } ... on ChatReady { totalUnreadCount } ... on MessagesRead { totalUnreadCount } } }`;
    const variables = { after: [one.cursor, await cursorOf(chen, other)] };
    await ada.send(one, 'missed');
    const token = chen.session.accessToken;
    const live =
      over === 'ws'
        ? (await openSocket(node.socketUrl, { token })).open<Counted, object>(document, variables)
        : await openEvents<Counted, object>(node.endpoint, document, variables, { token });
    const next = async () => (await live.next()).data!.events;

    const whole = { totalUnreadCount: 2 };
    // The event, the chat's ready, and the viewer's, which has none.
    expect([await next(), await next(), await next()]).toEqual([whole, whole, {}]);
    await ada.send(other, 'one more');
    expect(await next()).toEqual({ totalUnreadCount: 3 });
    await chen.ask(MarkReadDocument, { chatId: other.id });
    expect(await next()).toEqual({ totalUnreadCount: 1 });
    await root.ask(RemoveChatMemberDocument, { chatId: one.id, userId: chen.id });
    expect(await next()).toEqual({ totalUnreadCount: 0 });
  });
});

interface Counted {
  events: { totalUnreadCount?: number };
}

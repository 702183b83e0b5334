import { describe, expect, it } from 'vitest';
import { createEnding } from '../../src/domain/streams/ending.js';
import { encodeGlobalId } from '../../src/graphql/global-id.js';
import { newPerson } from '../support/chats.js';
import { graphqlNode, statementsOf } from '../support/graphql.js';
import { ownDatabase } from '../support/own-database.js';

const database = ownDatabase();

const EVENTS = `subscription ($chat: ID!, $after: Cursor) {
  chatEvents(chatId: $chat, after: $after) {
    __typename
    ... on DurableEvent { seq cursor chatId }
    ... on MessageSent { message { id text sender { username } } clientMessageId }
    ... on MessageEdited { message { text isEdited sender { username } } }
    ... on MessagesDeleted { messageIds messages { text isDeleted } actor { username } }
    ... on MemberAdded { user { username } actor { username } }
    ... on MemberRemoved { user { username } actor { username } left }
    ... on TypingChanged { user { username } isTyping expiresAt }
    ... on MessagesRead { user { username } lastReadSeq }
    ... on ChatReady { headSeq }
    ... on ResyncRequired { reason }
    ... on SubscriptionEnded { code reason }
  }
}`;

const onlyField = (field: string) => `subscription ($chat: ID!) { ${field}(chatId: $chat) { chatId } }`;

/** Two people in a group, as one follows it. */
const aChat = async () => {
  const node = await graphqlNode(database.current);
  const [ada, bob] = [await newPerson(database.current), await newPerson(database.current)];
  const { admin, chat } = await node.group(ada, bob);
  const id = encodeGlobalId('Chat', chat.id);
  return { node, ada, bob, admin, chat, id };
};

const eventOf = (result: { data?: unknown } | null) =>
  Object.values((result?.data ?? {}) as Record<string, unknown>)[0];

describe('chatEvents', () => {
  // S2.6 S2.7 S2.9 S2.10
  it('tells everything that happens, each with its own type, and reads nothing back for it', async () => {
    const { node, ada, bob, admin, chat, id } = await aChat();
    const carol = await newPerson(database.current);
    const events = await node.follow(bob, EVENTS, { chat: id });
    expect(eventOf(await events.next())).toMatchObject({ __typename: 'ChatReady', headSeq: 0 });

    const { message } = await node.messages.send(ada, { chatId: chat.id, text: 'Hello', clientMessageId: 'a1' });
    await node.messages.edit(ada, message, 'Hello!');
    await node.members.add(admin, chat.id, carol.id);
    await node.members.leave(carol, chat.id);
    await node.chats.update(admin, { chatId: chat.id, name: 'Renamed' });
    await node.typing.set(ada, chat.id, true);
    await node.readPositions.mark(ada, chat.id, null);
    const told: unknown[] = [];
    const statements = await statementsOf(async () => {
      for (let index = 0; index < 7; index += 1) told.push(eventOf(await events.next()));
    });
    await node.messages.delete(admin, chat.id, [{ rawId: '1', key: message }]);
    told.push(eventOf(await events.next()));

    expect(told).toMatchObject([
      {
        __typename: 'MessageSent',
        seq: 1,
        chatId: id,
        message: { id: encodeGlobalId('Message', `${chat.id}:1`), sender: { username: expect.any(String) as string } },
        clientMessageId: 'a1',
      },
      { __typename: 'MessageEdited', seq: 2, message: { text: 'Hello!', isEdited: true } },
      { __typename: 'MemberAdded', seq: 3 },
      { __typename: 'MemberRemoved', seq: 4, left: true },
      { __typename: 'ChatUpdated', seq: 5 },
      { __typename: 'TypingChanged', isTyping: true },
      { __typename: 'MessagesRead', lastReadSeq: 5 },
      { __typename: 'MessagesDeleted', seq: 6, messages: [{ text: null, isDeleted: true }] },
    ]);
    expect(statements).toEqual([]);
  });

  it('resumes after the cursor of any event, with what came after it', async () => {
    const { node, ada, bob, chat, id } = await aChat();
    for (const text of ['one', 'two', 'three']) await node.say(ada, chat, text);
    const first = await node.follow(bob, EVENTS, { chat: id });
    const { cursor: start } = (await node.read<{ chat: { cursor: string } }>(bob, `{ chat(id: "${id}") { cursor } }`))
      .chat;
    await first.next();
    await node.say(ada, chat, 'four');
    const four = eventOf(await first.next()) as { cursor: string };

    const second = await node.follow(bob, EVENTS, { chat: id, after: start });
    const third = await node.follow(bob, EVENTS, { chat: id, after: four.cursor });

    expect(eventOf(await second.next())).toMatchObject({ __typename: 'MessageSent', seq: 4, cursor: four.cursor });
    expect(eventOf(await second.next())).toMatchObject({ __typename: 'ChatReady', headSeq: 4 });
    expect(eventOf(await third.next())).toMatchObject({ __typename: 'ChatReady', headSeq: 4 });
  });

  it('asks for what the viewer may see anew for each event, not as it was for the one before', async () => {
    const { node, ada, bob, chat, id } = await aChat();
    const events = await node.follow(
      bob,
      `subscription { chatEvents(chatId: "${id}") { ... on MessageSent { chat { unreadCount lastMessage { text } name } } } }`,
    );
    await events.next();

    for (const [index, text] of ['one', 'two', 'three'].entries()) {
      await node.say(ada, chat, text);
      expect(eventOf(await events.next())).toEqual({
        chat: { unreadCount: index + 1, lastMessage: { text }, name: 'Group' },
      });
    }
  });

  it('counts what is unread in all chats in one statement for each event, where that is selected', async () => {
    const { node, ada, bob, chat, id } = await aChat();
    const { chat: other } = await node.group(ada, bob);
    await node.say(ada, other, 'elsewhere');
    const events = await node.follow(
      bob,
      `subscription { chatEvents(chatId: "${id}") {
         ... on DurableEvent { totalUnreadCount again: totalUnreadCount } ... on ChatReady { totalUnreadCount } } }`,
    );
    expect(eventOf(await events.next())).toEqual({ totalUnreadCount: 1 });
    await node.say(ada, chat, 'one');
    await node.say(ada, chat, 'two');

    const told: unknown[] = [];
    const statements = await statementsOf(async () => {
      for (let count = 0; count < 2; count += 1) told.push(eventOf(await events.next()));
    });

    // As it is when each is handed out.
    expect(told).toEqual([
      { totalUnreadCount: 3, again: 3 },
      { totalUnreadCount: 3, again: 3 },
    ]);
    expect(statements).toHaveLength(2);
  });

  it('shows who was removed nothing of what the chat is after that, whatever their last event selects', async () => {
    const { node, ada, bob, admin, chat, id } = await aChat();
    await node.say(ada, chat, 'before');
    const CHAT = `chat {
      id kind name slug headSeq closedAt unreadCount lastMessage { text } messages { nodes { text } } members { nodes { id } }
      permissions { canSend canDeleteOthers canManageMembers canRename canClose canLeave canMarkRead }
      title peer { id } memberCount membership { id } firstUnreadMessage { text }
      messagesAround(seq: 1) { nodes { text } } log { nodes { seq } }
    }`;
    const events = await node.follow(
      bob,
      `subscription { chatEvents(chatId: "${id}") {
         ... on MemberRemoved { ${CHAT} user { username } } ... on SubscriptionEnded { code }
       } }`,
    );
    await events.next();
    await node.members.remove(admin, chat.id, bob.id);
    await node.say(ada, chat, 'after');
    await node.chats.update(admin, { chatId: chat.id, name: 'Secret' });

    const removed = eventOf(await events.next());

    expect(removed).toMatchObject({
      chat: {
        id,
        kind: 'GROUP',
        name: null,
        headSeq: 0,
        unreadCount: 0,
        lastMessage: null,
        messages: { nodes: [] },
        members: { nodes: [] },
        permissions: {
          canSend: false,
          canDeleteOthers: false,
          canManageMembers: false,
          canRename: false,
          canClose: false,
          canLeave: false,
          canMarkRead: false,
        },
        title: '',
        peer: null,
        memberCount: 0,
        membership: null,
        firstUnreadMessage: null,
        messagesAround: { nodes: [] },
        log: { nodes: [] },
      },
    });
    expect(eventOf(await events.next())).toEqual({ code: 'REMOVED' });
    expect(await events.next()).toBeNull();
  });

  it('lets go at once of a subscription that waits for its next event', async () => {
    const { node, bob, id } = await aChat();
    const events = await node.follow(bob, EVENTS, { chat: id });
    await events.next();
    const waiting = events.next();

    await events.return();

    expect(await waiting).toBeNull();
  });
});

describe('the subscriptions of one sort', () => {
  it('say why the server ends them, and are not complete where the client is to come back', async () => {
    const { node, bob, id } = await aChat();
    const ending = createEnding();
    const sent = await node.follow(bob, onlyField('messageSent'), { chat: id }, { ending });
    const notified = await node.follow(bob, 'subscription { notificationReceived { id } }', {}, { ending });
    const waiting = [sent.next(), notified.next()];

    ending.end('SHUTTING_DOWN', 'Subscribe again');

    for (const result of await Promise.all(waiting)) {
      expect(result!.errors).toMatchObject([
        { message: 'Subscribe again', extensions: { code: 'SUBSCRIPTION_ENDED', endCode: 'SHUTTING_DOWN' } },
      ]);
    }
    const next = sent.next().then(() => 'complete');
    expect(await Promise.race([next, node.read(bob, '{ unreadCount }').then(() => 'silent')])).toBe('silent');
  });
});

describe('notificationReceived', () => {
  it('ends with notificationEvents where the server ends it, each in its way', async () => {
    const { node, bob } = await aChat();
    const ending = createEnding();
    const END = '... on SubscriptionEnded { code reason }';
    const events = await node.follow(bob, `subscription { notificationEvents { __typename ${END} } }`, {}, { ending });
    const next = async () => {
      for (;;) {
        const event = eventOf(await events.next()) as { __typename: string };
        if (!event.__typename.startsWith('Notification')) return event;
      }
    };
    const ended = next();

    ending.end('SHUTTING_DOWN', 'Subscribe again');

    expect(await ended).toEqual({ __typename: 'SubscriptionEnded', code: 'SHUTTING_DOWN', reason: 'Subscribe again' });
  });
});

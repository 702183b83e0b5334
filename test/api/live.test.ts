/** What follows of what people do: who follows a chat sees it as it happens, over either transport, and nobody else does. */
import { beforeAll, describe, expect, it } from 'vitest';
import {
  AddChatMemberDocument,
  CloseChatDocument,
  DeleteMessagesDocument,
  EditMessageDocument,
  LeaveChatDocument,
  MarkReadDocument,
  MessageSentDocument,
  MessagesReadDocument,
  SendMessageDocument,
  RemoveChatMemberDocument,
  SetTypingDocument,
  TypingChangedDocument,
  UpdateChatDocument,
} from '../support/generated/operations.js';
import { post } from '../support/http.js';
import { ownNode } from '../support/node.js';
import { groupChat, groupOf, newPerson, say } from '../support/people.js';
import { sentSeqs, sentTexts, upTo } from '../support/sent.js';
import { openSocket } from '../support/socket.js';
import { openEvents } from '../support/sse.js';
import { until } from '../support/until.js';

const node = ownNode();

let people: Omit<Awaited<ReturnType<typeof groupChat>>, 'chat'>;
beforeAll(async () => {
  people = await groupChat(node);
});

/** A new group of Ada, Boris and Chen. */
const group = async () => {
  const { root, ada, boris, chen } = people;
  return { ...people, chat: await groupOf(root, ada, boris, chen) };
};

describe.each(['ws', 'sse'] as const)('over %s', (over) => {
  // S1.15 S2.2 S2.3 S2.6 S2.7 S3.25 S3.33 S4.5
  it('everyone who follows, the author included, sees everything once and in order', async () => {
    const { root, ada, boris, chen, chat } = await group();
    const dora = await newPerson(node, 'dora');
    const followings = await Promise.all([ada, boris, chen, root].map((person) => person.follow(chat, { over })));
    for (const following of followings)
      expect(await following.event('ChatReady')).toMatchObject({ chatId: chat.id, headSeq: 0, unreadCount: 0 });

    const message = await say(ada, chat, 'Hello');
    await ada.ask(EditMessageDocument, { messageId: message.id, text: 'Hello!' });
    await root.ask(AddChatMemberDocument, { chatId: chat.id, userId: dora.id });
    await dora.ask(LeaveChatDocument, { chatId: chat.id });
    await root.ask(UpdateChatDocument, { input: { chatId: chat.id, name: 'Renamed' } });
    await root.ask(DeleteMessagesDocument, { chatId: chat.id, messageIds: [message.id] });
    await root.ask(CloseChatDocument, { chatId: chat.id });
    await Promise.all(followings.map((following) => until(() => following.events.length >= 8, 'eight events')));

    for (const following of followings) {
      const [first, ...rest] = following.events.slice(1);
      expect(first).toMatchObject({
        __typename: 'MessageSent',
        seq: 1,
        message: { id: message.id, seq: 1, sender: { id: ada.id, username: ada.username }, isDeleted: false },
      });
      expect(rest).toMatchObject([
        { __typename: 'MessageEdited', seq: 2, message: { id: message.id, text: 'Hello!', isEdited: true } },
        { __typename: 'MemberAdded', seq: 3, user: { username: dora.username } },
        { __typename: 'MemberRemoved', seq: 4, user: { username: dora.username }, left: true },
        { __typename: 'ChatUpdated', seq: 5 },
        { __typename: 'MessagesDeleted', seq: 6, messageIds: [message.id] },
        { __typename: 'ChatUpdated', seq: 7 },
      ]);
    }
  });

  it('S2.21 each chat is for itself: who follows one sees nothing of another', async () => {
    const [one, other] = [await group(), await group()];
    const [inOne, inOther] = await Promise.all([
      one.boris.follow(one.chat, { over }),
      one.boris.follow(other.chat, { over }),
    ]);
    await Promise.all([inOne.event('ChatReady'), inOther.event('ChatReady')]);

    for (const number of upTo(5)) {
      await one.ada.send(one.chat, `one ${number}`);
      await one.ada.send(other.chat, `other ${number}`);
    }
    // Each is the other's fence.
    await until(() => sentSeqs(inOne).length >= 5 && sentSeqs(inOther).length >= 5, 'five in each');

    expect(sentTexts(inOne)).toEqual(upTo(5).map((number) => `one ${number}`));
    expect(sentTexts(inOther)).toEqual(upTo(5).map((number) => `other ${number}`));
    expect(inOne.events.every((event) => !('chatId' in event) || event.chatId === one.chat.id)).toBe(true);
  });

  // S2.4 S2.9 S2.17
  it('the others see who types, and until when; not they themselves', async () => {
    const { ada, boris, chat } = await group();
    const [atAda, atBoris] = await Promise.all([ada.follow(chat, { over }), boris.follow(chat, { over })]);
    await Promise.all([atAda.event('ChatReady'), atBoris.event('ChatReady')]);

    const { setTyping } = await ada.ask(SetTypingDocument, { chatId: chat.id, isTyping: true });
    const typing = await atBoris.event('TypingChanged');
    await ada.ask(SetTypingDocument, { chatId: chat.id, isTyping: false });
    const stopped = await atBoris.event('TypingChanged');
    await say(ada, chat, 'the fence');
    await atAda.event('MessageSent');

    expect(setTyping).toEqual({ __typename: 'SetTypingSuccess', expiresAt: typing.expiresAt });
    expect(typing).toMatchObject({ user: { username: ada.username }, isTyping: true });
    const lasts = new Date(typing.expiresAt as string).getTime() - Date.now();
    expect(lasts).toBeGreaterThan(2000);
    expect(lasts).toBeLessThanOrEqual(5000);
    expect(stopped).toMatchObject({ user: { username: ada.username }, isTyping: false, expiresAt: null });
    expect(atAda.events.map(({ __typename }) => __typename)).toEqual(['ChatReady', 'MessageSent']);
  });

  it('S2.4 S2.9 typing ends with the message, and with the removal, at once and once', async () => {
    const { root, ada, boris, chat } = await group();
    const atBoris = await boris.follow(chat, { over });
    await atBoris.event('ChatReady');
    const type = (isTyping: boolean) => ada.ask(SetTypingDocument, { chatId: chat.id, isTyping });
    const typing = () => atBoris.events.flatMap((event) => ('isTyping' in event ? [event.isTyping] : []));

    await type(true);
    await atBoris.event('TypingChanged');
    await say(ada, chat, 'sent');
    expect(await atBoris.event('TypingChanged')).toMatchObject({
      user: { username: ada.username },
      isTyping: false,
      expiresAt: null,
    });
    await type(false);
    await type(true);
    await atBoris.event('TypingChanged');
    await root.ask(RemoveChatMemberDocument, { chatId: chat.id, userId: ada.id });
    expect(await atBoris.event('TypingChanged')).toMatchObject({ user: { username: ada.username }, isTyping: false });
    await say(boris, chat, 'the fence');
    while ((await atBoris.event('MessageSent')).message.text !== 'the fence');

    expect(typing()).toEqual([true, false, true, false]);
    const ends = atBoris.events.filter((event) => !('isTyping' in event && event.isTyping));
    expect(ends.map(({ __typename }) => __typename)).toEqual([
      'ChatReady',
      'MessageSent',
      'TypingChanged',
      'MemberRemoved',
      'TypingChanged',
      'MessageSent',
    ]);
  });

  it('S2.5 S2.10 all see how far somebody has read', async () => {
    const { ada, boris, chat } = await group();
    const [atAda, atBoris] = await Promise.all([ada.follow(chat, { over }), boris.follow(chat, { over })]);
    await Promise.all([atAda.event('ChatReady'), atBoris.event('ChatReady')]);
    await say(ada, chat, 'one');
    await say(ada, chat, 'two');

    await boris.ask(MarkReadDocument, { chatId: chat.id });

    for (const following of [atAda, atBoris]) {
      expect(await following.event('MessagesRead')).toMatchObject({
        user: { username: boris.username },
        lastReadSeq: 2,
      });
    }
  });

  it('S2.13 S2.19 a stranger is told that there is no such chat, and nothing else', async () => {
    const { ada, boris, chat } = await group();
    const stranger = await newPerson(node, 'stranger');
    const [following, known] = await Promise.all([stranger.follow(chat, { over }), boris.follow(chat, { over })]);
    await known.event('ChatReady');
    await ada.send(chat, 'among us');
    await known.event('MessageSent');

    expect(await following.ended).toBe('complete');
    expect(following.events).toMatchObject([{ __typename: 'SubscriptionEnded', code: 'CHAT_GONE' }]);
  });

  it('S1.10 S2.1 who is not signed in follows nothing', async () => {
    const { chat } = await group();
    const documents = [
      'subscription ($id: ID!) { chatEvents(chatId: $id) { __typename } }',
      'subscription ($id: ID!) { messageSent(chatId: $id) { seq } }',
      'subscription ($id: ID!) { typingChanged(chatId: $id) { isTyping } }',
      'subscription ($id: ID!) { messagesRead(chatId: $id) { lastReadSeq } }',
      'subscription { notificationReceived { id } }',
    ];

    for (const document of documents) {
      const live = await nobody(over, document, { id: chat.id });
      expect(await live.next()).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
      expect(await live.ended).toBe('complete');
    }
  });
});

/** Asks without a credential. */
const nobody = async (over: 'ws' | 'sse', document: string, variables: object) => {
  if (over === 'sse') return openEvents(node.endpoint, document, variables);
  return (await openSocket(node.socketUrl)).open(document, variables);
};

describe('one sort of event', () => {
  // S2.3 S2.4 S2.5
  it('comes alone over messageSent, typingChanged and messagesRead, and its end as one last error', async () => {
    const { root, ada, boris, chat } = await group();
    const socket = await boris.connect();
    const messages = socket.open(MessageSentDocument, { chatId: chat.id });
    const typing = socket.open(TypingChangedDocument, { chatId: chat.id });
    const reads = socket.open(MessagesReadDocument, { chatId: chat.id });
    // They have no ChatReady: that they stand is seen by what comes.
    let isOver = false;
    const rousing = (async () => {
      for (let isTyping = true; !isOver; isTyping = !isTyping) {
        await say(ada, chat, 'Hello');
        await ada.ask(SetTypingDocument, { chatId: chat.id, isTyping });
        await ada.ask(MarkReadDocument, { chatId: chat.id });
      }
    })();

    const received = await Promise.all([messages.next(), typing.next(), reads.next()]);
    isOver = true;
    await rousing;
    const { seq } = await say(ada, chat, 'the last');
    await root.ask(UpdateChatDocument, { input: { chatId: chat.id, name: 'Renamed' } });
    await root.ask(RemoveChatMemberDocument, { chatId: chat.id, userId: boris.id });

    expect(received).toMatchObject([
      { data: { messageSent: { message: { text: 'Hello', sender: { username: ada.username } } } } },
      { data: { typingChanged: { chatId: chat.id, user: { username: ada.username } } } },
      { data: { messagesRead: { chatId: chat.id, user: { username: ada.username } } } },
    ]);
    for (const live of [messages, typing, reads]) {
      expect(await live.ended).toBe('complete');
      const last = live.answers.at(-1)!;
      expect(last.errors).toMatchObject([{ extensions: { code: 'SUBSCRIPTION_ENDED', endCode: 'REMOVED' } }]);
      for (const { errors } of live.answers.slice(0, -1)) expect(errors).toBeUndefined();
    }
    expect(messages.answers.at(-2)).toMatchObject({ data: { messageSent: { seq, message: { text: 'the last' } } } });
  });

  it('messageSent resumes after a cursor: in order and once', async () => {
    const { ada, boris, chat } = await group();
    for (const number of upTo(5)) await say(ada, chat, `text ${number}`);
    const socket = await boris.connect();

    const messages = socket.open(MessageSentDocument, { chatId: chat.id, after: chat.cursor });
    await until(() => messages.answers.length >= 5, 'five messages');
    await say(ada, chat, 'text 6');
    await until(() => messages.answers.length >= 6, 'the sixth');

    expect(messages.answers.map(({ data }) => data?.messageSent.seq)).toEqual(upTo(6));
  });
});

describe('a socket', () => {
  // S0.6 S3.14 S3.16 S3.17
  it('answers each of many operations at once under its own id', async () => {
    const { ada, chat } = await group();
    const socket = await ada.connect();

    const answers = await Promise.all(
      upTo(50).map(async (number) => {
        const text = number % 10 === 0 ? '' : `text ${number}`;
        const { data } = await socket.ask(SendMessageDocument, { input: { chatId: chat.id, text } });
        return [text, data?.sendMessage] as const;
      }),
    );

    for (const [text, answer] of answers)
      expect(answer).toMatchObject(text === '' ? { __typename: 'TextEmptyError' } : { message: { text } });
    expect(socket.socket.readyState).toBe(socket.socket.OPEN);
  });

  it('S2.11 S2.14 goes on after an operation that was refused, and what it follows goes on too', async () => {
    const { ada, boris, chat } = await group();
    const following = await boris.follow(chat);
    await following.event('ChatReady');

    const refused = await following.socket!.ask('{ nothing }');
    await say(ada, chat, 'Hello');

    expect(refused.errors).toMatchObject([{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }]);
    expect(await following.event('MessageSent')).toMatchObject({ message: { text: 'Hello' } });
  });

  it('C6 leaves a chat that it follows by completing, which ends no membership', async () => {
    const { ada, boris, chat } = await group();
    const following = await boris.follow(chat);
    await following.event('ChatReady');

    await following.stop();
    await say(ada, chat, 'while away');
    const again = await boris.follow(chat);
    expect(await again.event('ChatReady')).toMatchObject({ headSeq: 1, unreadCount: 1 });
    await say(boris, chat, 'back');

    await again.event('MessageSent');
    expect(sentTexts(following)).toEqual([]);
  });

  it('S2.8 C2 replays what was edited and deleted since as it is now', async () => {
    const { ada, boris, chat } = await group();
    const [edited, deleted] = [await say(ada, chat, 'first'), await say(ada, chat, 'secret')];
    await ada.ask(EditMessageDocument, { messageId: edited.id, text: 'changed' });
    await ada.ask(DeleteMessagesDocument, { chatId: chat.id, messageIds: [deleted.id] });

    const following = await boris.follow(chat, { after: chat.cursor });
    await following.event('ChatReady');

    expect(following.events.slice(0, -1)).toMatchObject([
      { __typename: 'MessageSent', seq: 1, message: { text: 'changed', isEdited: true } },
      { __typename: 'MessageSent', seq: 2, message: { text: null, isDeleted: true } },
      { __typename: 'MessageEdited', seq: 3, message: { text: 'changed' } },
      { __typename: 'MessagesDeleted', seq: 4, messageIds: [deleted.id] },
    ]);
    expect(JSON.stringify(following.answers)).not.toContain('secret');
  });
});

it('S0.13 S1.10 who is not signed in asks and changes nothing, but may ask who they are', async () => {
  const { chat } = await group();
  const anonymous = await post(node.endpoint, '{ viewer { id } }');
  expect(anonymous).toMatchObject({ status: 200, data: { viewer: null } });
  const refused = { chats: null, chat: null, users: null, user: null, notifications: null, unreadCount: null };
  const answer = await post(
    node.endpoint,
    `{ viewer { id } chats { nodes { id } } chat(id: "${chat.id}") { id } users { nodes { id } } user(username: "x") { id }
      notifications { nodes { id } } unreadCount }`,
  );
  expect(answer.data).toEqual({ viewer: null, ...refused });
  expect(answer.errors!.map(({ path, extensions }) => [path, extensions?.code])).toEqual(
    Object.keys(refused).map((field) => [[field], 'UNAUTHENTICATED']),
  );
  for (const document of [
    `mutation { sendMessage(input: { chatId: "${chat.id}", text: "x" }) { __typename } }`,
    `mutation { markRead(input: { chatId: "${chat.id}" }) { __typename } }`,
    'mutation { createChat(input: { name: "x" }) { __typename } }',
  ]) {
    const { errors, data } = await post(node.endpoint, document);
    expect(errors, document).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
    expect(Object.values(data ?? { none: null })[0], document).toBeNull();
  }
});

/** Who has which chat open: one connection for each user and chat, the newest; and who has joined, who alone writes in a match. */
import { describe, expect, it } from 'vitest';
import {
  ChatEventsDocument,
  DeleteMessagesDocument,
  EditMessageDocument,
  MarkReadDocument,
  MessageSentDocument,
  MessagesReadDocument,
  SetBrandPlanDocument,
  SetTypingDocument,
  TypingChangedDocument,
} from '../support/generated/operations.js';
import { ownNode } from '../support/node.js';
import { administrator, groupChat, matchOf, newPerson, say, type Person } from '../support/people.js';
import { openEvents } from '../support/sse.js';
import { until } from '../support/until.js';

const node = ownNode({ chatConnectionsPerUser: 1 });

const overEvents = (person: Person, chatId: string) =>
  openEvents(person.node.endpoint, ChatEventsDocument, { chatId }, { token: person.session.accessToken });

const TAKEN = { __typename: 'SubscriptionEnded', code: 'TAKEN_OVER' };
const TAKEN_ERROR = { code: 'SUBSCRIPTION_ENDED', endCode: 'TAKEN_OVER' };

describe('S2.24 C4 a user has a chat open by one connection', () => {
  it('the newest: an older socket or event stream is told why, and completed', async () => {
    const { ada, chat } = await groupChat(node);

    const first = await ada.follow(chat);
    await first.event('ChatReady');
    const second = await overEvents(ada, chat.id);
    await second.next();
    expect(await first.event('SubscriptionEnded')).toMatchObject(TAKEN);
    expect(await first.ended).toBe('complete');

    const third = await ada.follow(chat);
    await third.event('ChatReady');
    expect((await second.next()).data?.chatEvents).toMatchObject(TAKEN);
    expect(await second.ended).toBe('complete');
    await ada.send(chat, 'still here');
    expect(await third.event('MessageSent')).toMatchObject({ message: { text: 'still here' } });
  });

  it('counting messageSent, typingChanged and messagesRead, and all that one socket follows once', async () => {
    const { ada, boris, chat } = await groupChat(node);
    const chatId = chat.id;
    const socket = await ada.connect();
    const documents = [ChatEventsDocument, MessageSentDocument, TypingChangedDocument, MessagesReadDocument];
    const [all, ...single] = documents.map((document) =>
      socket.open(document as typeof ChatEventsDocument, { chatId }),
    );
    expect((await all!.next()).data?.chatEvents.__typename).toBe('ChatReady');
    // None of the others says that it has begun: each is given something to tell until it has told something.
    while (single.some(({ answers }) => answers.length === 0)) {
      await ada.send(chat, 'Hello');
      await boris.ask(SetTypingDocument, { chatId, isTyping: true });
      await boris.ask(MarkReadDocument, { chatId });
    }
    for (const { answers } of [all!, ...single]) expect(answers.filter(({ errors }) => errors)).toEqual([]);

    for (const document of documents.slice(1)) {
      const other = await ada.connect();
      other.open(document as typeof ChatEventsDocument, { chatId });
      if (document === MessageSentDocument) {
        await expect.poll(() => all!.answers.at(-1)!.data?.chatEvents).toMatchObject(TAKEN);
        for (const { answers } of single) {
          await expect.poll(() => answers.at(-1)!.errors?.[0]?.extensions).toMatchObject(TAKEN_ERROR);
        }
      }
    }
  });

  it('C11 S3.26 leaving alone other chats, other people, `events` and `notificationReceived`', async () => {
    const { ada, boris, root, chat } = await groupChat(node);
    const socket = await ada.connect();
    const news = socket.open<{ events: { __typename: string } }, object>('subscription { events { __typename } }');
    const told = socket.open('subscription { notificationReceived { id } }');
    while ((await news.next()).data?.events.__typename !== 'ViewerReady');
    const others = await boris.follow(chat);
    await others.event('ChatReady');

    for (const _ of [1, 2]) await (await ada.follow(chat)).event('ChatReady');
    await boris.send(chat, 'Hello');

    expect(await others.event('MessageSent')).toMatchObject({ seq: 1 });
    expect((await news.next()).data?.events.__typename).toBe('MessageSent');
    expect((await told.next()).data).toHaveProperty('notificationReceived');
    expect(root.id).toBeTruthy();
  });

  it('and is refused none where it sees no such chat', async () => {
    const { ada, chat } = await groupChat(node);
    const following = await ada.follow(chat);
    await following.event('ChatReady');
    const stranger = await newPerson(node);

    const refused = await stranger.follow(chat);
    expect(await refused.event('SubscriptionEnded')).toMatchObject({ code: 'CHAT_GONE' });
    await ada.send(chat, 'Hello');
    expect(await following.event('MessageSent')).toMatchObject({ seq: 1 });
  });
});

const aMatch = async () => {
  const [root, ada, boris] = await Promise.all([administrator(node), newPerson(node, 'ada'), newPerson(node, 'boris')]);
  return { root, ada, ...(await matchOf(root, [ada, boris])) };
};

/** What writing is answered, in each way there is. */
const writesOf = async (person: Person, chat: { id: string }, own: { id: string } | null) => {
  const typing = await person.ask(SetTypingDocument, { chatId: chat.id, isTyping: true });
  const answers = [(await person.send(chat, 'Hello')).__typename, typing.setTyping?.__typename];
  if (own === null) return answers;
  const edited = await person.ask(EditMessageDocument, { messageId: own.id, text: `edited ${Math.random()}` });
  const deleted = await person.ask(DeleteMessagesDocument, { chatId: chat.id, messageIds: [own.id] });
  return [...answers, edited.editMessage?.__typename, deleted.deleteMessages?.__typename];
};

const canSend = async (person: Person, chat: { id: string }) =>
  (
    await person.ask<{ chat: { permissions: { canSend: boolean } } }, object>(
      'query ($id: ID!) { chat(id: $id) { permissions { canSend } } }',
      { id: chat.id },
    )
  ).chat.permissions.canSend;

describe('C10 in a match', () => {
  // S3.5 S3.6 S3.19 S3.20 S3.21 S3.28 S3.29
  it('members write while they follow chatEvents, from ChatReady on, and not after', async () => {
    const { ada, chat } = await aMatch();
    expect(await writesOf(ada, chat, null)).toEqual(['NotJoinedError', 'NotJoinedError']);
    expect(await canSend(ada, chat)).toBe(false);
    const socket = await ada.connect();
    const only = socket.open(MessageSentDocument, { chatId: chat.id });

    const following = await ada.follow(chat);
    await following.event('ChatReady');
    const message = await say(ada, chat, 'Mine');
    expect(await canSend(ada, chat)).toBe(true);
    expect((await only.next()).errors?.[0]?.extensions).toMatchObject(TAKEN_ERROR);

    await following.stop();
    let answers: unknown[] = [];
    await until(() => {
      void writesOf(ada, chat, message).then((now) => (answers = now));
      return answers.length > 0 && answers.every((answer) => answer === 'NotJoinedError');
    }, 'nothing to be written any more');
  });

  // S3.1 S3.8 S3.9 S3.10 S3.12
  it('administrators view any, and write where they have joined and a brand has BUSINESS', async () => {
    const { root, ada, brandIds, chat } = await aMatch();
    const following = await ada.follow(chat);
    await following.event('ChatReady');
    const hers = await say(ada, chat, 'Hers');
    expect(await writesOf(root, chat, null)).toEqual(['PlanRequiredError', 'PlanRequiredError']);
    const remove = async () =>
      (await root.ask(DeleteMessagesDocument, { chatId: chat.id, messageIds: [hers.id] })).deleteMessages?.__typename;
    expect(await remove()).toBe('PlanRequiredError');

    await root.ask(SetBrandPlanDocument, { brandId: brandIds[1]!, plan: 'BUSINESS' });
    expect(await following.event('ChatUpdated')).toMatchObject({ chatId: chat.id });
    expect(await writesOf(root, chat, null)).toEqual(['NotJoinedError', 'NotJoinedError']);
    expect(await remove()).toBe('NotJoinedError');

    const roots = await root.follow(chat);
    await roots.event('ChatReady');
    expect(await writesOf(root, chat, null)).toEqual(['SendMessageSuccess', 'SetTypingSuccess']);
    expect(await remove()).toBe('DeleteMessagesSuccess');
    await root.ask(SetBrandPlanDocument, { brandId: brandIds[1]!, plan: 'FREE' });
    expect(await writesOf(root, chat, null)).toEqual(['PlanRequiredError', 'PlanRequiredError']);
  });

  it('S3.30 a chat that was matched after the socket opened can be joined at once', async () => {
    const early = await newPerson(node, 'early');
    const socket = await early.connect();
    await socket.ask('{ viewer { id } }');
    const { ada, chat } = await aMatch();
    const adas = await ada.connect();

    const live = adas.open(ChatEventsDocument, { chatId: chat.id });
    expect((await live.next()).data?.chatEvents.__typename).toBe('ChatReady');
    const stranger = socket.open(ChatEventsDocument, { chatId: chat.id });
    expect((await stranger.next()).data?.chatEvents).toMatchObject({ code: 'CHAT_GONE' });
  });

  it('over Server-Sent Events one joins as well', async () => {
    const { ada, chat } = await aMatch();
    const live = await overEvents(ada, chat.id);
    await live.next();

    expect((await ada.send(chat, 'Hello')).__typename).toBe('SendMessageSuccess');
  });
});

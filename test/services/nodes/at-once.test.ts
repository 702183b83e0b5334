/** What is done on two nodes at once is done once, and both are told the same. */
import { describe, expect, it } from 'vitest';
import {
  AddChatMemberDocument,
  CloseChatDocument,
  OpenDirectChatDocument,
  RemoveChatMemberDocument,
  ReopenChatDocument,
  UpdateChatDocument,
} from '../../support/generated/operations.js';
import { idIn, must } from '../../support/change.js';
import { ownNodes } from '../../support/nodes.js';
import { parley } from '../../support/parley.js';
import {
  administrator,
  groupChat,
  groupOf,
  headSeq,
  newPerson,
  signIn,
  staffMember,
  type Chat,
  type Person,
} from '../../support/people.js';
import { upTo } from '../../support/sent.js';

const nodes = ownNodes({ settings: { MESSAGES_PER_MINUTE: '10' } });

const TIMES = 10;

/** Two administrators, one at each node. */
const administrators = async (): Promise<[Person, Person]> => {
  const [username, password] = ['second', 'the password of second'];
  const args = ['create-admin', '--username', username, '--email', 'second@example.org', '--password', password];
  expect((await parley(args, { env: nodes.environment })).code).toBe(0);
  return [await administrator(nodes.one), await signIn(nodes.other, username, password)];
};

const eventsAfter = async (person: Person, chat: Chat) => {
  const following = await person.follow(chat, { after: chat.cursor });
  await following.event('ChatReady');
  await following.stop();
  return following.events.slice(0, -1);
};

describe('two nodes at once', () => {
  it('S4.7 open one dialog from both sides', async () => {
    for (const _ of upTo(TIMES)) {
      const [ada, boris] = [await newPerson(nodes.one, 'ada'), await newPerson(nodes.other, 'boris')];

      const opened = await Promise.all([
        ada.ask(OpenDirectChatDocument, { userId: boris.id }),
        boris.ask(OpenDirectChatDocument, { userId: ada.id }),
        ada.at(nodes.other).ask(OpenDirectChatDocument, { userId: boris.id }),
        boris.at(nodes.one).ask(OpenDirectChatDocument, { userId: ada.id }),
      ]);

      const answers = opened.map(({ openDirectChat: answer }) => {
        if (answer?.__typename !== 'OpenDirectChatSuccess') throw new Error(JSON.stringify(answer));
        return { id: answer.chat.id, created: answer.created };
      });
      expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
      expect(answers.filter(({ created }) => created)).toHaveLength(1);
    }
  });

  // S0.9 S3.2 S4.13
  it('make one relation, one match and one order chat, with one notification each', async () => {
    const [root, second] = [await administrator(nodes.one), (await administrator(nodes.one)).at(nodes.other)];
    for (const number of upTo(TIMES)) {
      const [manager, ada, boris] = await Promise.all([
        staffMember(nodes.one, 'MANAGER'),
        newPerson(nodes.one, 'ada'),
        newPerson(nodes.one, 'boris'),
      ]);
      const brandIds: string[] = [];
      for (const { id: ownerId } of [ada, boris]) {
        const made = await must(root, 'createBrand', { ownerId, name: 'Brand' });
        brandIds.push(idIn(made, 'brand'));
      }
      const there = manager.at(nodes.other);
      const relation = { managerId: manager.id, clientId: ada.id };
      const order = { orderRef: `order ${number} of ${manager.username}`, memberIds: [ada.id] };

      const answers = await Promise.all([
        ...[manager, there, root, second].map((one) => must(one, 'createRelation', relation)),
        ...[root, second, root, second].map((one) => must(one, 'createMatch', { brandIds })),
        ...[manager, there, manager, there].map((one) => must(one, 'openOrderChat', order)),
      ]);

      for (const [start, name] of [
        [0, 'relation'],
        [4, 'chat'],
        [8, 'chat'],
      ] as const) {
        const same = answers.slice(start, start + 4);
        expect(new Set(same.map((answer) => idIn(answer, name))).size).toBe(1);
        expect(same.filter(({ created }) => created === true)).toHaveLength(1);
      }
      const { notifications } = await ada.ask<{ notifications: { nodes: { kind: string }[] } }, object>(
        '{ notifications { nodes { kind } } }',
      );
      expect(notifications.nodes.map(({ kind }) => kind).sort()).toEqual([
        'CHAT_ADDED',
        'MATCH_CREATED',
        'RELATION_CREATED',
      ]);
    }
  });

  it('S3.23 S3.33 delete the same messages from two sides: each is gone once, with as many events as deletions that did anything', async () => {
    const { ada, root, chat } = await groupChat(nodes.one);
    const sent = await Promise.all(upTo(10).map((number) => ada.send(chat, `text ${number}`)));
    const messageIds = sent.map((answer) => (answer.__typename === 'SendMessageSuccess' ? answer.message.id : ''));

    const deleted = await Promise.all([
      must(ada, 'deleteMessages', { chatId: chat.id, messageIds }),
      must(ada.at(nodes.other), 'deleteMessages', { chatId: chat.id, messageIds: [...messageIds].reverse() }),
      must(root.at(nodes.other), 'deleteMessages', { chatId: chat.id, messageIds: messageIds.slice(0, 5) }),
    ]);

    expect(deleted.map(({ deletedIds }) => (deletedIds as string[]).length)).toEqual([10, 10, 5]);
    const events = await eventsAfter(ada, chat);
    const gone = events.flatMap((event) => (event.__typename === 'MessagesDeleted' ? event.messageIds : []));
    expect([...gone].sort()).toEqual([...messageIds].sort());
  });

  it('S1.13 S1.14 two administrators add, close, rename, reopen and remove: each once, with one event', async () => {
    const [root, second] = await administrators();
    const [ada, boris] = [await newPerson(nodes.one, 'ada'), await newPerson(nodes.one, 'boris')];

    for (const number of upTo(TIMES)) {
      const chat = await groupOf(root, ada);
      const both = <Answer>(work: (one: Person) => Promise<Answer>) => Promise.all([work(root), work(second)]);
      const { id: chatId } = chat;
      const name = `Renamed ${number}`;
      const added = await both((one) => one.ask(AddChatMemberDocument, { chatId, userId: boris.id }));
      const renamed = await both((one) => one.ask(UpdateChatDocument, { input: { chatId, name } }));
      const closed = await both((one) => one.ask(CloseChatDocument, { chatId }));
      const reopened = await both((one) => one.ask(ReopenChatDocument, { chatId }));
      const removed = await both((one) => one.ask(RemoveChatMemberDocument, { chatId, userId: boris.id }));

      for (const [first, other] of [added, renamed, closed, reopened]) {
        expect(Object.values(first)[0]).toMatchObject({ __typename: expect.stringMatching(/Success$/) as string });
        expect(other).toEqual(first);
      }
      // Who is none any more cannot be removed.
      expect(removed.map(({ removeChatMember: answer }) => answer?.__typename).sort()).toEqual([
        'NotFoundError',
        'RemoveChatMemberSuccess',
      ]);
      expect(await eventsAfter(ada, chat)).toMatchObject([
        { __typename: 'MemberAdded', seq: 1, user: { username: boris.username } },
        { __typename: 'ChatUpdated', seq: 2 },
        { __typename: 'ChatUpdated', seq: 3 },
        { __typename: 'ChatUpdated', seq: 4 },
        { __typename: 'MemberRemoved', seq: 5, user: { username: boris.username } },
      ]);
    }
  });

  it('send one message for one clientMessageId, and give the first answer to whoever repeats it', async () => {
    const { ada, chat } = await groupChat(nodes.one);
    const places = [ada.at(nodes.one), ada.at(nodes.other)];

    for (const number of upTo(5)) {
      const answers = await Promise.all(
        [...places, ...places].map((one) => one.send(chat, `text ${number}`, `key ${number}`)),
      );

      const messages = answers.map((answer) => {
        if (answer.__typename !== 'SendMessageSuccess') throw new Error(JSON.stringify(answer));
        return answer;
      });
      expect(messages.filter(({ deduplicated }) => !deduplicated)).toHaveLength(1);
      for (const { message } of messages) expect(message).toEqual(messages[0]!.message);
    }
    expect(await ada.at(nodes.other).send(chat, 'another text', 'key 1')).toMatchObject({
      __typename: 'IdempotencyConflictError',
      message: { seq: 1, text: 'text 1' },
    });
    expect(await headSeq(ada, chat)).toBe(5);
  });

  it('S2.23 C5 let a user send ten messages a minute in all, however they are spread', async () => {
    const { ada, boris, chat } = await groupChat(nodes.one);
    const places = [ada.at(nodes.one), ada.at(nodes.other)];

    const answers = await Promise.all(upTo(24).map((number) => places[number % 2]!.send(chat, `text ${number}`)));

    const refused = answers.filter(({ __typename }) => __typename !== 'SendMessageSuccess');
    expect(refused).toHaveLength(14);
    for (const answer of [...refused, ...(await Promise.all(places.map((one) => one.send(chat, 'more'))))]) {
      if (answer.__typename !== 'RateLimitedError') throw new Error(JSON.stringify(answer));
      expect(answer.retryAfterMs).toBeGreaterThan(0);
      expect(answer.retryAfterMs).toBeLessThanOrEqual(60_000);
    }
    expect(await headSeq(ada, chat)).toBe(10);
    // Each user for themselves.
    expect(await boris.at(nodes.other).send(chat, 'and I?')).toMatchObject({ __typename: 'SendMessageSuccess' });
  });
});

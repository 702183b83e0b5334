/** What an operation costs the database, from the request on: so many statements, and no more with more to show. */
import { beforeAll, describe, expect, it } from 'vitest';
import { statementsOf } from '../support/graphql.js';
import { MessageSentDocument } from '../support/generated/operations.js';
import { ownNode } from '../support/node.js';
import {
  groupChat,
  groupOf,
  newPerson,
  relationOf,
  say,
  staffMember,
  type Chat,
  type Person,
} from '../support/people.js';
import { upTo } from '../support/sent.js';
import { until } from '../support/until.js';

const node = ownNode();

let people: Omit<Awaited<ReturnType<typeof groupChat>>, 'chat'>;
beforeAll(async () => {
  people = await groupChat(node);
});

/**
 * Without what the node asks for itself: what moved since the last second, and with it, where chats were made, who is in them now;
 * every two seconds, whether a session is still open; and, once a minute, who was seen.
 */
const costOf = async (work: () => Promise<unknown>): Promise<string[]> => {
  const statements = await statementsOf(work);
  return statements.filter(
    (text) => !/pg_current_snapshot|FROM session|INTO presence|AS "isFresh"|AS "isAhead"/.test(text),
  );
};

const group = () => groupOf(people.root, people.ada, people.boris);

type Work = () => Promise<unknown>;

/** Answers no more than whether it was done. */
const mutate = (person: Person, name: string, input: object) => {
  const type = `${name[0]!.toUpperCase()}${name.slice(1)}`;
  const document = `mutation ($input: ${type}Input!) { answer: ${name}(input: $input) { __typename } }`;
  return async () =>
    expect(await person.ask(document, { input })).toEqual({ answer: { __typename: `${type}Success` } });
};

describe('a mutation', () => {
  it.each<[what: string, count: number, prepare: (chat: Chat) => Work | Promise<Work>]>([
    ['sendMessage', 1, ({ id: chatId }) => mutate(people.ada, 'sendMessage', { chatId, text: 'Hello' })],
    [
      'sendMessage, repeated,',
      1,
      async ({ id: chatId }) => {
        const again = mutate(people.ada, 'sendMessage', { chatId, text: 'Hello', clientMessageId: 'key' });
        await again();
        return again;
      },
    ],
    [
      'editMessage',
      5,
      async (chat) =>
        mutate(people.ada, 'editMessage', { messageId: (await say(people.ada, chat, 'x')).id, text: 'y' }),
    ],
    [
      'deleteMessages, of twenty,',
      5,
      async (chat) => {
        const messages = await Promise.all(upTo(20).map((number) => say(people.ada, chat, `text ${number}`)));
        return mutate(people.ada, 'deleteMessages', { chatId: chat.id, messageIds: messages.map(({ id }) => id) });
      },
    ],
    [
      'markRead',
      2,
      async (chat) => {
        await say(people.ada, chat, 'Hello');
        return mutate(people.boris, 'markRead', { chatId: chat.id });
      },
    ],
    ['setTyping', 1, ({ id: chatId }) => mutate(people.ada, 'setTyping', { chatId, isTyping: true })],
    ['addChatMember', 5, ({ id: chatId }) => mutate(people.root, 'addChatMember', { chatId, userId: people.chen.id })],
    [
      'addChatMembers, of three,',
      5,
      async ({ id: chatId }) => {
        const strangers = await Promise.all(upTo(3).map(() => newPerson(node, 'somebody')));
        return mutate(people.root, 'addChatMembers', { chatId, userIds: strangers.map(({ id }) => id) });
      },
    ],
    [
      'upsertUsers, of fifty new ones,',
      5,
      () => mutate(people.root, 'upsertUsers', { users: upTo(50).map((number) => ({ externalId: `new ${number}` })) }),
    ],
    [
      'upsertUsers, of fifty changed ones,',
      5,
      async () => {
        const users = upTo(50).map((number) => ({ externalId: `known ${number}` }));
        await mutate(people.root, 'upsertUsers', { users })();
        return mutate(people.root, 'upsertUsers', { users: users.map((user) => ({ ...user, firstName: 'Ann' })) });
      },
    ],
    ['createUserToken', 1, () => mutate(people.root, 'createUserToken', { userId: people.ada.id })],
    [
      'sendMessage, with metadata,',
      1,
      ({ id: chatId }) => mutate(people.ada, 'sendMessage', { chatId, text: 'Hello', metadata: { a: 1 } }),
    ],
    [
      'removeChatMember',
      5,
      ({ id: chatId }) => mutate(people.root, 'removeChatMember', { chatId, userId: people.boris.id }),
    ],
    ['leaveChat', 5, ({ id: chatId }) => mutate(people.boris, 'leaveChat', { chatId })],
    ['updateChat', 4, ({ id: chatId }) => mutate(people.root, 'updateChat', { chatId, name: 'Renamed' })],
    ['closeChat', 4, ({ id: chatId }) => mutate(people.root, 'closeChat', { chatId })],
    ['reopenChat, where it is open,', 2, ({ id: chatId }) => mutate(people.root, 'reopenChat', { chatId })],
    [
      'createChat, of two,',
      6,
      () => mutate(people.root, 'createChat', { name: 'A group', memberIds: [people.ada.id, people.boris.id] }),
    ],
    [
      'openDirectChat',
      9,
      async () => mutate(people.ada, 'openDirectChat', { userId: (await newPerson(node, 'somebody')).id }),
    ],
    [
      'openDirectChat, where it is there,',
      2,
      async () => {
        const open = mutate(people.ada, 'openDirectChat', { userId: people.boris.id });
        await open();
        return open;
      },
    ],
  ])('%s takes %i', async (_what, count, prepare) => {
    const work = await prepare(await group());

    const statements = await costOf(work);

    expect(statements, statements.join('\n')).toHaveLength(count);
  });
});

/** Without its chat, which is read anew for each viewer. */
const NOTIFICATIONS = 'subscription { notificationReceived { kind unreadCount message { text } sender { username } } }';
interface Told {
  notificationReceived: { message: { text: string } | null };
}

describe('a page of relations', () => {
  it('S0.7 takes 8 with all that an inbox shows of them, however many they are', async () => {
    const manager = await staffMember(node, 'MANAGER');
    const inbox = /* GraphQL */ `
      query {
        relations {
          nodes {
            manager {
              username
            }
            client {
              username
            }
            chat {
              unreadCount
              lastMessage {
                text
                sender {
                  username
                }
                receiver {
                  username
                }
              }
              permissions {
                canSend
              }
              relation {
                id
              }
            }
          }
        }
      }
    `;
    const costs = [];
    for (const more of [1, 5]) {
      for (const _ of upTo(more)) {
        const client = await newPerson(node, 'client');
        const relation = await relationOf(manager, client);
        await say(client, relation.chat, 'Hello');
      }
      costs.push((await costOf(() => manager.ask(inbox))).length);
    }

    expect(costs).toEqual([8, 8]);
  });
});

describe('delivering', () => {
  it('takes nothing while the bell rings, however many follow', async () => {
    const chat = await group();
    const followings = await Promise.all(
      upTo(20).map((number) =>
        [people.ada, people.boris][number % 2]!.follow(chat, { over: number % 3 ? 'ws' : 'sse' }),
      ),
    );
    const messages = (await people.ada.connect()).open(MessageSentDocument, { chatId: chat.id });
    await Promise.all(followings.map((following) => following.event('ChatReady')));
    // Nothing tells when messageSent stands.
    while (messages.answers.length === 0) await say(people.ada, chat, 'standing');

    const statements = await costOf(async () => {
      for (const number of upTo(10)) await say(people.ada, chat, `text ${number}`);
      for (const following of followings) while ((await following.event('MessageSent')).message.text !== 'text 10');
      await until(() => messages.answers.at(-1)?.data?.messageSent.message.text === 'text 10', 'all over messageSent');
    });

    expect(statements, statements.join('\n')).toHaveLength(10);
  });

  it('takes one for all that a message notifies on this node', async () => {
    const others = await Promise.all(upTo(8).map(() => newPerson(node, 'other')));
    const chat = await groupOf(people.root, people.ada, ...others);
    const lives = await Promise.all(others.map(async (one) => (await one.connect()).open<Told, object>(NOTIFICATIONS)));
    const have = (text: string) =>
      lives.every(({ answers }) => answers.some(({ data }) => data?.notificationReceived.message?.text === text));
    // Nothing tells when they stand.
    while (!have('standing')) await say(people.ada, chat, 'standing');
    await say(people.ada, chat, 'settled');
    await until(() => have('settled'), 'all to be told');

    const statements = await costOf(async () => {
      await say(people.ada, chat, 'Hello');
      await until(() => have('Hello'), 'all to be told');
    });

    // And the send; a batch may be asked for in two halves.
    expect(statements.length, statements.join('\n')).toBeLessThanOrEqual(3);
  });
});

/** All that a list of chats may show of one, for each of its members. */
const OF_THE_CHAT = `chat {
  title unreadCount lastMessage { id text receiver { id } } firstUnreadMessage { text } memberCount metadata
  membership { lastReadSeq } permissions { canSend } members(first: 2) { nodes { user { username email } } }
  messages(last: 1) { nodes { text } } messagesAround(seq: 1, limit: 1) { nodes { seq } } log(last: 1) { nodes { seq } }
}`;

describe('what differs between the viewers of one message', () => {
  /** Statements of one message to so many members, of whom each gets the text first. */
  const costFor = async (members: number, document: string, textOf: (data: unknown) => string | undefined) => {
    const others = await Promise.all(upTo(members).map(() => newPerson(node, 'other')));
    const chat = await groupOf(people.root, people.ada, ...others);
    const lives = await Promise.all(others.map(async (one) => (await one.connect()).open<object, object>(document)));
    const have = (text: string) => lives.every(({ answers }) => answers.some(({ data }) => textOf(data) === text));
    // Nothing tells when they stand.
    while (!have('standing')) await say(people.ada, chat, 'standing');
    await say(people.ada, chat, 'settled');
    await until(() => have('settled'), 'all to be told');
    return costOf(async () => {
      await say(people.ada, chat, 'Hello');
      await until(() => have('Hello'), 'all to be told');
    });
  };

  it('is read together, where they select their chat with a notification', async () => {
    type Data = { notificationReceived: { message: { text: string } | null } } | null | undefined;
    const document =
      'subscription { notificationReceived { message { text } chat { title unreadCount lastMessage { id text } } } }';

    const statements = await costFor(12, document, (data) => (data as Data)?.notificationReceived.message?.text);

    // The send, the notifications, access, counts and last messages; a batch may be asked for in two halves.
    expect(statements.length, statements.join('\n')).toBeLessThanOrEqual(8);
  });

  it('is read together, whatever of their chat they select with an event', async () => {
    type Data = { events: { message?: { text: string } } } | null | undefined;
    const document = `subscription { events { ... on MessageSent {
      message { text sender { email brand { name } } } totalUnreadCount ${OF_THE_CHAT} } } }`;

    const statements = await costFor(12, document, (data) => (data as Data)?.events.message?.text);

    // One for each thing selected, four for the log.
    expect(statements.length, statements.join('\n')).toBeLessThanOrEqual(24);
  });
});

describe('a replay', () => {
  it('takes four for each two hundred events, beside those of subscribing', async () => {
    const chat = await group();
    // So that the node follows it already.
    await (await people.ada.follow(chat)).event('ChatReady');
    const replay = async (after: string | null) =>
      costOf(async () => (await people.boris.follow(chat, { after })).event('ChatReady'));
    const send = (count: number) => Promise.all(upTo(count).map((number) => say(people.ada, chat, `text ${number}`)));

    const without = await replay(null);
    await send(10);
    const ofTen = await replay(chat.cursor);
    await send(180);
    const ofMore = await replay(chat.cursor);
    await send(200);
    const ofTwoPages = await replay(chat.cursor);

    expect(ofTen.length - without.length, ofTen.join('\n')).toBe(4);
    expect(ofMore.length - without.length, ofMore.join('\n')).toBe(4);
    expect(ofTwoPages.length - without.length, ofTwoPages.join('\n')).toBe(8);
  });
});

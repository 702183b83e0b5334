/** The entries for Apollo and urql: what is on the screen is what the server has, whatever happens to the socket. */
import { gql, InMemoryCache } from '@apollo/client';
import { typePolicies } from '@parley-chat/client/apollo';
import { createConnection } from '@parley-chat/client/connection';
import { followableOf } from '@parley-chat/client/followable';
import possibleTypes from '@parley-chat/client/possibleTypes.json' with { type: 'json' };
import { getNamedType, print, validate, type GraphQLObjectType } from 'graphql';
import type { Client, SubscribePayload } from 'graphql-ws';
import { WebSocket } from 'ws';
import { describe, expect, it, onTestFinished } from 'vitest';
import { schema } from '../../src/graphql/schema.js';
import { decodeCursor, encodeCursor } from '../../src/log/cursor.js';
import { caches, type Root, type Screen, type Selection } from '../support/caches.js';
import { must } from '../support/change.js';
import { ownNode } from '../support/node.js';
import { groupChat, groupOf, type Chat, type Person } from '../support/people.js';
import { upTo } from '../support/sent.js';
import { until } from '../support/until.js';

const node = ownNode();

const connect = (person: Person): Client => {
  const client = createConnection({
    url: node.socketUrl,
    accessToken: () => person.session.accessToken,
    webSocketImpl: WebSocket,
  });
  onTestFinished(async () => client.dispose());
  return client;
};

/** Keeps back what answers some operations until it is given. */
const holding = (connection: Client, isHeld: (payload: SubscribePayload) => boolean) => {
  const answers: (() => void)[] = [];
  const hold = <Sent extends unknown[]>(take: (...sent: Sent) => void) => {
    return (...sent: Sent) => void answers.push(() => take(...sent));
  };
  const subscribe: Client['subscribe'] = (payload, sink) =>
    connection.subscribe(
      payload,
      isHeld(payload) ? { ...sink, next: hold(sink.next), complete: hold(sink.complete) } : sink,
    );
  return { connection: { ...connection, subscribe }, answers };
};

const textsOf = (screen: Screen) => screen.messages()?.map(({ text }) => text);

const listOf = (screen: Screen) =>
  screen.chats()?.map(({ unreadCount, lastMessage }) => `${lastMessage?.text ?? 'nothing'}, ${unreadCount} unread`);

/** What a chat shows, and all chats, followed from what was queried. */
const open = async (
  library: string,
  person: Person,
  chat: Chat,
  { root = 'events', by = 'nodes', chats }: Options = {},
) => {
  const connection = connect(person);
  const screen = caches[library]!(connection, chats);
  screen.show(chat.id, by);
  await until(() => screen.messages() !== null && screen.chats() !== null, 'the first answers');
  const following = screen.follow(root, chat.id);
  const ready = root === 'events' ? 'ViewerReady' : 'ChatReady';
  await until(() => screen.events.some(({ __typename: type }) => type === ready), 'ready');
  return { screen, connection, following };
};
interface Options {
  root?: Root;
  by?: Selection;
  chats?: { kind?: 'GROUP' | null; search?: string };
}

describe.each(Object.keys(caches))('with %s', (library) => {
  it.each([
    ['events', 'nodes'],
    ['chatEvents', 'edges'],
  ] as const)('shows 60 messages once and in order over six cut sockets, by %s and %s', async (root, by) => {
    const { ada, boris, chat } = await groupChat(node);
    const { screen, connection } = await open(library, boris, chat, { root, by });
    const texts = upTo(60).map((n) => `text ${n}`);
    let isOpen = true;
    connection.on('opened', () => (isOpen = true));
    connection.on('closed', () => (isOpen = false));

    for (const [index, text] of texts.entries()) {
      await ada.send(chat, text);
      if (index % 10 !== 5) continue;
      // With the package ws, cutting one that is still being opened is an uncaught error.
      await until(() => isOpen, 'the next socket');
      connection.terminate();
    }

    await until(() => screen.messages()!.length >= 60, 'all of them');
    expect(textsOf(screen)).toEqual(texts);
    expect(screen.messages()!.map(({ seq }) => seq)).toEqual(upTo(60));
    expect(screen.messages()![59]!.sender.username).toBe(ada.username);
    expect(screen.events.flatMap(({ __typename, seq }) => (__typename === 'MessageSent' ? [seq] : []))).toEqual(
      upTo(60),
    );
    await until(() => listOf(screen)![0] === 'text 60, 60 unread', 'the list of chats');
    expect(screen.warnings).toEqual([]);
  });

  it.each(['nodes', 'edges'] as const)('joins older pages of %s to what came live', async (by) => {
    const { ada, boris, chat } = await groupChat(node);
    for (const n of upTo(12)) await ada.send(chat, `text ${n}`);
    const { screen } = await open(library, boris, chat, { by });
    expect(textsOf(screen)).toEqual(
      upTo(12)
        .slice(-5)
        .map((n) => `text ${n}`),
    );

    await ada.send(chat, 'text 13');
    await until(() => screen.messages()!.length === 6, 'the live one');
    await screen.older();
    await until(() => screen.messages()!.length === 11, 'the page before');
    await ada.send(chat, 'text 14');
    await screen.older();

    await until(() => screen.messages()!.length === 14, 'all of them');
    expect(textsOf(screen)).toEqual(upTo(14).map((n) => `text ${n}`));
  });

  it('loses nothing that comes while a chat is being queried', async () => {
    const { root, ada, boris, chat } = await groupChat(node);
    const other = await groupOf(root, ada, boris);
    const { screen } = await open(library, boris, chat);
    const sending = (async () => {
      for (const n of upTo(30)) await ada.send(other, `text ${n}`);
    })();
    await until(() => screen.events.some(({ seq }) => seq === 10), 'some');

    screen.show(other.id, 'nodes');
    await sending;
    await ada.send(other, 'the last');

    await until(() => textsOf(screen)?.at(-1) === 'the last', 'the last');
    const seqs = screen.messages()!.map(({ seq }) => seq);
    expect(seqs).toEqual(upTo(31).slice(-seqs.length));
  });

  it('keeps texts that are deleted deleted, and edits', async () => {
    const { ada, boris, chat } = await groupChat(node);
    const ids: string[] = [];
    for (const n of upTo(3)) {
      const answer = await ada.send(chat, `text ${n}`);
      if (answer.__typename === 'SendMessageSuccess') ids.push(answer.message.id);
    }
    const { screen } = await open(library, boris, chat);

    await ada.ask('mutation ($input: DeleteMessagesInput!) { deleteMessages(input: $input) { __typename } }', {
      input: { chatId: chat.id, messageIds: [ids[0]] },
    });
    await ada.ask('mutation ($id: ID!) { editMessage(input: { messageId: $id, text: "mended" }) { __typename } }', {
      id: ids[1],
    });

    await until(() => textsOf(screen)![1] === 'mended', 'the edit');
    expect(textsOf(screen)).toEqual([null, 'mended', 'text 3']);
    expect(screen.messages()!.map(({ isDeleted }) => isDeleted)).toEqual([true, false, false]);
  });

  it.each(['events', 'chatEvents'] as const)(
    'keeps edits and deletes that %s told while an older answer was on its way',
    async (root) => {
      const { ada, boris, chat } = await groupChat(node);
      const ids: string[] = [];
      for (const n of upTo(3)) {
        const answer = await ada.send(chat, `text ${n}`);
        if (answer.__typename === 'SendMessageSuccess') ids.push(answer.message.id);
      }
      const held = holding(connect(boris), ({ query }) => query.includes('History'));
      const screen = caches[library]!(held.connection);
      screen.show(chat.id, 'nodes');
      await until(() => held.answers.length > 0 && screen.chats() !== null, 'the first answers');
      screen.follow(root, chat.id);

      await ada.ask('mutation ($input: DeleteMessagesInput!) { deleteMessages(input: $input) { __typename } }', {
        input: { chatId: chat.id, messageIds: [ids[0]] },
      });
      for (const text of ['first', 'mended'])
        await ada.ask('mutation ($input: EditMessageInput!) { editMessage(input: $input) { __typename } }', {
          input: { messageId: ids[1], text },
        });
      const told = () => screen.events.filter(({ __typename: type }) => /Deleted|Edited/.test(type)).length;
      await until(() => told() === 3, 'what changed');
      for (const give of held.answers) give();

      await until(() => screen.messages() !== null, 'the older answer');
      expect(textsOf(screen)).toEqual([null, 'mended', 'text 3']);
      expect(screen.messages()!.map(({ isDeleted }) => isDeleted)).toEqual([true, false, false]);
      expect(screen.warnings).toEqual([]);
    },
  );

  it.each<[string, Options['chats']]>([
    ['of any kind', {}],
    ['where the kind is null', { kind: null }],
    ['of one kind', { kind: 'GROUP' }],
  ])('lists chats %s by what happened last, with new ones and without those that were left', async (_which, chats) => {
    const { root, ada, boris, chat } = await groupChat(node);
    const second = await groupOf(root, ada, boris);
    await ada.send(chat, 'one');
    const { screen } = await open(library, boris, chat, { chats });
    await until(() => listOf(screen)?.[0] === 'one, 1 unread', 'the first');

    await ada.send(second, 'two');
    await until(() => listOf(screen)?.[0] === 'two, 1 unread', 'the second on top');
    const third = await groupOf(root, ada, boris);
    await until(() => screen.chats()!.length === 3, 'the third');
    await ada.send(third, 'three');
    await until(() => listOf(screen)?.[0] === 'three, 1 unread', 'the third on top');
    await boris.ask('mutation ($id: ID!) { leaveChat(input: { chatId: $id }) { __typename } }', { id: second.id });

    await until(() => screen.chats()!.length === 2, 'the second is gone');
    expect(listOf(screen)).toEqual(['three, 1 unread', 'one, 1 unread']);
  });

  it('T23 lists pinned chats first, and leaves archived ones out until somebody writes', async () => {
    const { root, ada, boris, chat } = await groupChat(node);
    const second = await groupOf(root, ada, boris);
    await ada.send(chat, 'one');
    await ada.send(second, 'two');
    const { screen } = await open(library, boris, chat);
    const shows = (...texts: string[]) =>
      until(() => listOf(screen)?.join() === texts.map((text) => `${text}, 1 unread`).join(), texts.join(', '));
    await shows('two', 'one');

    await must(boris, 'updateChatSettings', { chatId: chat.id, isPinned: true });
    await shows('one', 'two');
    await must(boris, 'updateChatSettings', { chatId: second.id, isArchived: true });
    await shows('one');
    await must(boris, 'markRead', { chatId: second.id });
    await ada.send(second, 'three');
    await shows('one', 'three');
    expect(screen.warnings).toEqual([]);
  });

  it('T40 takes into a list that was searched nothing that it was not given, and leaves out what is gone', async () => {
    const { root, ada, boris, chat } = await groupChat(node);
    await must(root, 'updateChat', { chatId: chat.id, name: 'Chess' });
    const { screen } = await open(library, boris, chat, { chats: { search: 'chess' } });
    expect(screen.chats()).toHaveLength(1);

    await groupOf(root, ada, boris);
    await until(() => screen.events.some(({ __typename: type }) => type === 'ChatAdded'), 'the second');
    expect(screen.chats()).toHaveLength(1);
    await must(boris, 'leaveChat', { chatId: chat.id });
    await until(() => screen.chats()?.length === 0, 'that it was left');
  });

  it('goes on from where it was, left and entered again', async () => {
    const { ada, boris, chat } = await groupChat(node);
    const { screen, following } = await open(library, boris, chat);
    await ada.send(chat, 'one');
    await until(() => screen.messages()!.length === 1, 'one');

    following.stop();
    await ada.send(chat, 'two');
    screen.follow('events', chat.id);

    await until(() => screen.messages()!.length === 2, 'two');
    const sent = screen.events.filter(({ __typename: type }) => type === 'MessageSent');
    expect(sent.map(({ seq }) => seq)).toEqual([1, 2]);
  });

  it('shows who has read how far, and who is a member', async () => {
    const { root, ada, boris, chen, chat } = await groupChat(node);
    const { screen } = await open(library, boris, chat);
    await ada.send(chat, 'one');

    await chen.ask('mutation ($id: ID!) { markRead(input: { chatId: $id }) { __typename } }', { id: chat.id });
    await until(() => screen.read()!.includes(1), 'that it was read');
    expect(screen.read()).toEqual([0, 0, 1]);
    await root.ask('mutation ($input: RemoveChatMemberInput!) { removeChatMember(input: $input) { __typename } }', {
      input: { chatId: chat.id, userId: chen.id },
    });

    await until(() => screen.read()?.length === 2, 'that one has left');
    expect(textsOf(screen)).toEqual(['one']);
  });

  it('T32 shows who has which role, and what the viewer may do by their own', async () => {
    const { root, boris, chat } = await groupChat(node);
    const { screen } = await open(library, boris, chat);
    expect(screen.group()).toEqual({ roles: ['MEMBER', 'MEMBER', 'MEMBER'], canRename: false });

    await must(root, 'setChatMemberRole', { chatId: chat.id, userId: boris.id, role: 'MODERATOR' });

    await until(() => screen.group()?.canRename === true, 'that one may rename it');
    expect(screen.group()?.roles).toEqual(['MEMBER', 'MODERATOR', 'MEMBER']);
  });

  it('asks again for a chat whose past it cannot know, and loses nothing meanwhile', async () => {
    const { ada, boris, chat } = await groupChat(node);
    const screen = caches[library]!(connect(boris));
    screen.show(chat.id, 'nodes');
    await until(() => screen.messages() !== null && screen.chats() !== null, 'the first answers');
    for (const n of upTo(3)) await ada.send(chat, `text ${n}`);
    const place = decodeCursor(chat.cursor)!;

    screen.follow('events', chat.id, [{ id: chat.id, cursor: encodeCursor({ ...place, mark: place.mark ^ 1 }) }]);
    await until(() => screen.events.some(({ __typename: type }) => type === 'ResyncRequired'), 'resync');
    await ada.send(chat, 'meanwhile');

    await until(() => textsOf(screen)?.length === 4, 'all of them');
    expect(textsOf(screen)).toEqual(['text 1', 'text 2', 'text 3', 'meanwhile']);
  });

  it('asks again for it where older pages are on the screen too', async () => {
    const { ada, boris, chat } = await groupChat(node);
    for (const n of upTo(12)) await ada.send(chat, `text ${n}`);
    const screen = caches[library]!(connect(boris));
    screen.show(chat.id, 'nodes');
    await until(() => screen.messages() !== null && screen.chats() !== null, 'the first answers');
    await screen.older();
    await until(() => screen.messages()!.length === 10, 'the page before');
    const place = decodeCursor(chat.cursor)!;

    screen.follow('events', chat.id, [{ id: chat.id, cursor: encodeCursor({ ...place, mark: place.mark ^ 1 }) }]);
    await until(() => screen.events.some(({ __typename: type }) => type === 'ResyncRequired'), 'resync');
    await ada.send(chat, 'meanwhile');

    await until(() => textsOf(screen)?.at(-1) === 'meanwhile', 'the new one');
    const seqs = screen.messages()!.map(({ seq }) => seq);
    expect(seqs).toEqual(upTo(13).slice(-seqs.length));
  });

  it('asks again for it where an older page is on its way', async () => {
    const { ada, boris, chat } = await groupChat(node);
    for (const n of upTo(22)) await ada.send(chat, `text ${n}`);
    const held = holding(connect(boris), ({ variables }) => typeof variables?.before === 'string');
    const screen = caches[library]!(held.connection);
    screen.show(chat.id, 'nodes');
    await until(() => screen.messages() !== null && screen.chats() !== null, 'the first answers');
    void screen.older();
    await until(() => held.answers.length > 0, 'the page before');
    const place = decodeCursor(chat.cursor)!;

    screen.follow('events', chat.id, [{ id: chat.id, cursor: encodeCursor({ ...place, mark: place.mark ^ 1 }) }]);
    await until(() => screen.events.some(({ __typename: type }) => type === 'ResyncRequired'), 'resync');
    for (const give of held.answers) give();
    await ada.send(chat, 'meanwhile');

    await until(() => textsOf(screen)?.at(-1) === 'meanwhile', 'the new one');
    const seqs = screen.messages()!.map(({ seq }) => seq);
    expect(seqs).toEqual(upTo(23).slice(-seqs.length));
  });

  it('says why it was ended', async () => {
    const { boris, chat } = await groupChat(node);
    const { screen } = await open(library, boris, chat, { root: 'chatEvents' });

    await boris.ask('mutation ($id: ID!) { leaveChat(input: { chatId: $id }) { __typename } }', { id: chat.id });

    await until(() => screen.events.at(-1)?.__typename === 'SubscriptionEnded', 'the end');
    expect(screen.events.at(-1)).toMatchObject({ __typename: 'SubscriptionEnded', code: 'REMOVED' });
  });
});

describe('the policies for Apollo', () => {
  const policies = typePolicies as Record<string, { fields: Record<string, { keyArgs?: string[] | false }> }>;
  const connections = Object.entries(policies).flatMap(([type, { fields }]) =>
    Object.values((schema.getType(type) as GraphQLObjectType).getFields())
      .filter(({ name, type: ofField }) => fields[name] && getNamedType(ofField).name.endsWith('Connection'))
      .map(({ name, args }) => [`${type}.${name}`, args.map((arg) => arg.name), fields[name]!.keyArgs || []] as const),
  );

  it.each(connections)('keep a list of %s for each value of what is no paging', (_field, args, keyArgs) => {
    expect([...keyArgs].sort()).toEqual(
      args.filter((name) => !['first', 'last', 'after', 'before'].includes(name)).sort(),
    );
  });

  it.each([
    ['Chat.messages', 'chat(id: "chat") { id messages', 'last', 'before'],
    ['Query.messages', 'messages', 'first', 'after'],
  ] as const)('leave no hole in %s where it was read again while a page was on its way', (_field, path, end, side) => {
    const cache = new InMemoryCache({ possibleTypes, typePolicies });
    const ofChat = path.startsWith('chat');
    const query = gql(`query ($cursor: String) {
      ${path}(${ofChat ? '' : 'chatId: "chat", '}${end}: 3, ${side}: $cursor) {
        nodes { id seq } pageInfo { startCursor endCursor hasPreviousPage hasNextPage }
      } ${ofChat ? '}' : ''}
    }`);
    const write = (seqs: number[], cursor: string | null) => {
      const ids = ofChat ? seqs : seqs.toReversed();
      const messages = {
        __typename: 'MessageConnection',
        nodes: ids.map((seq) => ({ __typename: 'Message', id: `${seq}`, seq })),
        pageInfo: {
          __typename: 'PageInfo',
          startCursor: `at ${ids[0]}`,
          endCursor: `at ${ids.at(-1)}`,
          hasPreviousPage: ofChat || cursor !== null,
          hasNextPage: !ofChat || cursor !== null,
        },
      };
      const data = ofChat ? { chat: { __typename: 'Chat', id: 'chat', messages } } : { messages };
      cache.writeQuery({ query, variables: { cursor }, data });
    };
    const seqs = () => {
      const read = cache.readQuery<{ chat?: { messages: SeqPage }; messages?: SeqPage }>({ query })!;
      return (read.chat?.messages ?? read.messages)!.nodes.map(({ seq }) => seq).sort((one, other) => one - other);
    };

    write([7, 8, 9], null);
    write([17, 18, 19], null);
    write([4, 5, 6], 'at 7');
    expect(seqs()).toEqual([17, 18, 19]);
    write([14, 15, 16], 'at 17');
    expect(seqs()).toEqual([14, 15, 16, 17, 18, 19]);
  });

  it('take what is around a place for no page of the list', () => {
    const cache = new InMemoryCache({ possibleTypes, typePolicies });
    const around = gql`
      query Around($seq: Int!) {
        chat(id: "chat") {
          id
          messagesAround(seq: $seq) {
            nodes {
              id
            }
          }
        }
      }
    `;
    const write = (seq: number) =>
      cache.writeQuery({
        query: around,
        variables: { seq },
        data: {
          chat: {
            __typename: 'Chat',
            id: 'chat',
            messagesAround: { __typename: 'MessageConnection', nodes: [{ __typename: 'Message', id: `${seq}` }] },
          },
        },
      });
    write(3);
    write(30);

    expect(cache.readQuery({ query: around, variables: { seq: 3 } })).toMatchObject({
      chat: { messagesAround: { nodes: [{ id: '3' }] } },
    });
  });
});

interface SeqPage {
  nodes: { seq: number }[];
}

describe('a document', () => {
  const query = (text: string) => gql(text);

  it('is another one where its root field is not followed', () => {
    expect(followableOf(query('subscription { notificationReceived { id } }'))).toBeNull();
    expect(followableOf(query('query { chats { nodes { id } } }'))).toBeNull();
  });

  it('is made to ask for what following needs', () => {
    const { document } = followableOf(query('subscription ($c: ID!) { told: chatEvents(chatId: $c) { __typename } }'))!;

    expect(validate(schema, document)).toEqual([]);
    expect(print(document)).toContain('chatEvents(chatId: $c, after: $after)');
  });

  it('says what is wrong where it declares $after and does not use it', () => {
    expect(() => followableOf(query('subscription ($after: [Cursor!]) { events { __typename } }'))).toThrow('$after');
  });
});

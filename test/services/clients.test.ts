/** The module that clients are handed, with graphql-ws alone, Apollo and urql: nothing lost, nothing doubled, whatever dies. */
import { print } from 'graphql';
import type { Client } from 'graphql-ws';
import { WebSocket } from 'ws';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createApollo, send as sendByApollo, write } from '../../examples/clients/apollo.js';
import * as plain from '../../examples/clients/graphql-ws.js';
import { createUrql, send as sendByUrql } from '../../examples/clients/urql.js';
import { createConnection } from '../../src/client/connection.js';
import { followAll, followChat } from '../../src/client/follow.js';
import { createMessages, type ListedMessage } from '../../src/client/messages.js';
import { decodeCursor, encodeCursor } from '../../src/log/cursor.js';
import { ChatEventsDocument, EventsDocument, HistoryDocument } from '../support/generated/operations.js';
import { ownNodes } from '../support/nodes.js';
import { groupChat, type Chat, type ChatEvent, type Person } from '../support/people.js';
import { upTo } from '../support/sent.js';
import { until } from '../support/until.js';

const nodes = ownNodes();

type Send = (chat: Chat, text: string, clientMessageId: string) => Promise<unknown>;

/** How a message is sent with each library, as docs/clients.md has it, all of them over the same socket. */
const libraries: Record<string, (client: Client) => Send> = {
  'graphql-ws': (client) => (chat, text, key) => plain.send(client, chat.id, text, key),
  Apollo: (client) => {
    const apollo = createApollo(client);
    return (chat, text, key) => sendByApollo(apollo, chat.id, text, key);
  },
  urql: (client) => {
    const urql = createUrql(client);
    return (chat, text, key) => sendByUrql(urql, chat.id, text, key);
  },
};

/** Of somebody, at either node in turn; for the rest of the test. */
const connect = (person: Person): Client => {
  let tries = 0;
  const client = createConnection({
    url: () => [nodes.one, nodes.other][(tries += 1) % 2]!.socketUrl,
    accessToken: () => person.session.accessToken,
    webSocketImpl: WebSocket,
  });
  onTestFinished(async () => client.dispose());
  return client;
};

const messagesOf = (event: ChatEvent): readonly (ListedMessage & { text?: string | null })[] => {
  if (event.__typename === 'MessageSent' || event.__typename === 'MessageEdited') return [event.message];
  return [];
};

describe.each(Object.keys(libraries))('with %s', (library) => {
  it('has each message once and in order, sent and followed over killed nodes', async () => {
    const { ada, boris, chat } = await groupChat(nodes.one);
    const send = libraries[library]!(connect(ada));
    const seqs: number[] = [];
    const texts: (string | null | undefined)[] = [];
    const following = followChat<ChatEvent>({
      client: connect(boris),
      query: print(ChatEventsDocument),
      chatId: chat.id,
      after: chat.cursor,
      onEvent: (event) => {
        if (event.__typename !== 'MessageSent') return;
        seqs.push(event.seq);
        texts.push(event.message.text);
      },
      onEnded: (code, reason) => expect.fail(`${code}: ${reason}`),
    });
    onTestFinished(() => following.stop());
    const sent = upTo(60).map((n) => `text ${n}`);

    const sending = (async () => {
      for (const text of sent) await send(chat, text, `key of ${text}`);
    })();
    for (const [n, node] of [nodes.one, nodes.other].entries()) {
      await until(() => texts.length >= (n + 1) * 15, 'messages');
      await node.kill();
      await node.start();
    }
    await sending;

    await until(() => texts.length >= sent.length, 'all messages');
    expect(seqs).toEqual(upTo(60));
    expect(texts).toEqual(sent);
  });
});

it('goes on with all chats from their last cursors, after a reload too', async () => {
  const { ada, boris, chat } = await groupChat(nodes.one);
  const events: string[] = [];
  const onEvent = (event: { __typename?: string; seq?: number }) =>
    void events.push(`${event.__typename} ${event.seq ?? ''}`.trim());
  const onEnded = (code: string) => expect.fail(code);
  const query = print(EventsDocument);
  const first = followAll({
    client: connect(boris),
    query,
    after: new Map([[chat.id, chat.cursor]]),
    onEvent,
    onEnded,
  });
  await until(() => events.includes('ViewerReady'), 'the first');
  await ada.send(chat, 'one');
  await until(() => events.includes('MessageSent 1'), 'one');
  first.stop();
  await ada.send(chat, 'two');

  const second = followAll({ client: connect(boris), query, after: first.cursors, onEvent, onEnded });
  onTestFinished(() => second.stop());

  await until(() => events.includes('MessageSent 2'), 'two');
  expect(events.filter((event) => event.startsWith('MessageSent'))).toEqual(['MessageSent 1', 'MessageSent 2']);
});

it('is right again after ResyncRequired, with what came while it was queried', async () => {
  const { ada, boris, chat } = await groupChat(nodes.one);
  for (const n of upTo(3)) await ada.send(chat, `text ${n}`);
  const place = decodeCursor(chat.cursor)!;
  const messages = createMessages<ListedMessage & { text?: string | null }>();
  const query = async () => {
    await ada.send(chat, 'meanwhile');
    const { chat: read } = await boris.ask(HistoryDocument, { chatId: chat.id });
    messages.put(read!.messages.nodes);
  };

  const following = followChat<ChatEvent>({
    client: connect(boris),
    query: print(ChatEventsDocument),
    chatId: chat.id,
    after: encodeCursor({ ...place, mark: place.mark ^ 1 }),
    onEvent: (event) => {
      if (event.__typename === 'ResyncRequired') {
        messages.reset();
        void query();
      } else messages.put(messagesOf(event));
    },
    onEnded: (code) => expect.fail(code),
  });
  onTestFinished(() => following.stop());

  await until(() => messages.list().length === 4, 'all messages');
  await ada.send(chat, 'the last');
  await until(() => messages.list().length === 5, 'the last');
  expect(messages.list().map(({ text }) => text)).toEqual(['text 1', 'text 2', 'text 3', 'meanwhile', 'the last']);
});

it('says what ended it for good', async () => {
  const { ada, boris, chat } = await groupChat(nodes.one);
  const endings: string[] = [];
  const events: (string | undefined)[] = [];
  followChat<ChatEvent>({
    client: connect(boris),
    query: print(ChatEventsDocument),
    chatId: chat.id,
    after: null,
    onEvent: ({ __typename: type }) => events.push(type),
    onEnded: (code) => endings.push(code),
  });
  await until(() => events.includes('ChatReady'), 'ready');
  await boris.ask('mutation ($id: ID!) { leaveChat(input: { chatId: $id }) { __typename } }', { id: chat.id });

  await until(() => endings.length > 0, 'the end');
  await ada.send(chat, 'not for them');
  expect(endings).toEqual(['REMOVED']);
});

it('shows a chat as the page’s example does, and goes on showing it', async () => {
  const { ada, boris, chat } = await groupChat(nodes.one);
  await ada.send(chat, 'before');
  let shown: readonly (string | null)[] = [];

  const following = await plain.open(connect(boris), chat.id, (messages) => (shown = messages.map(({ text }) => text)));
  onTestFinished(() => following.stop());
  await ada.send(chat, 'after');

  await until(() => shown.length === 2, 'both');
  expect(shown).toEqual(['before', 'after']);
});

it('writes what is followed into Apollo’s cache', async () => {
  const { ada } = await groupChat(nodes.one);
  const apollo = createApollo(connect(ada));

  write(apollo, { id: 'a message', seq: 7, text: 'followed' });

  expect(apollo.cache.extract()).toMatchObject({ 'Message:a message': { seq: 7, text: 'followed' } });
});

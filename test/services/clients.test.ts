/** The module that clients are handed, with graphql-ws alone, Apollo and urql: nothing lost, nothing doubled, whatever dies. */
import { print } from 'graphql';
import type { Client } from 'graphql-ws';
import { WebSocket } from 'ws';
import { describe, expect, it, onTestFinished } from 'vitest';
import * as byApollo from '../../examples/clients/apollo.js';
import * as plain from '../../examples/clients/graphql-ws.js';
import * as byUrql from '../../examples/clients/urql.js';
import { createConnection } from '@parley-chat/client/connection';
import { followAll, followChat } from '@parley-chat/client/follow';
import { createMessages, type ListedMessage } from '@parley-chat/client/messages';
import { decodeCursor, encodeCursor } from '../../src/log/cursor.js';
import { ChatEventsDocument, EventsDocument, HistoryDocument } from '../support/generated/operations.js';
import { ownNodes } from '../support/nodes.js';
import { groupChat, type Chat, type ChatEvent, type Person } from '../support/people.js';
import { upTo } from '../support/sent.js';
import { until } from '../support/until.js';

const nodes = ownNodes();

interface Told {
  __typename: string;
  message?: { seq: number; text?: string | null };
}

interface Library {
  send: (chat: Chat, text: string, clientMessageId: string) => Promise<unknown>;
  follow: (chat: Chat, onEvent: (event: Told) => void) => { stop(): void };
}

/** How a message is sent and followed with each library, as docs/clients.md has it, all of them over the same socket. */
const libraries: Record<string, (client: Client) => Library> = {
  'graphql-ws': (client) => ({
    send: (chat, text, key) => plain.send(client, chat.id, text, key),
    follow: (chat, onEvent) =>
      followChat<Told>({
        client,
        query: print(ChatEventsDocument),
        chatId: chat.id,
        after: chat.cursor,
        onEvent,
        onEnded: (code, reason) => expect.fail(`${code}: ${reason}`),
      }),
  }),
  Apollo: (client) => {
    const apollo = byApollo.createApollo(client);
    return {
      send: (chat, text, key) => byApollo.send(apollo, chat.id, text, key),
      follow: (chat, onEvent) => {
        const following = byApollo.follow(apollo, [chat]).subscribe(({ data }) => onEvent(data!.events));
        return { stop: () => following.unsubscribe() };
      },
    };
  },
  urql: (client) => {
    const urql = byUrql.createUrql(client);
    return {
      send: (chat, text, key) => byUrql.send(urql, chat.id, text, key),
      follow: (chat, onEvent) => {
        const following = byUrql.follow(urql, [chat]).subscribe(({ data }) => onEvent(data!.events));
        return { stop: () => following.unsubscribe() };
      },
    };
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
    const { send } = libraries[library]!(connect(ada));
    const seqs: number[] = [];
    const texts: (string | null | undefined)[] = [];
    const following = libraries[library]!(connect(boris)).follow(chat, ({ __typename: type, message }) => {
      if (type !== 'MessageSent') return;
      seqs.push(message!.seq);
      texts.push(message!.text);
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

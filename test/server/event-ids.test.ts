/** Ids of Server-Sent Events, and how an EventSource goes on by them. */
import { EventSource, type FetchLike } from 'eventsource';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ChatEventsDocument } from '../support/generated/operations.js';
import { bearer } from '../support/http.js';
import { ownNode } from '../support/node.js';
import { groupChat, groupOf, type Chat, type Person } from '../support/people.js';

const node = ownNode();

const CHAT_EVENTS = `subscription ($chatId: ID!, $after: Cursor) {
  chatEvents(chatId: $chatId, after: $after) {
    __typename
    ... on MessageSent { message { text } }
    ... on SubscriptionEnded { code }
  }
}`;

interface Told {
  id: string;
  what: string;
}

const urlFor = (query: string, variables: object) =>
  `${node.endpoint}?${new URLSearchParams({ query, variables: JSON.stringify(variables) }).toString()}`;

const inShort = (data: string): string => {
  const { data: answered, errors } = JSON.parse(data) as {
    data?: Record<string, { __typename: string; message?: { text: string }; code?: string }> | null;
    errors?: { message: string }[];
  };
  if (errors) return errors[0]!.message;
  const { __typename, message, code } = Object.values(answered ?? {})[0]!;
  return message?.text ?? code ?? __typename;
};

/** An EventSource as browsers have it, but for the header that theirs cannot send. */
const openEventSource = (url: string, token: string | undefined) => {
  const statuses: number[] = [];
  const told: Told[] = [];
  let lose = () => {};
  const fetchAs: FetchLike = async (input, init) => {
    const response = await fetch(input, { ...init, headers: { ...init.headers, ...bearer(token) } });
    statuses.push(response.status);
    if (response.body === null) return response;
    const reader = response.body.getReader();
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        lose = () => {
          controller.error(new TypeError('The connection was lost'));
          void reader.cancel();
        };
      },
      pull: async (controller) => {
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: () => reader.cancel(),
    });
    const { status, headers, url, redirected } = response;
    return { status, headers, url, redirected, body };
  };
  const source = new EventSource(url, { fetch: fetchAs });
  source.addEventListener('next', ({ data, lastEventId }) =>
    told.push({ id: lastEventId, what: inShort(data as string) }),
  );
  onTestFinished(() => source.close());
  return {
    source,
    statuses,
    told,
    whats: () => told.map(({ what }) => what),
    /** As a network does. */
    lose: () => lose(),
  };
};

/** It waits for three seconds before it comes back. */
const PATIENCE = { timeout: 15_000 };

const eventsOf = (person: Person, chat: Chat, after?: string) =>
  openEventSource(urlFor(CHAT_EVENTS, { chatId: chat.id, after }), person.session.accessToken);

const askWithId = async (person: Person, chat: { id: string }, lastEventId: string) => {
  const headers = { accept: 'text/event-stream', 'last-event-id': lastEventId, ...bearer(person.session.accessToken) };
  const response = await fetch(urlFor(CHAT_EVENTS, { chatId: chat.id }), { headers });
  return { status: response.status, text: await response.text() };
};

describe('an EventSource', () => {
  it('that lost its connection goes on from the last event that it was given, whatever its URL says', async () => {
    const { ada, boris, chat } = await groupChat(node);
    const first = await boris.follow(chat);
    const { cursor } = await first.event('ChatReady');
    const stream = eventsOf(boris, chat, cursor);
    await expect.poll(stream.whats).toEqual(['ChatReady']);
    await ada.send(chat, 'one');
    await ada.send(chat, 'two');
    await expect.poll(stream.whats).toEqual(['ChatReady', 'one', 'two']);

    stream.lose();
    await ada.send(chat, 'three');
    await ada.send(chat, 'four');

    await expect.poll(stream.whats, PATIENCE).toEqual(['ChatReady', 'one', 'two', 'three', 'four', 'ChatReady']);
    expect(stream.statuses).toEqual([200, 200]);
  });

  it('does not come back from a subscription that is complete', async () => {
    const { ada } = await groupChat(node);

    const stream = eventsOf(ada, { id: 'x' } as Chat);

    await expect.poll(() => stream.source.readyState, PATIENCE).toBe(EventSource.CLOSED);
    expect(stream.whats()).toEqual(['CHAT_GONE']);
    expect(stream.statuses).toEqual([200, 204]);
  });

  it('that nobody is signed in on does not come back for ever', async () => {
    const stream = openEventSource(urlFor(CHAT_EVENTS, { chatId: 'x' }), undefined);

    await expect.poll(() => stream.source.readyState, PATIENCE).toBe(EventSource.CLOSED);
    expect(stream.statuses).toEqual([200, 204]);
  });

  it('whose token is no good is closed at once', async () => {
    const stream = openEventSource(urlFor(CHAT_EVENTS, { chatId: 'x' }), 'nonsense');

    await expect.poll(() => stream.source.readyState).toBe(EventSource.CLOSED);
    expect(stream.statuses).toEqual([401]);
  });
});

describe('an event', () => {
  it('that has a cursor has it for its id, selected or not', async () => {
    const { ada, boris, chat } = await groupChat(node);
    const following = await boris.follow(chat);
    const ready = await following.event('ChatReady');
    const stream = eventsOf(boris, chat);
    await expect.poll(() => stream.told.length).toBe(1);

    await ada.ask('mutation ($id: ID!) { setTyping(input: { chatId: $id, isTyping: true }) { __typename } }', {
      id: chat.id,
    });
    await expect.poll(() => stream.told.length).toBe(2);
    await ada.send(chat, 'hello');
    const sent = await following.event('MessageSent');

    await expect
      .poll(() => stream.told.slice(0, 3))
      .toEqual([
        { id: ready.cursor, what: 'ChatReady' },
        { id: '', what: 'TypingChanged' },
        { id: sent.cursor, what: 'hello' },
      ]);
  });

  it('of `messageSent` has one too, and it is gone on from', async () => {
    const { ada, boris, chat } = await groupChat(node);
    const query = 'subscription ($chatId: ID!) { messageSent(chatId: $chatId) { message { text } } }';
    const following = await boris.follow(chat);
    await following.event('ChatReady');
    const stream = openEventSource(urlFor(query, { chatId: chat.id }), boris.session.accessToken);
    await expect.poll(() => stream.source.readyState).toBe(EventSource.OPEN);
    // It is followed once something comes.
    await expect
      .poll(async () => {
        await ada.send(chat, 'hello');
        return stream.told.length;
      }, PATIENCE)
      .toBeGreaterThan(0);

    stream.lose();
    await ada.send(chat, 'meanwhile');

    await expect.poll(() => stream.whats().at(-1), PATIENCE).toBe('meanwhile');
    expect(stream.whats().filter((what) => what === 'meanwhile')).toHaveLength(1);
  });

  it('of all chats has none: one id cannot say how far each of them was read', async () => {
    const { ada, boris, chat } = await groupChat(node);
    const query = 'subscription { events { __typename ... on MessageSent { message { text } } } }';
    const stream = openEventSource(urlFor(query, {}), boris.session.accessToken);
    await expect.poll(stream.whats).toContain('ViewerReady');

    await ada.send(chat, 'hello');

    await expect.poll(stream.whats).toContain('hello');
    expect(new Set(stream.told.map(({ id }) => id))).toEqual(new Set(['']));
  });
});

describe('Last-Event-ID', () => {
  it('that is no cursor, or of another chat, is refused', async () => {
    const { root, ada, chat } = await groupChat(node);
    const other = await groupOf(root, ada);
    const following = await ada.follow(other);
    const { cursor } = await following.event('ChatReady');

    const [none, ofAnother] = [await askWithId(ada, chat, 'nonsense'), await askWithId(ada, chat, cursor)];

    expect(none.text).toContain('Last-Event-ID is no cursor of this server');
    expect(ofAnother.text).toContain('cursor of another chat');
    for (const { text } of [none, ofAnother]) expect(text).toContain('BAD_USER_INPUT');
  });

  it('means nothing over a WebSocket, which has an `after` for each operation', async () => {
    const { ada, boris, chat } = await groupChat(node);
    const following = await boris.follow(chat);
    const { cursor } = await following.event('ChatReady');
    await ada.send(chat, 'hello');

    const again = (await boris.connect()).open(ChatEventsDocument, { chatId: chat.id, after: cursor });

    expect((await again.next()).data?.chatEvents.__typename).toBe('MessageSent');
  });
});

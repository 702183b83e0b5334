import { describe, expect, it } from 'vitest';
import { ChatEventsDocument, MessageSentDocument, SendMessageDocument } from '../support/generated/operations.js';
import { post } from '../support/http.js';
import { startNode } from '../support/node.js';
import { groupChat } from '../support/people.js';
import { openSocket } from '../support/socket.js';
import { openEvents } from '../support/sse.js';

const shuttingDown = { __typename: 'SubscriptionEnded', code: 'SHUTTING_DOWN' };

describe('a node that is told to stop', () => {
  it('tells each subscription, completes none, and closes sockets with 1001 and answers of events', async () => {
    const node = await startNode();
    const { ada, boris, chat } = await groupChat(node);
    const socket = await ada.connect();
    const chatEvents = socket.open(ChatEventsDocument, { chatId: chat.id });
    const messageSent = socket.open(MessageSentDocument, { chatId: chat.id });
    const token = boris.session.accessToken;
    const events = await openEvents(node.endpoint, ChatEventsDocument, { chatId: chat.id }, { token });
    await Promise.all([chatEvents.next(), events.next()]);

    await node.stop();

    for (const live of [chatEvents, events]) {
      expect((await live.next()).data?.chatEvents).toMatchObject(shuttingDown);
      expect(await live.ended).toBe('cut');
    }
    expect((await messageSent.next()).errors).toMatchObject([{ extensions: { endCode: 'SHUTTING_DOWN' } }]);
    expect(await messageSent.ended).toBe('cut');
    expect((await socket.closed).code).toBe(1001);
  });

  it('is not ready at once, lives on, opens no sockets and no streams, and answers requests', async () => {
    const node = await startNode({ drainSeconds: 4 });
    const { ada, chat } = await groupChat(node);
    const [first, second] = [await ada.connect(), await ada.connect()];
    // It answers no close, and is waited for.
    const stubborn = await ada.connect();
    stubborn.socket.pause();

    const stopping = node.stop();
    const asked = await Promise.all([
      fetch(`${node.url}/health/ready`).then((response) => response.status),
      fetch(`${node.url}/health/live`).then((response) => response.status),
      openSocket(node.socketUrl).catch((error: Error) => error.message),
      openEvents(node.endpoint, ChatEventsDocument, { chatId: chat.id }).then((events) => events.status),
    ]);
    const sent = await post(
      node.endpoint,
      SendMessageDocument,
      { input: { chatId: chat.id, text: 'late' } },
      { token: ada.session.accessToken },
    );

    expect(asked).toEqual([503, 200, 'Unexpected server response: 503', 503]);
    expect(sent.data?.sendMessage?.__typename).toBe('SendMessageSuccess');
    expect(sent.headers.get('connection')).toBe('close');
    await stopping;
    expect((await Promise.all([first.closed, second.closed])).map(({ code }) => code)).toEqual([1001, 1001]);
    await expect(fetch(`${node.url}/health/live`)).rejects.toThrow();
    stubborn.socket.terminate();
  });

  it('sends a few sockets away at once, however long it may take', async () => {
    const node = await startNode({ drainSeconds: 3600 });
    const sockets = await Promise.all(Array.from({ length: 3 }, () => openSocket(node.socketUrl)));

    await node.stop();

    for (const { closed } of sockets) expect((await closed).code).toBe(1001);
  });

  it('answers what is in hand, over HTTP and over sockets: who was not answered was not accepted either', async () => {
    const node = await startNode();
    const { ada, boris, chat } = await groupChat(node);
    const socket = await ada.connect();
    const token = boris.session.accessToken;
    const look = () => fetch(`${node.url}/health/live`);
    // A connection for each request that is to come, so that none has yet to be accepted when the node stops.
    await Promise.all(Array.from({ length: 20 }, look));

    const sends = Array.from({ length: 20 }, (_, index) => [
      socket.ask(SendMessageDocument, { input: { chatId: chat.id, text: `over a socket ${index}` } }),
      post(node.endpoint, SendMessageDocument, { input: { chatId: chat.id, text: `over HTTP ${index}` } }, { token }),
    ]).flat();
    // What was sent before this was sent has arrived.
    await look();
    await node.stop();

    for (const { data } of await Promise.all(sends)) expect(data?.sendMessage?.__typename).toBe('SendMessageSuccess');
  });

  it('waits no longer than it was given for those who take nothing', async () => {
    const node = await startNode({ drainSeconds: 1 });
    const { ada, chat } = await groupChat(node);
    const socket = await ada.connect();
    await socket.open(ChatEventsDocument, { chatId: chat.id }).next();
    socket.socket.pause();
    const begun = performance.now();

    await node.stop();

    expect(performance.now() - begun).toBeLessThan(4000);
    socket.socket.terminate();
  });

  it('may be told so twice', async () => {
    const node = await startNode();

    await Promise.all([node.stop(), node.stop()]);
  });
});

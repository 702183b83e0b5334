/** Clients that take nothing of what is waiting for them, over really stalled connections. */
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { print } from 'graphql';
import { expect, it, onTestFinished } from 'vitest';
import { ChatEventsDocument } from '../support/generated/operations.js';
import { bearer } from '../support/http.js';
import { ownNode, type TestNode } from '../support/node.js';
import { groupChat, type Chat, type Person } from '../support/people.js';
import { sentSeqs, upTo } from '../support/sent.js';
import { until } from '../support/until.js';

const SLOW_SECONDS = 1;
const node = ownNode({ slowReaderSeconds: SLOW_SECONDS, messageMaxLength: 20_000 });

/** More than the kernel takes for a stalled connection, and then for so long that whoever takes none of it is too slow. */
const sendTooMuch = async (person: Person, chat: Chat): Promise<number> => {
  const text = 'x'.repeat(20_000);
  let sent = 0;
  const send = async () => {
    await person.send(chat, text);
    sent += 1;
  };
  while (sent < 800) await Promise.all(upTo(20).map(send));
  const begun = performance.now();
  while (performance.now() - begun < SLOW_SECONDS * 1500) await send();
  return sent;
};

it('over a WebSocket ends them with TOO_SLOW, lets them go on from their last cursor, and costs nobody else anything', async () => {
  const { ada, boris, chen, chat } = await groupChat(node);
  const stalled = await boris.follow(chat);
  const reading = await chen.follow(chat);
  await Promise.all([stalled.event('ChatReady'), reading.event('ChatReady')]);

  stalled.socket!.socket.pause();
  const sent = await sendTooMuch(ada, chat);
  await until(() => sentSeqs(reading).length === sent, 'all of them for who reads');
  stalled.socket!.socket.resume();
  const ended = await stalled.event('SubscriptionEnded');

  expect(ended).toMatchObject({ code: 'TOO_SLOW' });
  expect(sentSeqs(reading)).toEqual(upTo(sent));
  const last = stalled.events.filter((event) => event.__typename === 'MessageSent').at(-1)!;
  expect(last.seq).toBeLessThan(sent);
  const again = await boris.follow(chat, { after: last.cursor });
  await again.event('ChatReady');
  expect([...sentSeqs(stalled), ...sentSeqs(again)]).toEqual(upTo(sent));
});

it('over Server-Sent Events ends them with TOO_SLOW too', async () => {
  const { ada, boris, chat } = await groupChat(node);
  const response = await openRawEvents(node, boris, chat);
  let told = '';
  response.setEncoding('utf8').on('data', (text: string) => (told += text));
  await until(() => told.includes('ChatReady'), 'ready');

  response.pause();
  await sendTooMuch(ada, chat);
  response.resume();

  await until(() => told.includes('event: complete'), 'the end');
  expect(told).toContain('TOO_SLOW');
  // They may come back and go on from the last id that they have.
  expect(told).not.toContain('id: complete');
});

const openRawEvents = async ({ endpoint }: TestNode, person: Person, chat: Chat): Promise<IncomingMessage> => {
  const headers = {
    'Content-Type': 'application/json',
    Accept: 'text/event-stream',
    ...bearer(person.session.accessToken),
  };
  const asking = request(endpoint, { method: 'POST', headers });
  asking.end(JSON.stringify({ query: print(ChatEventsDocument), variables: { chatId: chat.id } }));
  onTestFinished(() => void asking.destroy());
  const [response] = (await once(asking, 'response')) as [IncomingMessage];
  return response;
};

/** A node sends what is old elsewhere: the client module goes on, and nobody notices. */
import { expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { createConnection } from '@parley-chat/client/connection';
import { followAll } from '@parley-chat/client/follow';
import { startNode } from '../support/node.js';
import { groupChat } from '../support/people.js';
import { until } from '../support/until.js';

const EVENTS = `subscription ($after: [Cursor!]) { events(after: $after) {
  __typename ... on DurableEvent { chatId cursor } ... on MessageSent { message { text } }
  ... on ChatReady { chatId cursor } ... on SubscriptionEnded { code reason } ... on ChatAdded { chat { id cursor } } } }`;

interface Told {
  __typename: string;
  message?: { text: string };
}

it('is moved again and again without being away, and misses and doubles nothing', async () => {
  const node = await startNode({ connectionMinutes: 1 / 200 });
  onTestFinished(() => node.stop());
  const { ada, boris, chat } = await groupChat(node);
  const states: string[] = [];
  const client = createConnection({
    url: node.socketUrl,
    accessToken: () => boris.session.accessToken,
    webSocketImpl: WebSocket,
    onState: (state) => states.push(state),
  });
  onTestFinished(async () => client.dispose());
  const heard: string[] = [];
  const ended: string[] = [];
  const following = followAll<Told>({
    client,
    query: EVENTS,
    after: new Map([[chat.id, chat.cursor]]),
    onEvent: ({ message }) => message && heard.push(message.text),
    onEnded: (code) => ended.push(code),
  });
  onTestFinished(() => following.stop());
  const moves = () => node.log.filter(({ msg, code }) => msg === 'Disconnected' && code === 1001).length;

  let sent = 0;
  while (moves() < 5) expect((await ada.send(chat, `${(sent += 1)}`)).__typename).toBe('SendMessageSuccess');

  await until(() => heard.length >= sent, 'all that was sent');
  expect(heard).toEqual(Array.from({ length: sent }, (_, n) => `${n + 1}`));
  expect(ended).toEqual([]);
  expect(states).toEqual(['connected']);
});

/** A node is added while people follow. */
import { expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { createConnection } from '@parley-chat/client/connection';
import { followAll } from '@parley-chat/client/follow';
import { createBalancer } from '../../support/balancer.js';
import { startNode } from '../../support/node.js';
import { groupChat } from '../../support/people.js';
import { until } from '../../support/until.js';

const EVENTS = `subscription ($after: [Cursor!]) { events(after: $after) {
  __typename ... on DurableEvent { chatId cursor } ... on MessageSent { message { text } }
  ... on ChatReady { chatId cursor } ... on SubscriptionEnded { code reason } ... on ChatAdded { chat { id cursor } } } }`;

const SOCKETS = 20;

it('added nodes fill, without anybody missing anything', async () => {
  const one = await startNode({ connectionMinutes: 1 / 30 });
  const balancer = await createBalancer();
  onTestFinished(async () => {
    await balancer.stop();
    await one.stop();
  });
  balancer.add(Number(new URL(one.url).port));
  const { ada, boris, chat } = await groupChat(one);
  const followers = Array.from({ length: SOCKETS }, () => {
    const heard: string[] = [];
    const client = createConnection({
      url: `ws://127.0.0.1:${balancer.port}/graphql`,
      accessToken: () => boris.session.accessToken,
      webSocketImpl: WebSocket,
    });
    const following = followAll<{ __typename: string; message?: { text: string } }>({
      client,
      query: EVENTS,
      after: new Map([[chat.id, chat.cursor]]),
      onEvent: ({ message }) => message && heard.push(message.text),
      onEnded: (code) => heard.push(code),
    });
    onTestFinished(async () => {
      following.stop();
      await client.dispose();
    });
    return heard;
  });
  await until(() => balancer.counts()[0] === SOCKETS, 'all at the first node');

  const other = await startNode({}, { beside: one });
  onTestFinished(() => other.stop());
  balancer.add(Number(new URL(other.url).port));
  let sent = 0;
  while (balancer.counts()[1]! < SOCKETS / 3) await ada.send(chat, `${(sent += 1)}`);
  const filled = balancer.counts();
  await ada.send(chat, `${(sent += 1)}`);

  const all = Array.from({ length: sent }, (_, n) => `${n + 1}`);
  await until(() => followers.every((heard) => heard.length >= sent), 'everybody to have all');
  for (const heard of followers) expect(heard).toEqual(all);
  expect(Math.min(...filled)).toBeGreaterThanOrEqual(SOCKETS / 4);
});

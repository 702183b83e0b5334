/** What is old is sent to whichever node has room, and goes on there. */
import { expect, it, onTestFinished } from 'vitest';
import { ChatEventsDocument } from '../support/generated/operations.js';
import { startNode } from '../support/node.js';
import { groupChat } from '../support/people.js';
import { openEvents } from '../support/sse.js';

const old = {
  __typename: 'SubscriptionEnded',
  code: 'SHUTTING_DOWN',
  reason: expect.stringContaining('old') as string,
};

const impatientNode = async (connectionMinutes: number) => {
  const node = await startNode({ connectionMinutes });
  onTestFinished(() => node.stop());
  return node;
};

it('ends sockets and event streams as a stopping node does: told, completed by nothing, closed with 1001', async () => {
  const node = await impatientNode(1 / 60);
  const { ada, boris, chat } = await groupChat(node);
  const socket = await ada.connect();
  const live = socket.open(ChatEventsDocument, { chatId: chat.id });
  const token = boris.session.accessToken;
  const events = await openEvents(node.endpoint, ChatEventsDocument, { chatId: chat.id }, { token });
  await Promise.all([live.next(), events.next()]);

  for (const each of [live, events]) {
    expect((await each.next()).data?.chatEvents).toMatchObject(old);
    expect(await each.ended).toBe('cut');
  }
  expect((await socket.closed).code).toBe(1001);
});

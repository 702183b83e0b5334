/** Who has which chat open, over two nodes that are processes of their own. */
import { expect, it, onTestFinished } from 'vitest';
import { ownNodes } from '../../support/nodes.js';
import { administrator, groupChat, matchOf, newPerson } from '../../support/people.js';

const nodes = ownNodes({ settings: { CHAT_CONNECTIONS_PER_USER: '1' } });

const aMatch = async () => {
  const [root, ada, boris] = await Promise.all([
    administrator(nodes.one),
    newPerson(nodes.one, 'ada'),
    newPerson(nodes.one, 'boris'),
  ]);
  return { ada, boris, ...(await matchOf(root, [ada, boris])) };
};

it('S2.24 C4 the newest connection takes over from one on the other node', async () => {
  const { ada, chat } = await groupChat(nodes.one);
  const here = await ada.follow(chat);
  await here.event('ChatReady');

  const there = await ada.at(nodes.other).follow(chat);
  await there.event('ChatReady');

  expect(await here.event('SubscriptionEnded')).toMatchObject({ code: 'TAKEN_OVER' });
  expect(await here.ended).toBe('complete');
});

it('C10 who has joined on one node writes through the other at once', async () => {
  const { ada, chat } = await aMatch();
  const there = ada.at(nodes.other);
  expect((await there.send(chat, 'too early')).__typename).toBe('NotJoinedError');

  await (await ada.follow(chat)).event('ChatReady');

  expect((await there.send(chat, 'now')).__typename).toBe('SendMessageSuccess');
});

it('C4 the places of a node that was killed are free within 15 seconds', async () => {
  const { ada, chat } = await aMatch();
  const there = ada.at(nodes.other);
  await (await ada.follow(chat)).event('ChatReady');
  expect((await there.send(chat, 'joined')).__typename).toBe('SendMessageSuccess');

  await nodes.one.kill();
  onTestFinished(() => nodes.one.start());
  const killed = performance.now();

  await expect
    .poll(async () => (await there.send(chat, 'still?')).__typename, { timeout: 20_000, interval: 200 })
    .toBe('NotJoinedError');
  expect(performance.now() - killed).toBeLessThan(17_000);
});

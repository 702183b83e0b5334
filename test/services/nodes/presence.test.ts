/** Who is online, over two nodes that are processes of their own. */
import { expect, it, onTestFinished } from 'vitest';
import { PresenceChangedDocument, PresenceDocument } from '../../support/generated/operations.js';
import { ownNodes } from '../../support/nodes.js';
import { groupChat, type Person } from '../../support/people.js';

const nodes = ownNodes();

const presenceFor = async (viewer: Person, person: Person) =>
  (await viewer.ask(PresenceDocument, { id: person.id })).user!.presence;

const watch = async (viewer: Person, person: Person) => {
  const socket = await viewer.connect();
  const live = socket.open(PresenceChangedDocument, { userIds: [person.id] });
  const next = async () => (await live.next()).data!.presenceChanged.presence.isOnline;
  return { live, next };
};

it('T55 who connects to one node is online on the other, until the last connection to either is gone', async () => {
  const { ada, boris } = await groupChat(nodes.one);
  const { next } = await watch(ada.at(nodes.other), boris);
  expect(await next()).toBe(false);

  const here = await boris.connect();
  expect(await next()).toBe(true);
  const there = await boris.at(nodes.other).connect();
  await here.close();
  await there.close();
  expect(await next()).toBe(false);
  for (const node of [nodes.one, nodes.other])
    expect(await presenceFor(ada.at(node), boris)).toMatchObject({ isOnline: false });
});

it('T55 those of a node that was killed are offline within 15 seconds', async () => {
  const { ada, boris } = await groupChat(nodes.one);
  const { next } = await watch(ada.at(nodes.other), boris);
  expect(await next()).toBe(false);
  await boris.connect();
  expect(await next()).toBe(true);

  await nodes.one.kill();
  onTestFinished(() => nodes.one.start());
  const killed = performance.now();

  expect(await next()).toBe(false);
  expect(performance.now() - killed).toBeLessThan(15_000);
  expect((await presenceFor(ada.at(nodes.other), boris))!.lastSeenAt).not.toBe(null);
}, 60_000);

it('T55 a Redis that is away and forgets everything makes nobody come or go', async () => {
  const { ada, boris, chen } = await groupChat(nodes.one);
  const socket = await ada.at(nodes.other).connect();
  const live = socket.open(PresenceChangedDocument, { userIds: [boris.id, chen.id] });
  const next = async () => {
    const { user, presence } = (await live.next()).data!.presenceChanged;
    return [user.id, presence.isOnline];
  };
  await next();
  await next();
  await boris.at(nodes.other).connect();
  expect(await next()).toEqual([boris.id, true]);

  await nodes.redis!.kill();
  await nodes.redis!.restart();

  await expect
    .poll(async () => (await presenceFor(ada, boris))?.isOnline, { timeout: 30_000, interval: 200 })
    .toBe(true);
  await chen.connect();
  expect(await next()).toEqual([chen.id, true]);
}, 60_000);

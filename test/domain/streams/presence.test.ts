import { expect, it, onTestFinished, vi } from 'vitest';
import { createMemoryOnline, type OnlineRegistry } from '../../../src/bus/online-registry.js';
import { BadUserInputError } from '../../../src/domain/bad-user-input.js';
import { createEnding } from '../../../src/domain/streams/ending.js';
import { pull } from '../../../src/domain/streams/live-stream.js';
import type { PresenceItem } from '../../../src/domain/streams/presence-stream.js';
import type { Viewer } from '../../../src/domain/viewer.js';
import { chatNode, counting, newPerson } from '../../support/chats.js';
import { createFrozenBus } from '../../support/frozen-bus.js';
import { ownDatabase } from '../../support/own-database.js';
import { until } from '../../support/until.js';

const database = ownDatabase();
const someone = () => newPerson(database.current);
const fail = (error: unknown) => {
  throw error;
};

const aGroup = async (options: Parameters<typeof chatNode>[1] = {}) => {
  const node = await chatNode(database.current, { onlineTickMs: 20, ...options });
  const [ada, bob] = [await someone(), await someone()];
  const { admin, chat } = await node.group(ada, bob);
  return { ...withPresence(node), ada, bob, admin, chat };
};

const withPresence = (node: Awaited<ReturnType<typeof chatNode>>) => {
  const stateFor = async (viewer: Viewer, person: Viewer) => {
    const state = await node.userPresence.read(viewer, person.id);
    return state && { isOnline: state.isOnline, lastSeenAt: state.lastSeenAt };
  };
  const isOnline = async (person: Viewer) => (await node.online.who([person.id])).online.has(person.id);
  const arrive = async (person: Viewer) => {
    const leave = node.online.arrive(person.id);
    await vi.waitUntil(() => isOnline(person));
    return leave;
  };
  /** What is told of them from now on, as it comes. */
  const watch = (viewer: Viewer, ...people: Viewer[]) => {
    const items: PresenceItem[] = [];
    const stream = node.streams.presence(viewer, { userIds: people.map(({ id }) => id), ending: createEnding() });
    const iterator = pull(stream);
    void (async () => {
      for await (const item of iterator) items.push(item);
    })();
    onTestFinished(async () => void (await iterator.return!()));
    const told = () => items.map((item) => (item.kind === 'presence' ? [item.userId, item.isOnline] : item.code));
    return { items, told };
  };
  return { ...node, arrive, stateFor, watch };
};

const ONLINE = { isOnline: true, lastSeenAt: null };

it('T51 somebody is online while any of their connections is open, and was seen when the last one closed', async () => {
  const { ada, bob, arrive, stateFor } = await aGroup();
  expect(await stateFor(ada, bob)).toEqual({ isOnline: false, lastSeenAt: null });

  const [one, other] = [await arrive(bob), await arrive(bob)];
  expect(await stateFor(ada, bob)).toEqual(ONLINE);
  one();
  one();
  expect(await stateFor(ada, bob)).toEqual(ONLINE);
  other();
  await expect
    .poll(() => stateFor(ada, bob), { interval: 5 })
    .toEqual({ isOnline: false, lastSeenAt: expect.any(Date) as Date });
});

it('T52 is seen by oneself and by those who share a chat, but not where one has blocked the other', async () => {
  const { ada, bob, admin, arrive, blocks, members, chat, stateFor } = await aGroup();
  await arrive(bob);

  expect(await stateFor(bob, bob)).toEqual(ONLINE);
  for (const stranger of [await someone(), admin]) expect(await stateFor(stranger, bob)).toBe(null);
  await blocks.block(bob, ada.id);
  expect(await stateFor(ada, bob)).toBe(null);
  await blocks.unblock(bob, ada.id);
  await blocks.block(ada, bob.id);
  expect(await stateFor(ada, bob)).toBe(null);
  await blocks.unblock(ada, bob.id);
  expect(await stateFor(ada, bob)).toEqual(ONLINE);
  await members.remove(admin, chat.id, bob.id);
  expect(await stateFor(ada, bob)).toBe(null);
});

it('T52 is not seen of those who keep it to themselves, nor of anybody where it is off', async () => {
  const { ada, bob, arrive, stateFor, userPresence, watch } = await aGroup();
  await arrive(bob);
  const { told } = watch(ada, bob);
  await until(() => told().length === 1, 'how they are');

  await userPresence.setVisible(bob, false);
  expect(await userPresence.isVisible(bob)).toBe(false);
  expect(await stateFor(ada, bob)).toBe(null);
  expect(await stateFor(bob, bob)).toEqual(ONLINE);
  await until(() => told().length === 2, 'that they are gone');
  await userPresence.setVisible(bob, true);
  await until(() => told().length === 3, 'that they are back');
  expect(told()).toEqual([true, false, true].map((isOnline) => [bob.id, isOnline]));

  const off = await aGroup({ settings: { presence: false } });
  off.online.arrive(off.bob.id);
  expect(await off.stateFor(off.ada, off.bob)).toBe(null);
  expect(await off.stateFor(off.bob, off.bob)).toBe(null);
});

it('T53 first tells how each is, then who comes and goes, and nothing of those whom one may not see', async () => {
  const { ada, bob, arrive, chat, members, admin, watch } = await aGroup();
  const [stranger, third] = [await someone(), await someone()];
  await members.add(admin, chat.id, third.id);
  const leave = await arrive(bob);
  await arrive(stranger);
  const { told } = watch(ada, bob, stranger, third, bob);

  await until(() => told().length === 2, 'how they are');
  expect(told()).toEqual([
    [bob.id, true],
    [third.id, false],
  ]);
  leave();
  await until(() => told().length === 3, 'that one went');
  await arrive(third);
  await until(() => told().length === 4, 'that one came');
  expect(told().slice(2)).toEqual([
    [bob.id, false],
    [third.id, true],
  ]);
});

it('T53 who leaves and is back at once has not gone, and who flutters is told once a tick', async () => {
  const bus = createFrozenBus(fail);
  let published = 0;
  const publish = bus.publish;
  bus.publish = (topic, event) => {
    if (topic.name === 'online') published += 1;
    publish(topic, event);
  };
  const { ada, bob, arrive, online, watch } = await aGroup({ bus });
  const third = await someone();
  let leave = await arrive(bob);
  const { told } = watch(ada, bob);
  await until(() => told().length === 1, 'how they are');

  for (let n = 0; n < 50; n += 1) {
    leave();
    leave = online.arrive(bob.id);
  }
  await arrive(third);
  expect(published).toBe(2);
  for (let n = 0; n < 50; n += 1) {
    leave();
    leave = online.arrive(bob.id);
  }
  leave();
  await until(() => told().length === 2, 'that they went');
  expect(published).toBe(3);
  expect(told()).toEqual([
    [bob.id, true],
    [bob.id, false],
  ]);
});

it('T53 at most five hundred are watched, by twenty streams at once', async () => {
  const { ada, streams } = await aGroup();
  const userIds = Array.from({ length: 501 }, (_, n) => BigInt(n + 1));

  expect(() => streams.presence(ada, { userIds, ending: createEnding() })).toThrow(BadUserInputError);
  const openOne = () => streams.presence(ada, { userIds: [], ending: createEnding() });
  const [first] = Array.from({ length: 20 }, openOne);
  expect(openOne).toThrow(BadUserInputError);
  first!.stop();
  first!.stop();
  openOne();
  expect(openOne).toThrow(BadUserInputError);
});

it('T54 ten thousand who come back at once are a few statements and messages, and none until a minute has passed', async () => {
  const { db, count } = counting(database.current);
  const ids = (
    await database.current.query<{ id: bigint }>(
      `INSERT INTO "user" (username, username_key, email, email_key)
       SELECT name, name, name, name FROM generate_series(1, 10000) n CROSS JOIN LATERAL (SELECT 'back' || n) named(name) RETURNING id`,
    )
  ).map(({ id }) => id);
  const bus = createFrozenBus(fail);
  const published: string[][] = [];
  const counted = bus.publish.bind(bus);
  bus.publish = (topic, event) => {
    published.push((event as { ids: string[] }).ids);
    counted(topic, event);
  };
  /** All of them, each once, in few messages: ten, or some more if a tick came while they were told. */
  const wave = async (what: string) => {
    await until(() => published.flat().length === 10_000, what);
    expect(new Set(published.flat()).size).toBe(10_000);
    expect(published.splice(0).length).toBeLessThan(14);
  };
  const told: number[] = [];
  const registry: OnlineRegistry = {
    ...createMemoryOnline(),
    tell: (came) => Promise.resolve(void told.push(came.length)),
  };
  const node = await chatNode({ ...database.current, ...db }, { bus, onlineRegistry: registry, onlineTickMs: 20 });
  const seen = async () =>
    (
      await database.current.query<{ count: number }>(
        'SELECT count(*)::int AS count FROM presence WHERE user_id = ANY($1::bigint[]) AND seen_at IS NOT NULL',
        [ids],
      )
    )[0]!.count;

  const before = count();
  let leaving = ids.map((id) => node.online.arrive(id));
  await expect.poll(seen, { timeout: 60_000 }).toBe(10_000);
  expect(count() - before).toBe(10);
  expect(told).toEqual([10_000]);
  await wave('that they came');
  for (const leave of leaving) leave();
  await wave('that they went');
  leaving = ids.map((id) => node.online.arrive(id));
  await wave('that they are back');
  expect(count() - before).toBe(10);
  expect(leaving).toHaveLength(10_000);
}, 120_000);

it('T54 a page of people is asked for in one statement, by however many at once', async () => {
  const { db, count } = counting(database.current);
  const { ada, bob, stateFor } = await (async () => {
    const node = withPresence(await chatNode({ ...database.current, ...db }));
    const [ada, bob] = [await someone(), await someone()];
    await node.group(ada, bob);
    return { ...node, ada, bob };
  })();

  const before = count();
  await Promise.all([stateFor(ada, bob), stateFor(bob, ada), stateFor(ada, ada), stateFor(ada, bob)]);
  expect(count() - before).toBe(1);
});

it('T55 while the other nodes cannot be asked, nobody is told to have gone', async () => {
  let others: ReadonlySet<string> | undefined = new Set();
  let doubt = () => undefined as void;
  const onlineRegistry: OnlineRegistry = {
    ...createMemoryOnline(),
    others: () => Promise.resolve(others),
    onDoubt: (listener) => {
      doubt = listener;
    },
  };
  const { ada, bob, watch } = await aGroup({ onlineRegistry });
  const third = await someone();
  others = new Set([String(bob.id)]);
  const { told } = watch(ada, bob, ada);
  await until(() => told().length === 2, 'how they are');

  others = undefined;
  doubt();
  others = new Set([String(ada.id), String(third.id)]);
  doubt();
  await until(() => told().length === 4, 'what is known again');
  expect(told()).toEqual([
    [bob.id, true],
    [ada.id, false],
    [bob.id, false],
    [ada.id, true],
  ]);
});

import { expect, it, onTestFinished } from 'vitest';
import type { Bus } from '../../src/bus/bus.js';
import type { Database } from '../../src/db/database.js';
import { createEnding } from '../../src/domain/ending.js';
import type { NotificationRow } from '../../src/domain/notification-row.js';
import { createNotifications } from '../../src/domain/notifications.js';
import { createNotificationStream } from '../../src/domain/notification-stream.js';
import type { Viewer } from '../../src/domain/viewer.js';
import { createTail } from '../../src/log/tail.js';
import { chatNode, newPerson, ownDatabase } from '../support/chats.js';
import { logNode, silentBus, withFailure } from '../support/log.js';
import { until } from '../support/until.js';

const database = ownDatabase();

/** What a client makes of the list and what it is told: a notification that has gone is dropped, others replaced. */
const apply = (state: Map<string, NotificationRow>, told: NotificationRow) => {
  const isGone = told.kind === 'NEW_MESSAGE' ? told.message === null : told.readAt !== null;
  if (isGone) state.delete(told.id);
  else state.set(told.id, told);
};

const inShort = (rows: Iterable<NotificationRow>) =>
  [...rows].map(({ id, message, unreadCount }) => `${id} ${message?.seq ?? ''} ${unreadCount}`).sort();

const aNode = async (sound: Database, options: { intervalMs?: number; bus?: Bus; db?: Database } = {}) => {
  const { db = sound } = options;
  const { rounds, bus: own } = await logNode(sound, options);
  const tail = createTail({ db, bus: own, rounds }, () => undefined);
  onTestFinished(() => tail.close());
  const node = chatNode(sound, { bus: own });
  const list = async (viewer: Viewer) =>
    (await node.notifications.list(viewer, true, { first: 100 })).edges.map((edge) => edge.node);

  const open = (viewer: Viewer) => {
    const notifications = createNotifications({ db, bus: own });
    const stream = createNotificationStream({
      db,
      bus: own,
      tail,
      rounds,
      notifications,
      viewer,
      ending: createEnding(),
    });
    onTestFinished(() => void stream.return!());
    return stream;
  };
  const follow = (viewer: Viewer, listed: NotificationRow[]) => {
    const stream = open(viewer);
    const state = new Map(listed.map((row) => [row.id, row]));
    void (async () => {
      for await (const item of stream) if (item.kind === 'notification') apply(state, item.notification);
    })();
    return state;
  };
  return { ...node, list, open, follow, rounds };
};

const equals = async (node: Awaited<ReturnType<typeof aNode>>, viewer: Viewer, state: Map<string, NotificationRow>) => {
  const wanted = inShort(await node.list(viewer));
  await until(() => inShort(state.values()).join() === wanted.join(), `the list as it is: ${wanted.join(', ')}`);
};

const chatsOf = async (node: Awaited<ReturnType<typeof aNode>>, ...people: Viewer[]) =>
  Promise.all(Array.from({ length: 6 }, () => node.group(...people)));

/** In each chat something else that changes what bob is told. */
const changeEverything = async (node: Awaited<ReturnType<typeof aNode>>, ada: Viewer, bob: Viewer) => {
  const rooms = await chatsOf(node, ada, bob);
  const last = new Map<bigint, number>();
  for (const { chat } of rooms) for (const _ of [1, 2]) last.set(chat.id, await node.say(ada, chat));
  const before = await node.list(bob);
  const [read, aside, deleted, removed, sent] = rooms.map(({ chat }) => chat);

  return {
    before,
    change: async () => {
      await node.readPositions.mark(bob, read!.id, null);
      await node.notifications.markRead(bob, [`m${aside!.id}`]);
      const key = { chatId: deleted!.id, seq: last.get(deleted!.id)! };
      await node.messages.delete(ada, deleted!.id, [{ rawId: '', key }]);
      await node.members.remove(rooms[3]!.admin, removed!.id, bob.id);
      await node.say(ada, sent!);
      await node.group(bob);
      const added = before.find(({ kind }) => kind === 'CHAT_ADDED');
      await node.notifications.markRead(bob, [added!.id]);
    },
  };
};

it('S0.22 the list and the stream give the list as it is, where all changed between reading the one and opening the other', async () => {
  const node = await aNode(database.current, { intervalMs: 1000 });
  const [ada, bob] = [await newPerson(database.current), await newPerson(database.current)];
  const { before, change } = await changeEverything(node, ada, bob);
  await change();

  const state = node.follow(bob, before);

  await equals(node, bob, state);
});

it('the list and the stream give the list as it is, within a second where no bell rings', async () => {
  const node = await aNode(database.current, { bus: silentBus, intervalMs: 20 });
  const [ada, bob] = [await newPerson(database.current), await newPerson(database.current)];
  const { before, change } = await changeEverything(node, ada, bob);
  const state = node.follow(bob, before);
  await equals(node, bob, state);

  await change();

  await equals(node, bob, state);
});

it('the list and the stream give the list as it is, whichever statement the database failed to answer meanwhile', async () => {
  const failures = withFailure(database.current);
  const node = await aNode(database.current, { db: failures.db });
  for (let at = 1, hasFailed = true; hasFailed; at += 1) {
    const [ada, bob] = [await newPerson(database.current), await newPerson(database.current)];
    const { before, change } = await changeEverything(node, ada, bob);
    const state = node.follow(bob, before);
    await equals(node, bob, state);

    failures.fail(at);
    await change();

    await equals(node, bob, state);
    hasFailed = failures.hasFailed();
  }
});

it('ends where the database is another one than before: the list is to be read again', async () => {
  const db = database.current;
  const node = await aNode(db, { intervalMs: 20 });
  const [ada, bob] = [await newPerson(db), await newPerson(db)];
  const { chat } = await node.group(ada, bob);
  const seq = await node.say(ada, chat);
  const kinds: string[] = [];
  const done = (async () => {
    for await (const { kind } of node.open(bob)) kinds.push(kind);
  })();
  await until(() => kinds.length > 1, 'what was added and said');
  await node.rounds.look();

  // As after a restore to before it.
  await db.query('DELETE FROM event WHERE chat_id = $1 AND seq = $2', [chat.id, seq]);
  await done;

  expect(kinds).toEqual(['notification', 'notification', 'resync']);
});

import { expect, it, onTestFinished } from 'vitest';
import type { Bus } from '../../../src/bus/bus.js';
import type { Database } from '../../../src/db/database.js';
import { createEnding } from '../../../src/domain/streams/ending.js';
import type { NotificationRow } from '../../../src/domain/notifications/notification-row.js';
import { createNotifications } from '../../../src/domain/notifications/notifications.js';
import { pull } from '../../../src/domain/streams/live-stream.js';
import { createNotificationStream, type NotificationItem } from '../../../src/domain/streams/notification-stream.js';
import type { Viewer } from '../../../src/domain/viewer.js';
import { createTail } from '../../../src/log/tail.js';
import { chatNode, newPerson } from '../../support/chats.js';
import { logNode, silentBus, withFailure, withStep } from '../../support/log.js';
import { ownDatabase } from '../../support/own-database.js';
import { until } from '../../support/until.js';

const database = ownDatabase();

/** What a client makes of the list and what it is told. */
const apply = (state: Map<string, NotificationRow>, item: NotificationItem) => {
  if (item.kind === 'removed') state.delete(item.notification.id);
  if (item.kind === 'added' || item.kind === 'changed') state.set(item.notification.id, item.notification);
};

const inShort = (rows: Iterable<NotificationRow>) =>
  [...rows]
    .map(({ id, message, unreadCount, readAt }) =>
      [id, message?.seq, message?.text, unreadCount, readAt?.getTime()].join(' '),
    )
    .sort();

const aNode = async (sound: Database, options: { intervalMs?: number; bus?: Bus; db?: Database } = {}) => {
  const { db = sound } = options;
  const { rounds, bus: own } = await logNode(sound, options);
  const tail = createTail({ db, bus: own, rounds }, () => undefined);
  onTestFinished(() => tail.close());
  const node = await chatNode(sound, { bus: own });
  const list = async (viewer: Viewer) =>
    (await node.notifications.list(viewer, false, { first: 100 })).edges.map((edge) => edge.node);

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
    const items = pull(stream);
    onTestFinished(() => void items.return!());
    return items;
  };
  const follow = (viewer: Viewer, listed: NotificationRow[], items: NotificationItem[] = []) => {
    const stream = open(viewer);
    const state = new Map(listed.map((row) => [row.id, row]));
    void (async () => {
      for await (const item of stream) {
        items.push(item);
        apply(state, item);
      }
    })();
    return state;
  };
  /** All that is told from now on. */
  const hearNotifications = (viewer: Viewer) => {
    const items: NotificationItem[] = [];
    follow(viewer, [], items);
    return items;
  };
  return { ...node, list, open, follow, hearNotifications, rounds };
};

const equals = async (node: Awaited<ReturnType<typeof aNode>>, viewer: Viewer, state: Map<string, NotificationRow>) => {
  const wanted = inShort(await node.list(viewer));
  await until(() => inShort(state.values()).join() === wanted.join(), `the list as it is: ${wanted.join(', ')}`);
};

const chatsOf = async (node: Awaited<ReturnType<typeof aNode>>, ...people: Viewer[]) =>
  Promise.all(Array.from({ length: 8 }, () => node.group(...people)));

/** In each chat something else that changes what bob is told. */
const changeEverything = async (node: Awaited<ReturnType<typeof aNode>>, ada: Viewer, bob: Viewer) => {
  const rooms = await chatsOf(node, ada, bob);
  const last = new Map<bigint, number>();
  for (const _ of [1, 2])
    await Promise.all(rooms.map(async ({ chat }) => void last.set(chat.id, await node.say(ada, chat))));
  const before = await node.list(bob);
  const [read, aside, deleted, removed, sent, left, edited] = rooms.map(({ chat }) => chat);

  return {
    before,
    sent: sent!,
    quiet: rooms[7]!.chat,
    change: async () => {
      await node.readPositions.mark(bob, read!.id, null);
      await node.notifications.markRead(bob, [`m${aside!.id}`]);
      const key = { chatId: deleted!.id, seq: last.get(deleted!.id)! };
      await node.messages.delete(ada, deleted!.id, [{ rawId: '', key }]);
      await node.members.remove(rooms[3]!.admin, removed!.id, bob.id);
      await node.say(ada, sent!);
      await node.members.leave(bob, left!.id);
      await node.messages.edit(ada, { chatId: edited!.id, seq: last.get(edited!.id)! }, 'Edited');
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

  expect(kinds).toEqual(['added', 'added', 'resync']);
});

/** What is new to a person, in short. */
const newsIn = (items: readonly NotificationItem[]) =>
  items.flatMap((item) =>
    'isNew' in item && item.isNew
      ? [item.notification.message?.text ?? `${item.notification.kind} ${item.notification.chatId}`]
      : [],
  );

it('follows a chat that one is added to as soon as the bell says so', async () => {
  const db = database.current;
  // No round that would say so too.
  const node = await aNode(db, { intervalMs: 1_000_000 });
  const [ada, bob] = [await newPerson(db), await newPerson(db)];
  const { chat: before } = await node.group(ada, bob);
  const items = node.hearNotifications(bob);
  for (let n = 0; newsIn(items).length === 0; n += 1) await node.say(ada, before, `standing ${n}`);

  const { chat } = await node.group(ada, bob);
  await until(() => newsIn(items).includes(`CHAT_ADDED ${chat.id}`), 'the chat that was joined');
  await node.say(ada, chat, 'in the new one');

  await until(() => newsIn(items).includes('in the new one'), 'what was said there');
});

it('tells as new what is sent and who is added from then on, once, and nothing of what is edited, deleted or read', async () => {
  const db = database.current;
  const node = await aNode(db);
  const [ada, bob] = [await newPerson(db), await newPerson(db)];
  const { chat } = await node.group(ada, bob);
  const fences = await node.group(ada, bob);
  await node.say(ada, chat, 'before');
  const items = node.hearNotifications(bob);
  for (let n = 0; newsIn(items).length === 0; n += 1) await node.say(ada, fences.chat, `standing ${n}`);
  items.length = 0;

  const first = await node.say(ada, chat, 'first');
  await until(() => newsIn(items).includes('first'), 'the first');
  const second = await node.say(ada, chat, 'second');
  await until(() => newsIn(items).includes('second'), 'the second');
  await node.messages.edit(ada, { chatId: chat.id, seq: second }, 'edited');
  await node.messages.delete(ada, chat.id, [{ rawId: '', key: { chatId: chat.id, seq: second } }]);
  await node.messages.edit(ada, { chatId: chat.id, seq: first }, 'edited too');
  await node.readPositions.mark(bob, chat.id, null);
  const joined = await node.group(bob);
  await until(() => newsIn(items).includes(`CHAT_ADDED ${joined.chat.id}`), 'the chat that was joined');
  const [added] = (await node.list(bob)).filter(({ chatId }) => chatId === joined.chat.id);
  await node.notifications.markRead(bob, [added!.id]);
  await until(() => items.some((item) => item.kind === 'changed' && item.notification.readAt !== null), 'it is read');
  await node.say(ada, fences.chat, 'the fence');
  await until(() => newsIn(items).includes('the fence'), 'the fence');

  expect(newsIn(items).filter((one) => !one.startsWith('standing'))).toEqual([
    'first',
    'second',
    `CHAT_ADDED ${joined.chat.id}`,
    'the fence',
  ]);
});

it('T13 tells one whom an edit mentions, and nobody whom it mentioned before', async () => {
  const db = database.current;
  const node = await aNode(db);
  const [ada, bob, eve] = [await newPerson(db), await newPerson(db), await newPerson(db)];
  const { chat } = await node.group(ada, bob, eve);
  const [toBob, toEve] = [node.hearNotifications(bob), node.hearNotifications(eve)];
  for (const [n, items] of [toBob, toEve].entries()) {
    while (newsIn(items).length === 0) await node.say(ada, chat, `standing ${n}`);
  }
  const { message } = await node.messages.send(ada, { chatId: chat.id, text: 'Hello', mentionIds: [bob.id] });
  for (const items of [toBob, toEve]) await until(() => newsIn(items).includes('Hello'), 'the message');

  await node.messages.edit(ada, message, 'Hello, both', [bob.id, eve.id]);
  for (const items of [toBob, toEve]) {
    await until(
      () => items.some((item) => 'notification' in item && item.notification.message?.text === 'Hello, both'),
      'the edit',
    );
  }

  const mentionsIn = (items: NotificationItem[]) =>
    items
      .flatMap((item) => (item.kind !== 'ended' && item.kind !== 'resync' ? [item.notification.mentionCount] : []))
      .at(-1);
  expect([mentionsIn(toBob), mentionsIn(toEve)]).toEqual([1, 1]);
  const newsAfter = (items: NotificationItem[]) => newsIn(items).filter((one) => !one.startsWith('standing'));
  expect([newsAfter(toBob), newsAfter(toEve)]).toEqual([['Hello'], ['Hello', 'Hello, both']]);
});

it('tells one who comes back nothing as new that was told, or came while they were away', async () => {
  const db = database.current;
  const node = await aNode(db);
  const [ada, bob] = [await newPerson(db), await newPerson(db)];
  const { chat } = await node.group(ada, bob);
  await node.say(ada, chat, 'before');
  const items = node.hearNotifications(bob);
  await until(() => items.length === 2, 'what the list may lack');

  await node.say(ada, chat, 'after');
  await until(() => items.length === 3, 'what is new');

  expect(newsIn(items)).toEqual(['after']);
});

it('tells what is added to the list, changed in it and removed from it', async () => {
  const db = database.current;
  const node = await aNode(db);
  const [ada, bob] = [await newPerson(db), await newPerson(db)];
  const { admin, chat } = await node.group(ada, bob);
  await node.notifications.markRead(bob, null);
  const items = node.hearNotifications(bob);
  const toldOf = async (work: () => Promise<unknown>) => {
    const before = items.length;
    await work();
    await until(() => items.length > before, 'what it changes');
    return items.slice(before).map((item) => {
      if (!('notification' in item)) return item.kind;
      const { kind, message, unreadCount } = item.notification;
      return [item.kind, kind, message?.text, ...(unreadCount > 0 ? [unreadCount] : [])].filter(Boolean).join(' ');
    });
  };
  await until(() => items.length === 2, 'what the list may have or lack');
  let seq = 0;
  const say = (text: string) => async () => (seq = await node.say(ada, chat, text));
  const deleteIt = (of: number) => () =>
    node.messages.delete(ada, chat.id, [{ rawId: '', key: { chatId: chat.id, seq: of } }]);

  expect(await toldOf(say('one'))).toEqual(['added NEW_MESSAGE one 1']);
  expect(await toldOf(say('two'))).toEqual(['changed NEW_MESSAGE two 2']);
  expect(await toldOf(() => node.messages.edit(ada, { chatId: chat.id, seq }, 'Two'))).toEqual([
    'changed NEW_MESSAGE Two 2',
  ]);
  expect(await toldOf(deleteIt(seq))).toEqual(['changed NEW_MESSAGE one 1']);
  expect(await toldOf(deleteIt(1))).toEqual(['removed NEW_MESSAGE']);
  expect(await toldOf(say('three'))).toEqual(['added NEW_MESSAGE three 1']);
  expect(await toldOf(() => node.readPositions.mark(bob, chat.id, null))).toEqual(['removed NEW_MESSAGE']);
  expect(await toldOf(say('four'))).toEqual(['added NEW_MESSAGE four 1']);
  expect(await toldOf(() => node.notifications.markRead(bob, null))).toEqual(['removed NEW_MESSAGE']);
  expect(await toldOf(say('five'))).toEqual(['added NEW_MESSAGE five 2']);
  expect((await toldOf(() => node.members.remove(admin, chat.id, bob.id))).sort()).toEqual([
    'added CHAT_REMOVED',
    'removed NEW_MESSAGE',
  ]);
});

it('the list and the stream give the list as it is, and news come once, where all changes before any statement of its beginning', async () => {
  const db = database.current;
  for (let at = 1, steps = 1; at <= steps; at += 1) {
    let change = () => Promise.resolve();
    let changing = null as Promise<void> | null;
    const step = withStep(db, { at, isBefore: true, act: () => change() });
    const node = await aNode(db, { db: step.db });
    const [ada, bob] = [await newPerson(db), await newPerson(db)];
    const { before, sent, quiet, ...work } = await changeEverything(node, ada, bob);
    change = () => (changing = work.change());

    const items: NotificationItem[] = [];
    const state = node.follow(bob, before, items);
    await node.say(ada, quiet, 'the fence');
    await until(() => state.get(`m${quiet.id}`)?.message?.text === 'the fence', 'the fence');
    steps = step.steps();
    change = () => Promise.resolve();
    await changing;

    await equals(node, bob, state);
    const told = items.filter((item) => 'isNew' in item && item.isNew && item.notification.id === `m${sent.id}`);
    expect(told, `before ${at}`).toHaveLength(changing && at > 1 ? 1 : 0);
  }
});

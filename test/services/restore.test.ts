/** The commands of docs/operations.md, under clients that follow: nobody has a hole, nobody is told of two futures. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { requireConfig } from '../../src/config.js';
import { openDatabase } from '../../src/db/open.js';
import { decodeCursor } from '../../src/log/cursor.js';
import {
  copyFolder,
  dump,
  endAllSessions,
  putBack,
  restoreOver,
  restoreRows,
  type Backup,
} from '../faults/restores.js';
import { temporaryFolder, testDatabase } from '../support/database.js';
import {
  AddChatMemberDocument,
  DeleteMessagesDocument,
  EventsDocument,
  LogInDocument,
  NotificationReceivedDocument,
  RefreshSessionDocument,
  RemoveChatMemberDocument,
  SendMessageDocument,
} from '../support/generated/operations.js';
import { attachmentOf, get, uploaded } from '../support/files.js';
import { post } from '../support/http.js';
import { logProblems } from '../support/log-problems.js';
import { admin, type TestNode } from '../support/node.js';
import { ownNodes } from '../support/nodes.js';
import { commands, runCommand } from '../support/operations-page.js';
import { parley } from '../support/parley.js';
import {
  administrator,
  groupChat,
  groupOf,
  newPerson,
  passwordOf,
  signIn,
  type Chat,
  type Following,
  type Person,
} from '../support/people.js';
import { upTo } from '../support/sent.js';
import { serverProcess } from '../support/server-process.js';
import { until } from '../support/until.js';

const PAST = 5;
const LOST = 4;

const sendAll = async (person: Person, chat: Chat, texts: readonly string[]) => {
  for (const text of texts) expect(await person.send(chat, text)).toMatchObject({ __typename: 'SendMessageSuccess' });
};

const texts = (when: string, count: number) => upTo(count).map((number) => `${when} ${number}`);

/** One line for each event, as `sent 3: lost 1`. */
const told = ({ events }: Following): string[] =>
  events.map((event) => {
    switch (event.__typename) {
      case 'MessageSent':
        return `${event.seq}: ${event.message.text}`;
      case 'ChatReady':
        return `ready ${event.headSeq}`;
      case 'SubscriptionEnded':
        return `ended ${event.code}`;
      default:
        return event.__typename;
    }
  });

const sentOf = (when: string, count: number, first: number) =>
  texts(when, count).map((text, index) => `${first + index}: ${text}`);

/** All that a backup does not know: messages, a member, a chat, a person, and cursors of it. */
const loseAll = async (chat: Chat, { root, boris }: Record<'root' | 'boris', Person>, people: Person[]) => {
  const dave = await newPerson(root.node, 'dave');
  await sendAll(boris, chat, texts('lost', LOST));
  await root.ask(AddChatMemberDocument, { chatId: chat.id, userId: dave.id });
  const lostChat = await groupOf(root, boris, ...people);
  return { dave, lostChat };
};

const cursorAt = async (person: Person, chat: Chat): Promise<string> =>
  (await (await person.follow(chat)).event('ChatReady')).cursor;

/** Of an event, as a client has it that was given it. */
const sentCursor = async (person: Person, chat: Chat, after: string, seq: number): Promise<string> => {
  const following = await person.follow(chat, { after });
  for (;;) {
    const event = await following.event('MessageSent');
    if (event.seq === seq) return event.cursor;
  }
};

/** What follows, with its cursor in hand, is told to read the chat again, or is given what follows. */
const resume = async (person: Person, chat: Chat, after: string): Promise<string[]> => {
  const following = await person.follow(chat, { after });
  await following.event('ChatReady');
  return told(following);
};

describe.each([
  ['a dump over the same database', restoreOver],
  ['the rows of a dump alone', restoreRows],
] as [string, (backup: Backup) => Promise<void>][])('%s', (_how, restore) => {
  const nodes = ownNodes();
  const databaseUrl = () => nodes.environment.DATABASE_URL!;

  afterEach(() => {
    const faults = [nodes.one, nodes.other].flatMap(({ log }) => log.filter(({ level }) => level === 'error'));
    expect(faults).toEqual([]);
  });

  it('under two running nodes: who follows is told to read the chat again, and is given one future only', async () => {
    const { root, ada, boris, chen, chat } = await groupChat(nodes.one);
    const followers = [
      await ada.at(nodes.one).follow(chat),
      await chen.at(nodes.other).follow(chat, { over: 'sse' }),
      await root.at(nodes.other).follow(chat),
    ];
    for (const one of followers) await one.event('ChatReady');
    await sendAll(boris, chat, texts('past', PAST));
    const backup = await dump(databaseUrl());
    const { dave } = await loseAll(chat, { root, boris }, [ada]);
    await until(() => followers.every((one) => told(one).at(-1) === 'MemberAdded'), 'what will be lost');
    const daves = await dave.at(nodes.other).follow(chat);
    await daves.event('ChatReady');

    await restore(backup);
    // At once, and beyond the numbers that were lost: before a node looks.
    await sendAll(boris.at(nodes.other), chat, texts('new', LOST + 3));
    const isDone = (line: string | undefined) => line === 'ready 12' || line === `12: new ${LOST + 3}`;
    await until(() => followers.every((one) => isDone(told(one).at(-1))), 'the last of the new ones');

    for (const one of followers) {
      const before = ['ready 0', ...sentOf('past', PAST, 1), ...sentOf('lost', LOST, PAST + 1), 'MemberAdded'];
      const all = told(one);
      expect(all.slice(0, before.length)).toEqual(before);
      const [resync, ready, ...rest] = all.slice(before.length);
      expect([resync, ready]).toEqual(['ResyncRequired', expect.stringMatching(/^ready /)]);
      const head = Number(ready!.slice('ready '.length));
      expect(rest).toEqual(sentOf('new', LOST + 3, PAST + 1).slice(head - PAST));
    }
    // Was added in what was lost.
    expect(['cut', 'complete']).toContain(await daves.ended);
    expect(JSON.stringify(daves.answers)).not.toContain('new');
  });

  it('under two running nodes: a follower of all chats keeps the chats that there are', async () => {
    const { root, ada, boris, chat } = await groupChat(nodes.one);
    await sendAll(boris, chat, texts('past', PAST));
    const backup = await dump(databaseUrl());
    const socket = await ada.at(nodes.other).connect();
    const events = socket.open(EventsDocument, {});
    const heard = () => events.answers.map(({ data }) => JSON.stringify(data?.events));
    const waitFor = (what: string) => until(() => heard().some((line) => line.includes(what)), what);
    await waitFor('ViewerReady');
    const { lostChat } = await loseAll(chat, { root, boris }, [ada]);
    await waitFor(`"id":"${lostChat.id}"`);
    await sendAll(boris, lostChat, ['in a lost chat']);
    await waitFor('in a lost chat');

    await restore(backup);
    await waitFor(`"ChatRemoved","chatId":"${lostChat.id}"`);
    await waitFor(`"ResyncRequired","chatId":"${chat.id}"`);
    // It is given the lost chat's id, and is none of ada's business.
    const others = await groupOf(root, boris);
    await sendAll(boris, others, ['among others']);
    await sendAll(boris, chat, ['new']);
    await waitFor('"text":"new"');

    expect(others.id).toBe(lostChat.id);
    expect(heard().join()).not.toContain('among others');
  });

  it('under two running nodes: following notifications ends, for their list is to be read again', async () => {
    const { ada, boris, chat } = await groupChat(nodes.one);
    const backup = await dump(databaseUrl());
    const notifications = (await ada.at(nodes.other).connect()).open(NotificationReceivedDocument, {});
    // Nothing tells when it stands.
    while (!JSON.stringify(notifications.answers).includes('lost')) await sendAll(boris, chat, ['lost']);

    await restore(backup);

    expect(await notifications.ended).toBe('complete');
    expect(notifications.answers.at(-1)?.errors).toMatchObject([
      { extensions: { code: 'SUBSCRIPTION_ENDED', endCode: 'RESYNC_REQUIRED' } },
    ]);
  });

  it('a chat that was lost, and whose id another one is given, ends for who follows it', async () => {
    const { root, ada, boris, chat } = await groupChat(nodes.one);
    const backup = await dump(databaseUrl());
    const { lostChat } = await loseAll(chat, { root, boris }, [ada]);
    await sendAll(boris, lostChat, texts('lost', 2));
    const following = await ada.follow(lostChat);
    const cursor = (await following.event('ChatReady')).cursor;

    await restore(backup);
    const others = await groupOf(root, boris);
    await sendAll(boris, others, texts('among others', 5));
    const { code } = await following.event('SubscriptionEnded');

    expect(others.id).toBe(lostChat.id);
    expect(code).toBe('CHAT_GONE');
    expect(JSON.stringify(following.answers)).not.toContain('among others');
    expect(await (await ada.follow(others, { after: cursor })).event('SubscriptionEnded')).toMatchObject({ code });
  });

  it('a removal after it ends what was followed before it, whatever number it takes', async () => {
    const { root, ada, boris, chat } = await groupChat(nodes.one);
    await sendAll(boris, chat, texts('past', PAST));
    const backup = await dump(databaseUrl());
    await loseAll(chat, { root, boris }, []);
    const following = await ada.at(nodes.other).follow(chat);
    await following.event('ChatReady');

    await restore(backup);
    await following.event('ResyncRequired');
    await following.event('ChatReady');
    await root.ask(RemoveChatMemberDocument, { chatId: chat.id, userId: ada.id });
    await sendAll(boris, chat, ['after the removal']);
    const { code } = await following.event('SubscriptionEnded');

    expect(code).toBe('REMOVED');
    expect(told(following).join()).not.toContain('after the removal');
    const db = await openDatabase({ databaseUrl: databaseUrl(), dataDir: '' });
    onTestFinished(() => db.close());
    expect(await logProblems(db)).toEqual([]);
  });

  it('a client that comes back with a cursor of what is gone reads the chat again, before and after the numbers are taken', async () => {
    const { root, ada, boris, chat } = await groupChat(nodes.one);
    await sendAll(boris, chat, texts('past', PAST));
    const past = await cursorAt(ada, chat);
    const backup = await dump(databaseUrl());
    await loseAll(chat, { root, boris }, []);
    const lost = await cursorAt(ada, chat);
    const inTheMiddle = await sentCursor(ada, chat, past, PAST + 2);

    await restore(backup);
    const before = await Promise.all([past, lost, inTheMiddle].map((cursor) => resume(ada, chat, cursor)));
    await sendAll(boris, chat, texts('new', LOST + 3));
    const after = await Promise.all(
      [past, lost, inTheMiddle].map((cursor) => resume(ada.at(nodes.other), chat, cursor)),
    );

    expect(decodeCursor(lost)!.seq).toBe(PAST + LOST + 1);
    expect(before).toEqual([
      [`ready ${PAST}`],
      ['ResyncRequired', `ready ${PAST}`],
      ['ResyncRequired', `ready ${PAST}`],
    ]);
    expect(after).toEqual([
      [...sentOf('new', LOST + 3, PAST + 1), 'ready 12'],
      ['ResyncRequired', 'ready 12'],
      ['ResyncRequired', 'ready 12'],
    ]);
  });

  it('a session that was begun since is over, one from before goes on, and both people can sign in or not as then', async () => {
    const ada = await newPerson(nodes.one, 'ada');
    const backup = await dump(databaseUrl());
    const [eve, later] = [await newPerson(nodes.one, 'eve'), await signIn(nodes.one, ada.username)];
    const sockets = await Promise.all([ada, eve, later].map((person) => person.at(nodes.other).connect()));
    const live = sockets.map((socket) => socket.open(NotificationReceivedDocument));

    await restore(backup);
    const closed = await Promise.all([sockets[1]!.closed, sockets[2]!.closed]);

    expect(closed.map(({ code }) => code)).toEqual([4401, 4401]);
    expect(sockets[0]!.socket.readyState).toBe(sockets[0]!.socket.OPEN);
    expect(await live[0]!.next()).toMatchObject({ errors: [{ extensions: { endCode: 'RESYNC_REQUIRED' } }] });
    for (const person of [eve, later]) {
      const { errors } = await person.tell('http', '{ viewer { username } }');
      expect(errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
    }
    expect(await ada.tell('http', '{ viewer { username } }')).toMatchObject({
      data: { viewer: { username: ada.username } },
    });
    const refresh = (person: Person) =>
      post(nodes.one.endpoint, RefreshSessionDocument, { input: { refreshToken: person.session.refreshToken } });
    expect((await refresh(ada)).data?.refreshSession?.__typename).toBe('RefreshSessionSuccess');
    expect((await refresh(eve)).data?.refreshSession?.__typename).toBe('InvalidTokenError');
    const input = { username: eve.username, password: passwordOf(eve.username) };
    const { data } = await post(nodes.one.endpoint, LogInDocument, { input });
    expect(data?.logIn?.__typename).toBe('InvalidCredentialsError');
  });
});

describe('the database and its files', () => {
  const nodes = ownNodes();
  const read = async (url: string) => {
    const answer = await get(nodes.one, url);
    return answer.status === 200 ? Buffer.from(await answer.arrayBuffer()) : answer.status;
  };

  it('T103 come back together, whatever became of a message and of the folder', async () => {
    const { ada, chat } = await groupChat(nodes.one);
    const bytes = randomBytes(1000);
    const FILES_DIR = join(nodes.one.config.dataDir, 'files');
    const folder = temporaryFolder();
    const file = await uploaded(ada, bytes);
    const input = { chatId: chat.id, text: '', attachmentIds: [file.id] };
    const { sendMessage } = await ada.ask(SendMessageDocument, { input });
    const { message } = sendMessage as Extract<typeof sendMessage, { __typename: 'SendMessageSuccess' }>;

    const backup = await dump(databaseUrl());
    for (const _time of upTo(2)) await runCommand('Backing up', 2, folder, { FILES_DIR });
    await ada.ask(DeleteMessagesDocument, { chatId: chat.id, messageIds: [message.id] });
    rmSync(FILES_DIR, { recursive: true });
    mkdirSync(join(FILES_DIR, 'tmp'), { recursive: true });
    expect(await read(file.url)).toBe(404);
    await restoreOver(backup);
    expect(await read(file.url), 'not there yet').toBe(404);
    await runCommand('Restoring', 4, folder, { FILES_DIR });

    expect(await read(file.url)).toEqual(bytes);
    expect((await attachmentOf(ada, file.id))!.filename).toBe(file.filename);
    expect((await uploaded(ada, randomBytes(5))).byteSize, 'and the next ones are taken').toBe(5);
  });

  it('files move to another store while nodes run', async () => {
    const { ada } = await groupChat(nodes.one);
    const file = await uploaded(ada, randomBytes(10));
    const target = temporaryFolder();

    await runCommand('Moving files to another store', 0, temporaryFolder(), {
      ...nodes.environment,
      DATA_DIR: nodes.one.config.dataDir,
      NEW_FILES_URL: `file://${target}`,
    });

    expect(readdirSync(target, { recursive: true, encoding: 'utf8' }).filter((name) => name.length > 60)).not.toEqual(
      [],
    );
    expect(file.byteSize).toBe(10);
  });

  const databaseUrl = () => nodes.environment.DATABASE_URL!;
});

describe('other commands of the page', () => {
  const nodes = ownNodes();

  it('end all sessions, and what they have open, within seconds', async () => {
    const ada = await newPerson(nodes.one, 'ada');
    const socket = await ada.at(nodes.other).connect();

    await endAllSessions(nodes.environment.DATABASE_URL!);
    const { code } = await socket.closed;

    expect(code).toBe(4401);
    expect((await signIn(nodes.one, ada.username)).id).toBe(ada.id);
  });

  it('replace one node after the other while a client goes on', async () => {
    const { ada, boris, chat } = await groupChat(nodes.one);
    await runCommand('Upgrading', 0, temporaryFolder(), nodes.environment);
    const parts = [await ada.follow(chat)];
    await parts[0]!.event('ChatReady');

    for (const [from, to] of [
      [nodes.one, nodes.other],
      [nodes.other, nodes.one],
    ] as const) {
      const part = parts.at(-1)!;
      await sendAll(boris.at(to), chat, ['text']);
      const { cursor } = await part.event('MessageSent');
      const stopping = from.stop();
      await part.ended;
      await sendAll(boris.at(to), chat, ['text']);
      parts.push(await ada.at(to).follow(chat, { after: cursor }));
      await parts.at(-1)!.event('MessageSent');
      await stopping;
      await from.start();
      expect((await fetch(`${from.url}/health/ready`)).status).toBe(200);
    }
    await until(() => told(parts.at(-1)!).some((line) => line.startsWith('4:')), 'the last');

    expect(parts.flatMap(told).filter((line) => line.includes('text'))).toEqual(upTo(4).map((seq) => `${seq}: text`));
  }, 180_000);

  it('are all run here', () => {
    expect(commands().map(({ heading, number }) => `${heading} ${number}`)).toEqual([
      'Before the first start, and when something is wrong 0', // by test/services/cli/doctor.test.ts
      ...upTo(3).map((number) => `Backing up ${number - 1}`),
      ...upTo(5).map((number) => `Restoring ${number - 1}`),
      'Upgrading 0',
      'Moving from the embedded database to PostgreSQL 0',
      'Moving files to another store 0',
    ]);
  });
});

describe('an embedded database', () => {
  const asNode = (url: string): TestNode => ({
    url,
    endpoint: `${url}/graphql`,
    socketUrl: `${url.replace('http', 'ws')}/graphql`,
    log: [],
    config: requireConfig({}).config,
    stop: () => Promise.resolve(),
  });

  /** A server on a folder, with people in a chat. */
  const aServer = async () => {
    const dataDir = join(temporaryFolder(), 'data');
    const { username, password } = admin;
    const args = ['create-admin', '--username', username, '--password', password, '--email', 'admin@example.org'];
    expect(await parley(args, { env: { DATA_DIR: dataDir } })).toMatchObject({ code: 0 });
    const server = await serverProcess({ DATA_DIR: dataDir, DEMO: 'off', SIGN_INS_PER_MINUTE: '0' });
    const node = asNode(server.url);
    const root = await administrator(node);
    const [ada, boris] = [await newPerson(node, 'ada'), await newPerson(node, 'boris')];
    const chat = await groupOf(root, ada, boris);
    return { server, dataDir, root, ada, boris, chat };
  };

  it('whose folder was copied and is put back: who comes back is given one future only', async () => {
    const { server, dataDir, root, ada, boris, chat } = await aServer();
    await sendAll(boris, chat, texts('past', PAST));
    const past = await cursorAt(ada, chat);
    await server.kill('SIGTERM');
    const backup = await copyFolder(dataDir);
    await server.start();
    const { dave } = await loseAll(chat, { root, boris }, [ada]);
    const lost = await cursorAt(ada, chat);

    await server.kill('SIGTERM');
    await putBack(backup);
    await server.start();
    const before = [await resume(ada, chat, past), await resume(ada, chat, lost)];
    await sendAll(boris, chat, texts('new', LOST + 3));
    const after = [await resume(ada, chat, past), await resume(ada, chat, lost)];

    expect(before).toEqual([[`ready ${PAST}`], ['ResyncRequired', `ready ${PAST}`]]);
    expect(after).toEqual([
      [...sentOf('new', LOST + 3, PAST + 1), 'ready 12'],
      ['ResyncRequired', 'ready 12'],
    ]);
    expect((await dave.tell('http', '{ viewer { username } }')).errors).toMatchObject([
      { extensions: { code: 'UNAUTHENTICATED' } },
    ]);
  }, 180_000);

  it('that moves to PostgreSQL: sessions and cursors go on there', async () => {
    const { server, dataDir, ada, boris, chat } = await aServer();
    const following = await ada.follow(chat);
    await following.event('ChatReady');
    await sendAll(boris, chat, texts('past', PAST));
    const { cursor: past } = await following.event('MessageSent');
    await server.kill('SIGTERM');
    const { config, drop } = await testDatabase();
    onTestFinished(drop);
    const databaseUrl = config.databaseUrl!;

    await runCommand('Moving from the embedded database to PostgreSQL', 0, temporaryFolder(), {
      DATA_DIR: dataDir,
      POSTGRESQL_URL: databaseUrl,
    });
    const moved = await serverProcess({
      DATABASE_URL: databaseUrl,
      TOKEN_SECRET: readFileSync(join(dataDir, 'token-secret'), 'utf8').trim(),
      ALLOW_UNSAFE_DATABASE: 'on',
    });
    const there = asNode(moved.url);
    await sendAll(boris.at(there), chat, texts('new', 2));

    expect(await resume(ada.at(there), chat, past)).toEqual([
      ...sentOf('past', PAST, 1).slice(1),
      ...sentOf('new', 2, PAST + 1),
      'ready 7',
    ]);
  }, 180_000);
});

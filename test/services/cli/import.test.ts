/** Moving in beside running servers: needs a PostgreSQL that several processes have open. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openDatabase } from '../../../src/db/open.js';
import { temporaryFolder, testDatabase } from '../../support/database.js';
import { EventsDocument, HomeDocument } from '../../support/generated/operations.js';
import { logProblems } from '../../support/log-problems.js';
import { ownNode } from '../../support/node.js';
import { inherited, PARLEY, parley, settingsFor } from '../../support/parley.js';
import { administrator, groupOf, newPerson, signIn } from '../../support/people.js';

const node = ownNode();

const fileOf = (lines: readonly object[]): string => {
  const path = join(temporaryFolder(), 'old.jsonl');
  writeFileSync(path, lines.map((line) => JSON.stringify(line)).join('\n'));
  return path;
};

const message = (id: string, sender: number, changes = {}) => ({
  type: 'message',
  id,
  sender,
  text: id,
  createdAt: '2024-05-01T10:00:00Z',
  ...changes,
});

describe('Moving in beside a running server', () => {
  it('is shown to whoever is connected: new chats, and what is new in those they follow', async () => {
    const [ada, boris] = [await newPerson(node, 'ada'), await newPerson(node, 'boris')];
    const people = [ada, boris].map(({ username }, index) => {
      return { type: 'user', id: index, username, email: `${username}@example.org` };
    });
    const env = settingsFor(node.config);
    const first = [...people, message('d1', 0, { receiver: 1 })];
    expect(await parley(['import', fileOf(first), '--adopt'], { env })).toMatchObject({ code: 0 });
    const { chats } = await ada.ask(HomeDocument, {});
    expect(chats!.nodes).toMatchObject([{ kind: 'DIRECT', unreadCount: 0 }]);
    const socket = await boris.connect();
    const events = socket.open(EventsDocument, {});
    /** In whichever order. */
    const untilAll = async (...types: string[]) => {
      const found = new Map<string, unknown>();
      while (!types.every((type) => found.has(type))) {
        const { data } = await events.next();
        if (data) found.set(data.events.__typename, data.events);
      }
      return found;
    };
    await untilAll('ViewerReady');

    const second = [
      ...first,
      message('d2', 0, { receiver: 1 }),
      { type: 'chat', id: 'g', kind: 'GROUP', name: 'Moved in', createdBy: 0 },
      { type: 'member', chat: 'g', user: 1 },
    ];
    const moved = parley(['import', fileOf(second)], { env });

    const found = await untilAll('MessageSent', 'ChatAdded');
    expect(found.get('MessageSent')).toMatchObject({ message: { text: 'd2' } });
    expect(found.get('ChatAdded')).toMatchObject({ chat: { name: 'Moved in' } });
    expect(await moved).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^Added: 1 chat, 1 member, 1 message\n/) as unknown,
    });
  });

  it('lets people go on sending meanwhile, and the log is sound', async () => {
    const [root, ada] = [await administrator(node), await newPerson(node, 'ada')];
    const chat = await groupOf(root, ada);
    const env = settingsFor(node.config);
    const user = { type: 'user', id: 'a', username: ada.username, email: `${ada.username}@example.org` };
    const other = { type: 'user', id: 'b', username: `${ada.username}b` };
    const lines = [
      user,
      other,
      ...Array.from({ length: 3000 }, (_one, n) => message(`m${n}`, 0, { sender: 'a', receiver: 'b' })),
    ];
    await parley(['import', fileOf(lines.slice(0, 4)), '--adopt'], { env });
    const { chats } = await ada.ask(HomeDocument, {});
    const dialog = chats!.nodes.find(({ kind }) => kind === 'DIRECT')!;
    expect(dialog.messages.nodes).toHaveLength(2);
    const db = await openDatabase(node.config);
    onTestFinished(() => db.close());
    const [row] = await db.query<{ id: bigint }>(`SELECT chat_id AS id FROM imported WHERE source_id = 'm0'`);
    const dialogId = Buffer.from(`Chat:${row!.id}`).toString('base64');

    let isOver = false;
    const moving = parley(['import', fileOf(lines)], { env }).finally(() => (isOver = true));
    const answers: string[] = [];
    while (!isOver)
      answers.push(
        (await ada.send({ id: dialogId }, 'meanwhile')).__typename,
        (await ada.send(chat, 'too')).__typename,
      );

    expect(await moving).toMatchObject({ code: 0 });
    expect(new Set(answers)).toEqual(new Set(['SendMessageSuccess']));
    expect(await logProblems(db)).toEqual([]);
  });

  it('signs people in with their old passwords on a server that was there before', async () => {
    const password = 'bcrypt$$2b$04$abcdefghijklmnopqrstuuota0WVUG0jBWLYJO2boI1PGRXpkIWiq';
    const path = fileOf([{ type: 'user', id: 'p', username: 'p@old.example', password }]);

    await parley(['import', path], { env: settingsFor(node.config) });

    expect((await signIn(node, 'p@old.example', 'the old пароль')).username).toBe('p@old.example');
  });
});

describe('Two imports at once', () => {
  it('wait for each other, and nothing comes in twice', async () => {
    const { config, drop } = await testDatabase();
    onTestFinished(drop);
    const env = settingsFor(config);
    const users = Array.from({ length: 50 }, (_user, id) => ({ type: 'user', id, username: `user${id}` }));
    const messages = Array.from({ length: 9000 }, (_message, n) =>
      message(`m${n}`, n % 50, { receiver: (n + 1 + (n % 7)) % 50 }),
    );
    const path = fileOf([...users, ...messages]);
    const run = async () => {
      const child = spawn(process.execPath, [PARLEY, 'import', path], {
        cwd: temporaryFolder(),
        env: { ...inherited(), ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let [out, err] = ['', ''];
      child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
      const [code] = (await once(child, 'close')) as [number];
      return { code, out, err };
    };

    const ended = await Promise.all([run(), run(), run()]);

    expect(ended.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(ended.filter(({ out }) => out.startsWith('Added: 50 users, 9,000 messages'))).toHaveLength(1);
    expect(ended.filter(({ out }) => out.startsWith('Added: nothing'))).toHaveLength(2);
    expect(ended.some(({ err }) => err.includes('another import is running; waiting for it'))).toBe(true);
    const db = await openDatabase(config);
    onTestFinished(() => db.close());
    expect(await db.query('SELECT FROM message')).toHaveLength(9000);
    expect(await logProblems(db)).toEqual([]);
  });
});

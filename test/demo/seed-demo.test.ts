import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Database } from '../../src/db/database.js';
import { openDatabase } from '../../src/db/open.js';
import { seedDemo } from '../../src/demo/seed-demo.js';
import { createPasswords } from '../../src/domain/accounts/passwords.js';
import { createFolderStore } from '../../src/files/folder-store.js';
import { accountNode, somewhere } from '../support/accounts.js';
import { chatNode, viewerNamed } from '../support/chats.js';
import { embeddedDatabase } from '../support/database.js';
import { logProblems } from '../support/log-problems.js';
import { NODE_ARGS } from '../support/node-args.js';
import { programOf } from '../support/program.js';

const passwords = createPasswords();

/** A data folder with a migrated, empty database; gone when the test is. */
const folder = async () => {
  const { config, drop } = await embeddedDatabase();
  onTestFinished(drop);
  const open = async () => {
    const db = await openDatabase(config);
    let isOpen = true;
    const close = async () => {
      if (isOpen) await db.close();
      isOpen = false;
    };
    onTestFinished(close);
    return { db, close };
  };
  return { dataDir: config.dataDir, open };
};

const here = { host: '127.0.0.1', trustProxy: 0, allowedOrigins: undefined };

const seed = async (db: Database, dataDir: string, changes = {}) =>
  seedDemo({
    config: { ...here, demo: true, databaseUrl: undefined, passwordLogin: true, dataDir, ...changes },
    db,
    store: await createFolderStore(join(dataDir, 'files')),
    passwords,
  });

const countOf = async (db: Database, table: string) =>
  (await db.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${table}`))[0]!.count;

describe('Demo data', () => {
  it('holds people, dialogs, a long conversation in many scripts, unread, edited, deleted and closed things, all of it a sound log', async () => {
    const { dataDir, open } = await folder();
    const { db } = await open();

    const people = (await seed(db, dataDir))!;

    expect(people.map(({ role }) => role).sort()).toEqual(['ADMIN', 'MANAGER', 'USER', 'USER', 'USER', 'USER', 'USER']);
    const [kinds] = await db.query<Record<string, number>>(`SELECT
      (SELECT count(*)::int FROM chat WHERE kind = 'DIRECT') AS dialogs,
      (SELECT max(message_count) FROM chat) AS longest,
      (SELECT count(*)::int FROM chat WHERE closed_at IS NOT NULL) AS closed,
      (SELECT count(*)::int FROM message WHERE edited_at IS NOT NULL) AS edited,
      (SELECT count(*)::int FROM message WHERE deleted_at IS NOT NULL) AS deleted,
      (SELECT count(*)::int FROM message WHERE text ~ '[а-я]') AS cyrillic,
      (SELECT count(*)::int FROM message WHERE text ~ '[א-ת]') AS hebrew,
      (SELECT count(*)::int FROM message WHERE text ~ '[ا-ي]') AS arabic,
      (SELECT count(*)::int FROM message WHERE text ~ '[🎪-🧀]') AS emoji,
      (SELECT count(*)::int FROM message WHERE char_length(text) > 1000 OR created_at > now()) AS wrong`);
    const { longest, wrong, ...others } = kinds!;
    expect(longest).toBeGreaterThan(120);
    expect(wrong).toBe(0);
    expect(Object.values(others).every((count) => count > 0)).toBe(true);
    const chen = await viewerNamed(db, 'chen');
    expect(await (await chatNode(db)).chats.unreadTotal(chen)).toBeGreaterThan(10);
    expect(await logProblems(db)).toEqual([]);
  });

  it('has replies, mentions, reactions, a pin, a muted and an archived chat, and a picture that is served', async () => {
    const { dataDir, open } = await folder();
    const { db } = await open();
    await seed(db, dataDir);

    const [counts] = await db.query<Record<string, number>>(`SELECT
      (SELECT count(*)::int FROM message JOIN reply USING (chat_id, seq) WHERE reply_to_seq = message_seq) AS replies,
      (SELECT count(*)::int FROM message JOIN mention ON mention.chat_id = message.chat_id AND message_seq = seq
        WHERE mention_ids = ARRAY[user_id]) AS mentions,
      (SELECT count(*)::int FROM reaction JOIN event USING (chat_id, seq) WHERE event.emoji = reaction.emoji) AS reactions,
      (SELECT count(*)::int FROM message JOIN chat ON chat.id = chat_id AND seq = ANY(pinned_seqs) WHERE pinned_at IS NOT NULL) AS pins,
      (SELECT count(*)::int FROM member WHERE is_muted) AS muted,
      (SELECT count(*)::int FROM member WHERE archived_count IS NOT NULL) AS archived,
      (SELECT count(*)::int FROM upload JOIN message ON message.chat_id = upload.chat_id AND message_seq = seq
        WHERE attachment_count = 1) AS pictures`);
    const [file] = await db.query<{ hash: Buffer; size: number }>('SELECT hash, byte_size AS size FROM upload');
    const store = await createFolderStore(join(dataDir, 'files'));
    const key = Buffer.from(file!.hash).toString('hex');

    expect(counts).toEqual({ replies: 2, mentions: 1, reactions: 5, pins: 1, muted: 1, archived: 1, pictures: 1 });
    expect(await store.size(key)).toBe(file!.size);
    for (const size of [64, 128, 320]) expect(await store.size(`${key}.${size}`)).toBeGreaterThan(0);
    expect(
      createHash('sha256')
        .update(await buffer((await store.read(key))!.stream))
        .digest('hex'),
    ).toBe(key);
  });

  it('goes on as a log that was lived through', async () => {
    const { dataDir, open } = await folder();
    const { db } = await open();
    await seed(db, dataDir);
    const { chats, messages, members, readPositions, say } = await chatNode(db);
    const [boris, ada] = [await viewerNamed(db, 'boris'), await viewerNamed(db, 'ada')];
    const chat = (await chats.find(boris, { slug: 'festival' }))!;

    const seq = await say(boris, chat, 'Я ещё здесь');
    await messages.edit(boris, { chatId: chat.id, seq }, 'Мы ещё здесь');
    await readPositions.mark(boris, chat.id, seq - 2);
    await members.remove(ada, chat.id, boris.id);
    await members.add(ada, chat.id, boris.id);
    await say(boris, chat, 'И снова здесь');

    expect(seq).toBe(chat.headSeq + 1);
    expect(await logProblems(db)).toEqual([]);
  });

  it('makes passwords once for a folder, keeps them for its owner alone, and tells them at each start', async () => {
    const [one, other] = [await folder(), await folder()];
    const first = await one.open();
    const people = (await seed(first.db, one.dataDir))!;
    await first.close();
    const elsewhere = await seed((await other.open()).db, other.dataDir);

    const { db } = await one.open();
    expect(await seed(db, one.dataDir)).toEqual(people);

    expect(await countOf(db, '"user"')).toBe(people.length);
    expect(new Set([...people, ...elsewhere!].map(({ password }) => password)).size).toBe(2 * people.length);
    const kept = join(one.dataDir, 'demo-passwords.json');
    expect(statSync(kept).mode & 0o777).toBe(0o600);
    expect(readFileSync(kept, 'utf8')).toContain(people[0]!.password);
    const { accounts } = await accountNode(db);
    for (const { username, password } of people) {
      expect((await accounts.logIn({ username, password: password! }, somewhere)).user.username).toBe(username);
    }
  });

  it('says of a password that was changed since no more than that', async () => {
    const { dataDir, open } = await folder();
    const { db } = await open();
    await seed(db, dataDir);
    const { administration } = await accountNode(db);

    await administration.setPassword('maria', 'a password of my own');

    const people = (await seed(db, dataDir))!;
    expect(people.filter(({ password }) => password === null).map(({ username }) => username)).toEqual(['maria']);
  });

  it.each([
    ['DEMO is off', { demo: false }],
    ['nobody signs in with a password', { passwordLogin: false }],
    ['others can reach the server', { host: '0.0.0.0' }],
    ['a proxy stands in front', { trustProxy: 1 }],
    ['pages from elsewhere may use it', { allowedOrigins: ['http://localhost:5173', 'https://chat.example.org'] }],
    ['apps may use it', { allowedOrigins: ['capacitor://localhost'] }],
    ['all pages may use it', { allowedOrigins: '*' as const }],
    ['a database is configured', { databaseUrl: 'postgresql://localhost/parley' }],
  ])('stays away where %s', async (_where, changes) => {
    const { dataDir, open } = await folder();
    const { db } = await open();

    expect(await seed(db, dataDir, changes)).toBeUndefined();

    expect(await countOf(db, '"user"')).toBe(0);
    expect(existsSync(join(dataDir, 'demo-passwords.json'))).toBe(false);
  });

  it('comes where the pages that may use it are on this machine alone', async () => {
    const { dataDir, open } = await folder();
    const { db } = await open();

    const allowedOrigins = ['http://localhost:5173', 'https://127.0.0.1', 'http://[::1]:3000'];
    expect(await seed(db, dataDir, { allowedOrigins })).toHaveLength(await countOf(db, '"user"'));
  });

  it('stays away where somebody is there already', async () => {
    const { dataDir, open } = await folder();
    const { db } = await open();
    await (await accountNode(db)).person('someone');

    expect(await seed(db, dataDir)).toBeUndefined();

    expect(await countOf(db, '"user"')).toBe(1);
  });

  it('has new passwords where the kept ones were spoilt before they were used', async () => {
    const { dataDir, open } = await folder();
    writeFileSync(join(dataDir, 'demo-passwords.json'), '[{"username": "ada"');
    const { db } = await open();

    const people = (await seed(db, dataDir))!;

    expect(people.every(({ password }) => password !== null)).toBe(true);
  });

  it.each([1, 5, 9])('is made whole by the next start, where it was killed before statement %i', async (statement) => {
    const { dataDir, open } = await folder();
    const program = programOf('seed-and-die');
    const child = spawn(process.execPath, [...NODE_ARGS, program, dataDir, String(statement)], {
      stdio: 'inherit',
    });
    expect(await once(child, 'close')).toEqual([null, 'SIGKILL']);
    const kept = readFileSync(join(dataDir, 'demo-passwords.json'), 'utf8');

    const { db } = await open();
    expect(await countOf(db, '"user"')).toBe(0);
    const people = (await seed(db, dataDir))!;

    expect(readFileSync(join(dataDir, 'demo-passwords.json'), 'utf8')).toBe(kept);
    expect(people.every(({ password }) => kept.includes(password!))).toBe(true);
    expect(await countOf(db, 'chat')).toBe(10);
    expect(await logProblems(db)).toEqual([]);
  });
});

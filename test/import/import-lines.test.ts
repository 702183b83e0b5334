import { describe, expect, it } from 'vitest';
import type { Database } from '../../src/db/database.js';
import { UNREAD_COUNT } from '../../src/domain/messages/unread.js';
import { chatNode, logOf, typesOf, viewerNamed } from '../support/chats.js';
import { contentOf } from '../support/content.js';
import { bringIn, company, type GivenLine } from '../support/import.js';
import { logProblems } from '../support/log-problems.js';
import { emptyDatabase } from '../support/own-database.js';

const withCompany = async (): Promise<Database> => {
  const db = await emptyDatabase();
  expect(await bringIn(db, company)).toMatchObject({ outcome: 'imported' });
  return db;
};

const problemsOf = async (db: Database, lines: readonly GivenLine[], options = {}) => {
  const imported = await bringIn(db, lines, options);
  return imported.outcome === 'refused' ? imported.problems.map(({ line, reason }) => `${line}: ${reason}`) : [];
};

const chatIdOf = async (db: Database, source: string): Promise<bigint> =>
  (await db.query<{ id: bigint }>(`SELECT chat_id AS id FROM imported WHERE source_id = $1`, [source]))[0]!.id;

const unreadIn = async (db: Database, username: string, source: string): Promise<number> => {
  const [row] = await db.query<{ unread: number }>(
    `SELECT ${UNREAD_COUNT} AS unread FROM chat JOIN member own ON own.chat_id = chat.id AND own.user_id = $2 WHERE chat.id = $1`,
    [await chatIdOf(db, source), (await viewerNamed(db, username)).id],
  );
  return row!.unread;
};

const textsOf = async (db: Database, source: string) => {
  const rows = await db.query<{ text: string | null }>('SELECT text FROM message WHERE chat_id = $1 ORDER BY seq', [
    await chatIdOf(db, source),
  ]);
  return rows.map(({ text }) => text && text.slice(0, 10));
};

const message = (id: string, changes = {}) => ({
  type: 'message',
  id,
  chat: 'g',
  sender: 1,
  text: id,
  createdAt: '2024-05-01T10:00:00Z',
  ...changes,
});

describe('Moving in', () => {
  it('leaves chats of all kinds with logs as if all of it had happened here', async () => {
    const db = await withCompany();

    expect(await logProblems(db)).toEqual([]);
    const chats =
      await db.query(`SELECT kind::text AS kind, name, slug, order_ref AS "orderRef", closed_at IS NOT NULL AS "isClosed",
      has_business AS "hasBusiness", message_count AS messages FROM chat ORDER BY id`);
    const plain = { name: null, slug: null, orderRef: null, isClosed: false, hasBusiness: false };
    expect(chats).toEqual([
      { ...plain, kind: 'GROUP', name: 'Kitchen', slug: 'kitchen', messages: 4 },
      { ...plain, kind: 'RELATION', messages: 1 },
      { ...plain, kind: 'RELATION', messages: 0, isClosed: true },
      { ...plain, kind: 'MATCH', messages: 1, hasBusiness: true },
      { ...plain, kind: 'ORDER', name: 'A-17', orderRef: 'A-17', messages: 1, isClosed: true },
      { ...plain, kind: 'DIRECT', messages: 2 },
    ]);
    expect(await db.query('SELECT manager_id FROM relation')).toHaveLength(1);
    expect(await db.query('SELECT key FROM chat_key')).toHaveLength(6);
    expect(await db.query('SELECT FROM chat_brand')).toHaveLength(2);
  });

  it('keeps times, numbers messages by them, and says of edits and deletions as events of their own', async () => {
    const db = await withCompany();
    const id = await chatIdOf(db, 'g');

    const events = await logOf(db, { id });

    expect(typesOf(events)).toEqual([
      'MESSAGE_SENT',
      'MESSAGE_SENT',
      'MESSAGE_SENT',
      'MESSAGES_DELETED',
      'MESSAGE_EDITED',
      'MESSAGE_SENT',
      'MESSAGE_EDITED',
    ]);
    expect(events[0]).toMatchObject({ createdAt: new Date('2024-02-01T10:01:00Z') });
    expect(events[4]).toMatchObject({ createdAt: new Date('2024-02-01T13:00:00Z'), messages: [{ seq: 1 }] });
    expect(await textsOf(db, 'g')).toEqual(['hi', 'x'.repeat(10), null, 'anyone?']);
  });

  it('keeps what was read, and so what is unread', async () => {
    const db = await withCompany();

    expect(await unreadIn(db, 'ada@old', 'g')).toBe(1);
    expect(await unreadIn(db, 'Boris', 'g')).toBe(0);
    expect(await unreadIn(db, 'chen', 'g')).toBe(3);
    expect(await unreadIn(db, 'Boris', 'r')).toBe(0);
  });

  it('keeps who people are: names, roles, times, who is gone; and gives an address to whom has none', async () => {
    const db = await withCompany();

    const people =
      await db.query(`SELECT username, email, role::text AS role, external_id AS "externalId", created_at AS "createdAt",
      deactivated_at IS NOT NULL AS "isGone" FROM "user" ORDER BY id`);
    expect(people).toMatchObject([
      { username: 'ada@old', email: 'ada@example.org', role: 'ADMIN', createdAt: new Date('2024-01-01T06:00:00Z') },
      { username: 'Boris', role: 'MANAGER', isGone: false },
      {
        username: 'chen',
        role: 'USER',
        externalId: 'c-3',
        email: expect.stringMatching(/@no-email\.invalid$/) as unknown,
      },
      { username: 'gone', isGone: true },
    ]);
  });

  it('goes on as a log that was lived through', async () => {
    const db = await withCompany();
    const { say, members, readPositions, messages } = await chatNode(db);
    const [ada, boris, chen] = await Promise.all(['ada@old', 'Boris', 'chen'].map((name) => viewerNamed(db, name)));
    const id = await chatIdOf(db, 'g');

    const seq = await say(boris!, { id });
    await messages.edit(boris!, { chatId: id, seq: 6 }, 'still here?');
    await readPositions.mark(chen!, id, 3);
    await members.remove(ada!, id, boris!.id);
    await members.add(ada!, id, boris!.id);

    expect(seq).toBe(8);
    expect(await logProblems(db)).toEqual([]);
  });
});

describe('Moving in again', () => {
  it('adds nothing where nothing is new', async () => {
    const db = await withCompany();
    const before = await contentOf(db);

    const imported = await bringIn(db, company);

    expect(imported).toMatchObject({
      added: { user: 0, brand: 0, relation: 0, chat: 0, member: 0, message: 0 },
      present: { user: 4, brand: 2, relation: 2, chat: 3, member: 6, message: 9 },
    });
    expect(await contentOf(db)).toEqual(before);
  });

  it('adds what is new in a longer file, at the head of the logs', async () => {
    const db = await withCompany();
    const { say } = await chatNode(db);
    const id = await chatIdOf(db, 'g');
    await say(await viewerNamed(db, 'Boris'), { id }, 'from here');

    await bringIn(db, [
      ...company.map((line) =>
        JSON.stringify(line).includes('"lastReadMessage":"m2"') ? { ...(line as object), lastReadMessage: 'n1' } : line,
      ),
      { type: 'user', id: 5, username: 'dina', email: 'dina@example.org' },
      { type: 'member', chat: 'g', user: 5 },
      message('n2', { sender: 5, createdAt: '2024-05-02T10:00:00Z', isEdited: true }),
      message('n1'),
    ]);

    expect(await textsOf(db, 'g')).toEqual(['hi', 'x'.repeat(10), null, 'anyone?', 'from here', 'n1', 'n2']);
    expect(typesOf(await logOf(db, { id })).slice(7)).toEqual([
      'MESSAGE_SENT',
      'MEMBER_ADDED',
      'MESSAGE_SENT',
      'MESSAGE_SENT',
      'MESSAGE_EDITED',
    ]);
    expect(await logProblems(db)).toEqual([]);
    // Ada had read up to m2, and has now read up to n1.
    expect(await unreadIn(db, 'ada@old', 'g')).toBe(1);
    expect(await unreadIn(db, 'dina', 'g')).toBe(1);
  });

  it('takes a file of what is new alone, naming what was brought in before', async () => {
    const db = await withCompany();

    await bringIn(db, [
      message('n1'),
      message('n2', { chat: undefined, relation: 'r', sender: 3 }),
      { type: 'member', chat: 'g', user: 2, lastReadMessage: 'm1' },
    ]);

    expect(await textsOf(db, 'g')).toEqual(['hi', 'x'.repeat(10), null, 'anyone?', 'n1']);
    expect(await textsOf(db, 'r')).toEqual(['help', 'n2']);
    expect(await logProblems(db)).toEqual([]);
  });

  it('gives what comes into a chat that went on here no time before that', async () => {
    const db = await withCompany();
    const { chats } = await chatNode(db);
    const ada = await viewerNamed(db, 'ada@old');
    const [kitchen, order] = [await chatIdOf(db, 'g'), await chatIdOf(db, 'o')];
    await chats.update(ada, { chatId: kitchen, name: 'Pantry' });
    await chats.reopen(ada, order);

    await bringIn(db, [message('n1'), { type: 'member', chat: 'o', user: 4 }]);

    const events = await logOf(db, { id: kitchen });
    expect(typesOf(events).slice(7)).toEqual(['CHAT_UPDATED', 'MESSAGE_SENT']);
    expect(events.at(-1)!.createdAt).toEqual(events.at(-2)!.createdAt);
    expect(typesOf(await logOf(db, { id: order }))).toEqual(['MESSAGE_SENT', 'CHAT_UPDATED', 'MEMBER_ADDED']);
    expect(await logProblems(db)).toEqual([]);
  });

  it('leaves out whoever was taken out of a chat since', async () => {
    const db = await withCompany();
    const id = await chatIdOf(db, 'g');
    const chen = await viewerNamed(db, 'chen');
    const { members } = await chatNode(db);
    await members.remove(await viewerNamed(db, 'ada@old'), id, chen.id);

    await bringIn(db, [...company, message('n1', { sender: 3 })]);

    expect(await db.query('SELECT FROM member WHERE chat_id = $1 AND user_id = $2', [id, chen.id])).toEqual([]);
    expect(await textsOf(db, 'g')).toContain('n1');
  });

  it('goes on in the dialog and the order that are here already', async () => {
    const db = await emptyDatabase();
    const people = company.filter((line) => JSON.stringify(line).includes('"user","id"'));
    await bringIn(db, people);
    const { chats, say } = await chatNode(db);
    const [boris, chen] = [await viewerNamed(db, 'Boris'), await viewerNamed(db, 'chen')];
    const { chat } = await chats.openDirect(boris, chen.id);
    await say(chen, chat, 'first here');
    const { chat: order } = await chats.openOrder(boris, { orderRef: 'A-17', memberIds: [] });

    await bringIn(db, [
      ...people,
      message('d', { chat: undefined, sender: 2, receiver: 3 }),
      { type: 'chat', id: 'o', kind: 'ORDER', orderRef: 'A-17', createdBy: 2 },
      message('o1', { chat: 'o', sender: 2 }),
    ]);

    expect(await db.query('SELECT FROM chat')).toHaveLength(2);
    expect(typesOf(await logOf(db, chat))).toEqual(['MESSAGE_SENT', 'MESSAGE_SENT']);
    expect(await chatIdOf(db, 'o')).toBe(order.id);
    expect(await logProblems(db)).toEqual([]);
  });

  it('T46 brings in the dialog of two of whom one has blocked the other as one in which nobody writes', async () => {
    const db = await emptyDatabase();
    const people = company.filter((line) => JSON.stringify(line).includes('"user","id"'));
    await bringIn(db, people);
    const { blocks, messages } = await chatNode(db);
    const [boris, chen] = [await viewerNamed(db, 'Boris'), await viewerNamed(db, 'chen')];
    await blocks.block(chen, boris.id);

    await bringIn(db, [...people, message('d', { chat: undefined, sender: 2, receiver: 3 })]);

    const [chat] = await db.query<{ id: bigint }>('SELECT id FROM chat');
    await expect(messages.send(boris, { chatId: chat!.id, text: 'Hello?' })).rejects.toThrow(/not possible/);
    await blocks.unblock(chen, boris.id);
    await messages.send(boris, { chatId: chat!.id, text: 'Hello' });
    expect(await logProblems(db)).toEqual([]);
  });
});

describe('Groups that move in', () => {
  const ada = { type: 'user', id: 1, username: 'ada' };
  const boris = { type: 'user', id: 2, username: 'boris' };

  it('T30 T31 T40 bring their description, their access and the roles of their members, and are found by name', async () => {
    const db = await emptyDatabase();
    await bringIn(db, [
      ada,
      boris,
      { type: 'chat', id: 'c', kind: 'GROUP', name: 'Ёлки', description: ' Two\r\nlines ', access: 'OPEN' },
      { type: 'member', chat: 'c', user: 1, role: 'OWNER' },
      { type: 'member', chat: 'c', user: 2 },
    ]);
    const { chats, members } = await chatNode(db);
    const [owner, member] = [await viewerNamed(db, 'ada'), await viewerNamed(db, 'boris')];
    const chatId = await chatIdOf(db, 'c');

    expect((await chats.listOpen(owner, 'елки')).edges.map(({ node: { id } }) => id)).toEqual([chatId]);
    expect(await chats.description(owner, chatId)).toBe('Two\nlines');
    const rolesOf = async () =>
      Promise.all([owner, member].map(async ({ id }) => (await members.byKey(owner, { chatId, userId: id }))?.role));
    expect(await rolesOf()).toEqual(['OWNER', 'MEMBER']);
  });

  it('T30 T31 only groups are open and have roles', async () => {
    const db = await emptyDatabase();

    expect(
      await problemsOf(db, [
        ada,
        boris,
        { type: 'chat', id: 'd', kind: 'DIRECT', description: 'Two' },
        { type: 'chat', id: 'o', kind: 'ORDER', orderRef: 'A', access: 'OPEN', createdBy: 1 },
        { type: 'chat', id: 'p', kind: 'ORDER', orderRef: 'B', createdBy: 1 },
        { type: 'member', chat: 'p', user: 2, role: 'OWNER' },
        { type: 'chat', id: 'l', kind: 'GROUP', name: 'Long', description: 'x'.repeat(1001), createdBy: 1 },
      ]),
    ).toEqual([
      '3: description: a DIRECT has none',
      '4: access: only a GROUP is OPEN',
      '6: role: only members of a GROUP have one',
      '7: description: must be at most 1000 characters long',
    ]);
  });
});

describe('A file with bad lines', () => {
  it('has all of them named, and nothing of it is written', async () => {
    const db = await emptyDatabase();
    const lines: GivenLine[] = [
      '{"type": "user", "id": 1',
      { type: 'person', id: 1 },
      { type: 'user', id: 1, username: 'a b', email: 'nowhere', password: 'md5$x$y' },
      { type: 'user', id: 2, username: 'boris', email: 'b@example.org', shoeSize: 43 },
      { type: 'user', id: 3, username: 'chen', email: 'b@example.com' },
      { type: 'user', id: 3, username: 'dina' },
      { type: 'user', id: 4, username: 'CHEN' },
      { type: 'brand', id: 1, name: '', owner: 3 },
      { type: 'brand', id: 2, name: 'Bolt', owner: 99 },
      { type: 'chat', id: 1, kind: 'GROUP' },
      { type: 'chat', id: 2, kind: 'GROUP', name: 'Two', slug: 'A slug' },
      { type: 'chat', id: 3, kind: 'DIRECT' },
      { type: 'chat', id: 4, kind: 'GROUP', name: 'Nobody' },
      { type: 'chat', id: 5, kind: 'ORDER', orderRef: 'A-1', createdBy: 3 },
      { type: 'chat', id: 6, kind: 'ORDER', orderRef: 'A-1', createdBy: 3 },
      { type: 'relation', id: 1, manager: 3, client: 98 },
      { type: 'member', chat: 77, user: 3 },
      { type: 'member', chat: 5, user: 3, lastReadMessage: 'none' },
      { type: 'member', chat: 5, user: 3 },
      { type: 'message', id: 1, chat: 5, sender: 97, text: 'x', createdAt: '2024-01-01T10:00:00Z' },
      { type: 'message', id: 2, chat: 5, sender: 3, text: 'x', createdAt: 'yesterday' },
      { type: 'message', id: 3, chat: 5, sender: 3, text: 'x', createdAt: '2999-01-01T10:00:00Z' },
      { type: 'message', id: 4, sender: 3, text: 'x', createdAt: '2024-01-01T10:00:00Z' },
      { type: 'message', id: 5, chat: 5, sender: 3, text: 'a\0b', createdAt: '2024-01-01T10:00:00Z' },
      { type: 'message', id: 6, relation: 1, sender: 4, text: 'x', createdAt: '2024-01-01T10:00:00Z' },
      { type: 'message', id: 6, chat: 5, sender: 3, text: 'x', createdAt: '2024-01-01T10:00:00Z' },
      { type: 'message', id: 7, chat: 5, sender: 2, text: 'x', createdAt: '2024-01-01T10:00:00Z' },
    ];

    const problems = await problemsOf(db, lines);

    expect(problems).toEqual([
      '1: is no JSON',
      expect.stringMatching(/^2: type: must be user, brand/),
      expect.stringMatching(/^3: username: must be .*; email: must look like .*; password: is of a kind/),
      expect.stringMatching(/^4: .*shoeSize/),
      '6: id: line 5 has the same',
      '7: username: line 5 has the same',
      '8: name: must not be empty',
      '9: there is no user 99',
      '10: name: a GROUP has one',
      expect.stringMatching(/^11: slug: must be/),
      '12: a DIRECT has two members',
      '13: nobody is in it: bring in a member, or name createdBy',
      '15: is the same as in line 14: orderRef',
      '16: there is no user 98',
      '17: there is no chat 77',
      '18: lastReadMessage: there is no message none',
      '19: is a member by line 18 already',
      '20: there is no user 97',
      expect.stringMatching(/^21: createdAt: must be a time/),
      '22: createdAt: lies in the future',
      '23: must say one of chat, relation and receiver',
      '24: text: must not contain NUL or half a surrogate pair',
      '25: sender: is none of the two',
      '26: id: line 25 has the same',
    ]);
    expect(await db.query('SELECT FROM "user"')).toEqual([]);
    expect(await db.query('SELECT FROM imported')).toEqual([]);
  });

  it('is told from those who are here: names and addresses that are taken, slugs, owners, deleted relations', async () => {
    const db = await withCompany();
    await db.query('DELETE FROM relation');

    const problems = await problemsOf(db, [
      { type: 'user', id: 11, username: 'BORIS', email: 'other@example.org' },
      { type: 'user', id: 12, username: 'new', email: 'Boris@example.org' },
      { type: 'brand', id: 11, name: 'Again', owner: 1 },
      { type: 'chat', id: 'x', kind: 'GROUP', name: 'X', slug: 'kitchen', createdBy: 1 },
      { type: 'relation', id: 'again', manager: 2, client: 3 },
      message('n', { chat: undefined, relation: 'r', sender: 1 }),
    ]);

    expect(problems).toEqual([
      '1: username: Boris is here already, under another e-mail address',
      '2: email: is that of Boris, who is here already',
      '3: owner: has a brand already',
      '4: slug: is taken by a chat that is here already',
      '5: the relation of these two was deleted here: make it again first',
      '6: sender: is none of the two',
    ]);
  });
});

describe('Somebody who is here under the same name and address', () => {
  const line = { type: 'user', id: 21, username: 'boris', email: 'BORIS@example.org', role: 'ADMIN' };

  it('is not taken for the one in the file, since anybody may have registered so', async () => {
    const db = await withCompany();

    expect(await problemsOf(db, [line])).toEqual([
      expect.stringMatching(/^1: username: Boris is here already, .*--adopt/),
    ]);
  });

  it('is where that is asked for, and stays as they are', async () => {
    const db = await withCompany();

    expect(await problemsOf(db, [line, message('n', { sender: 21 })], { isAdopting: true })).toEqual([]);

    expect(await db.query('SELECT FROM "user"')).toHaveLength(4);
    expect((await viewerNamed(db, 'Boris')).role).toBe('MANAGER');
    expect(await textsOf(db, 'g')).toContain('n');
  });
});

describe('Somebody who is here by a token of the product that is moved out of', () => {
  it('is the one in the file with that external id', async () => {
    const db = await withCompany();

    expect(
      await problemsOf(db, [
        { type: 'user', id: 13, username: 'newer', externalId: 'c-3' },
        message('n', { sender: 13 }),
      ]),
    ).toEqual([]);

    expect(await db.query('SELECT FROM "user"')).toHaveLength(4);
    const [sender] = await db.query(
      `SELECT username FROM message JOIN "user" ON "user".id = sender_id WHERE text = 'n'`,
    );
    expect(sender).toEqual({ username: 'chen' });
  });
});

describe('A dry run', () => {
  it('says what would be added, and adds nothing', async () => {
    const db = await emptyDatabase();

    const imported = await bringIn(db, company, { isDryRun: true });

    expect(imported).toMatchObject({ outcome: 'imported', added: { user: 4, message: 9 }, present: { user: 0 } });
    expect(await db.query('SELECT FROM "user"')).toEqual([]);
    expect(await db.query('SELECT FROM imported')).toEqual([]);
  });
});

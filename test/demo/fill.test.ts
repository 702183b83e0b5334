import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Database } from '../../src/db/database.js';
import { fillWithCrowd } from '../../src/demo/fill.js';
import { contentOf } from '../support/content.js';
import { logProblems } from '../support/log-problems.js';
import { emptyDatabase } from '../support/own-database.js';

const size = { users: 30, chats: 20, messages: 6000 };
const fill = (db: Database, seed: number) => fillWithCrowd(db, { ...size, seed, passwordHash: 'none' });
const digestOf = async (db: Database) =>
  createHash('sha256')
    .update(JSON.stringify(await contentOf(db)))
    .digest('hex');

const countOf = async (db: Database, table: string) =>
  (await db.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${table}`))[0]!.count;

describe('Filling a database with a crowd', () => {
  it('leaves a log that is sound throughout, of the size that was asked for', async () => {
    const db = await emptyDatabase();
    const told: number[] = [];

    await fillWithCrowd(db, { ...size, seed: 1, passwordHash: 'none', onProgress: (count) => told.push(count) });

    expect(await countOf(db, '"user"')).toBe(30);
    expect(await countOf(db, 'chat')).toBe(20);
    expect(await countOf(db, 'message')).toBe(6000);
    expect(told.reduce((one, other) => one + other, 0)).toBe(6000);
    expect(await logProblems(db)).toEqual([]);
    const rows = await db.query<{ type: string }>('SELECT DISTINCT type::text AS type FROM event ORDER BY 1');
    expect(rows.map(({ type }) => type)).toEqual([
      'CHAT_CREATED',
      'MEMBER_ADDED',
      'MEMBER_REMOVED',
      'MESSAGES_DELETED',
      'MESSAGE_EDITED',
      'MESSAGE_SENT',
    ]);
  });

  it('makes the same of the same seed, and something else of another', async () => {
    const [one, same, other] = [await emptyDatabase(), await emptyDatabase(), await emptyDatabase()];

    await fill(one, 7);
    await fill(same, 7);
    await fill(other, 8);

    expect(await digestOf(same)).toBe(await digestOf(one));
    expect(await digestOf(other)).not.toBe(await digestOf(one));
  });

  it('gives its chats marks of their own, so that no cursor fits another database of the same seed', async () => {
    const [one, same] = [await emptyDatabase(), await emptyDatabase()];
    const marks = async (db: Database) =>
      new Set((await db.query<{ mark: number }>('SELECT mark FROM event')).map(({ mark }) => mark));

    await fill(one, 7);
    await fill(same, 7);

    const [ours, theirs] = [await marks(one), await marks(same)];
    // 36 million pairs of 32 bits: chance alone gives a hundredth of one.
    expect([...ours].filter((mark) => theirs.has(mark)).length).toBeLessThan(5);
  });

  it('adds to what is there: other names, no administrator, nothing changed', async () => {
    const db = await emptyDatabase();
    await fill(db, 3);
    const before = await contentOf(db);

    const { usernames } = await fill(db, 3);

    expect(usernames.every((username) => username.endsWith('_2'))).toBe(true);
    expect(await contentOf(db)).toMatchObject({ people: expect.arrayContaining(before.people) as unknown });
    expect((await contentOf(db)).messages.slice(0, 6000)).toEqual(before.messages);
    const admins = await db.query(`SELECT id FROM "user" WHERE role = 'ADMIN'`);
    expect(admins).toHaveLength(1);
    expect(await logProblems(db)).toEqual([]);
  });

  it('takes the smallest sizes', async () => {
    const db = await emptyDatabase();

    await fillWithCrowd(db, { users: 1, chats: 3, messages: 0, seed: 0, passwordHash: 'none' });

    expect(await countOf(db, 'chat')).toBe(3);
    expect(await logProblems(db)).toEqual([]);
  });
});

/** What a send is told where its chat is held by somebody else for too long. */
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { UnavailableError, type Database } from '../../../src/db/database.js';
import { openDatabase } from '../../../src/db/open.js';
import { testDatabase, type TestDatabase } from '../../support/database.js';
import { aChat, aUser, logNode } from '../../support/log.js';

let own: TestDatabase;
let db: Database;

beforeAll(async () => {
  own = await testDatabase();
  db = await openDatabase(own.config);
});
afterAll(async () => {
  await db.close();
  await own.drop();
});

it('answers within five seconds, also who came while the one before still waited, and goes on afterwards', async () => {
  const ada = await aUser(db);
  const chatId = await aChat(db, [ada]);
  const { log } = await logNode(db);
  const client = new pg.Client({ connectionString: own.config.databaseUrl });
  await client.connect();
  onTestFinished(() => client.end());
  await client.query('BEGIN');
  await client.query('SELECT 1 FROM chat FOR UPDATE');
  const send = async (text: string) => {
    const begun = performance.now();
    const message = { chatId, senderId: ada.id, text, clientMessageId: text, isWithinLimit: true, isJoined: false };
    const answer = await log.send(message).catch((error: unknown) => error);
    return { answer, ms: performance.now() - begun };
  };
  const isWaiting = async () => {
    const [row] = await db.query<{ count: bigint }>('SELECT count(*) FROM pg_locks WHERE NOT granted');
    return row!.count > 0n;
  };

  const first = send('first');
  await expect.poll(isWaiting).toBe(true);
  // So late that it still gets a turn when the first gives up, and so early that it would then wait too long.
  await delay(1000);
  const second = send('second');

  for (const { answer, ms } of await Promise.all([first, second])) {
    expect(answer).toBeInstanceOf(UnavailableError);
    expect(ms).toBeLessThan(5000);
  }
  await client.query('ROLLBACK');
  expect((await send('second')).answer).toMatchObject({ kind: expect.stringMatching(/sent|repeated/) as string });
});

it('says at once that it is not available to whoever comes when 10,000 wait, and sends those', async () => {
  const ada = await aUser(db);
  const chatId = await aChat(db, [ada]);
  const { log } = await logNode(db);
  const client = new pg.Client({ connectionString: own.config.databaseUrl });
  await client.connect();
  onTestFinished(() => client.end());
  await client.query('BEGIN');
  await client.query('SELECT 1 FROM chat FOR UPDATE');
  const outcomes = { sent: 0, refused: 0 };
  const send = async () => {
    const message = {
      chatId,
      senderId: ada.id,
      text: 'text',
      clientMessageId: null,
      isWithinLimit: true,
      isJoined: false,
    };
    await log.send(message).then(
      () => (outcomes.sent += 1),
      () => (outcomes.refused += 1),
    );
  };

  const sending = Promise.all(Array.from({ length: 10_100 }, send));
  await expect.poll(() => outcomes.refused).toBe(100);
  await client.query('ROLLBACK');
  await sending;

  expect(outcomes).toEqual({ sent: 10_000, refused: 100 });
});

/** What a send is told where its chat is held by somebody else for too long. */
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import { UnavailableError } from '../../../src/db/database.js';
import { aChat, aUser, logNode } from '../../support/log.js';
import { ownDatabase } from '../../support/own-database.js';

const database = ownDatabase();

/** @returns lets go of them */
const lockChats = async () => {
  const client = new pg.Client({ connectionString: database.config.databaseUrl });
  await client.connect();
  onTestFinished(() => client.end());
  await client.query('BEGIN');
  await client.query('SELECT 1 FROM chat FOR UPDATE');
  return () => client.query('ROLLBACK');
};

it('answers within five seconds, also who came while the one before still waited, and goes on afterwards', async () => {
  const ada = await aUser(database.current);
  const chatId = await aChat(database.current, [ada]);
  const { log } = await logNode(database.current);
  const release = await lockChats();
  const send = async (text: string) => {
    const begun = performance.now();
    const message = {
      chatId,
      senderId: ada.id,
      text,
      clientMessageId: text,
      words: '',
      isWithinLimit: true,
      isPresent: false,
    };
    const answer = await log.send(message).catch((error: unknown) => error);
    return { answer, ms: performance.now() - begun };
  };
  const isWaiting = async () => {
    const [row] = await database.current.query<{ count: bigint }>('SELECT count(*) FROM pg_locks WHERE NOT granted');
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
  await release();
  expect((await send('second')).answer).toMatchObject({ kind: expect.stringMatching(/sent|repeated/) as string });
});

it('says at once that it is not available to whoever comes when 10,000 wait, and sends those', async () => {
  const ada = await aUser(database.current);
  const chatId = await aChat(database.current, [ada]);
  const { log } = await logNode(database.current);
  const release = await lockChats();
  const outcomes = { sent: 0, refused: 0 };
  const send = async () => {
    const message = {
      chatId,
      senderId: ada.id,
      text: 'text',
      clientMessageId: null,
      words: '',
      isWithinLimit: true,
      isPresent: false,
    };
    await log.send(message).then(
      () => (outcomes.sent += 1),
      () => (outcomes.refused += 1),
    );
  };

  const sending = Promise.all(Array.from({ length: 10_100 }, send));
  await expect.poll(() => outcomes.refused).toBe(100);
  await release();
  await sending;

  expect(outcomes).toEqual({ sent: 10_000, refused: 100 });
  expect(Object.fromEntries(log.outcomes.counts())).toEqual({ sent: 10_000, failed: 100 });
});

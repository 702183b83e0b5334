import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import type { Database } from '../../../src/db/database.js';
import { openDatabase } from '../../../src/db/open.js';
import { temporaryFolder, testDatabase } from '../../support/database.js';
import { aChat, aUser, logNode, range } from '../../support/log.js';
import { startNode } from '../../support/node.js';
import { age, pruneAll, seqsLeft } from '../../support/old-events.js';
import { programOf } from '../../support/program.js';

let url: string;
let db: Database;

beforeEach(async () => {
  const { config, drop } = await testDatabase();
  onTestFinished(drop);
  url = config.databaseUrl!;
  db = await openDatabase(config);
  onTestFinished(() => db.close());
});

/** A process that prunes, a step at a time. */
const aPruner = async () => {
  const child = spawn(process.execPath, [programOf('prune-slowly'), url, '1'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => (await lines.next()).value as string;
  const kill = async () => {
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  };
  onTestFinished(() => void child.kill('SIGKILL'));
  expect(await next()).toBe('ready');
  const begin = () => child.stdin.write('\n');
  return {
    begin,
    kill,
    step: () => {
      begin();
      return next();
    },
  };
};

/** A chat of 4,200 messages, all but the last 100 two days old. */
const anOldLog = async () => {
  const ada = await aUser(db);
  const chatId = await aChat(db, [ada]);
  const { log } = await logNode(db);
  const message = { chatId, senderId: ada.id, clientMessageId: null, words: '', isWithinLimit: true, isPresent: false };
  await Promise.all(range(1, 4200).map(() => log.send({ ...message, text: 'text' })));
  await age(db, chatId, 4100, 48);
  return chatId;
};

it('two nodes that prune at once take each event once, and leave what one of them alone would have left', async () => {
  const chatId = await anOldLog();
  const other = await openDatabase({ databaseUrl: url, dataDir: '' });
  onTestFinished(() => other.close());

  const [one, two] = await Promise.all([pruneAll(db, 1), pruneAll(other, 1)]);
  const rest = await pruneAll(db, 1);

  const sum = [...one, ...two, ...rest].reduce((total, count) => total + count, 0);
  expect(sum).toBe(4100);
  expect(await seqsLeft(db, chatId)).toEqual(range(4100, 4200));
});

it('a node that finds another one pruning leaves it to that one, and waits for nothing', async () => {
  const chatId = await anOldLog();

  await db.transaction(async (tx) => {
    await tx.query('SELECT pg_advisory_xact_lock(4100041)');
    expect(await pruneAll(db, 1)).toEqual([]);
  });

  expect(await seqsLeft(db, chatId)).toEqual(range(0, 4200));
});

it('a node that is killed while it prunes leaves a log without gaps, and the next one goes on', async () => {
  const chatId = await anOldLog();
  const pruner = await aPruner();

  expect(await pruner.step()).toBe('1000');
  // The next step waits in the middle of it for a row that is locked.
  await db.transaction(async (tx) => {
    await tx.query('SELECT FROM event WHERE chat_id = $1 AND seq = 1500 FOR UPDATE', [chatId]);
    pruner.begin();
    const isWaiting = async () =>
      (await db.query(`SELECT FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'`)).length > 0;
    await expect.poll(isWaiting).toBe(true);
    await pruner.kill();
  });

  // Its server process may still be at it for a moment.
  await expect.poll(async () => await db.query(`SELECT FROM pg_locks WHERE objid = 4100041`)).toEqual([]);
  const left = await seqsLeft(db, chatId);
  expect(left).toEqual(range(left[0]!, 4200));
  await pruneAll(db, 1);
  expect(await seqsLeft(db, chatId)).toEqual(range(4100, 4200));
});

it('a node prunes as LOG_RETENTION_DAYS says, and ends in order in the middle of it', async () => {
  const chatId = await anOldLog();
  const node = await startNode({ databaseUrl: url, dataDir: temporaryFolder(), logRetentionDays: 1 });
  await expect.poll(async () => (await seqsLeft(db, chatId))[0]).toBeGreaterThan(0);

  await node.stop();

  const left = await seqsLeft(db, chatId);
  expect(left).toEqual(range(left[0]!, 4200));
  expect(node.log.filter(({ level }) => level === 'error')).toEqual([]);
});

/** The log of one node on a database of a test file's own, without the rules or the server around it. */
import { onTestFinished } from 'vitest';
import type { Bus } from '../../src/bus/bus.js';
import { UnavailableError, type Database } from '../../src/db/database.js';
import { MAY_MENTION_EVERYONE, MAY_SEND } from '../../src/domain/rules/right-sql.js';
import type { UserFacts } from '../../src/log/event.js';
import { createLog } from '../../src/log/log.js';
import type { SendOutcome } from '../../src/log/send.js';
import { newMark } from '../../src/log/mark.js';
import { createRounds } from '../../src/log/rounds.js';
import { createTail } from '../../src/log/tail.js';
import { createFrozenBus } from './frozen-bus.js';

const fail = (error: unknown) => {
  throw error;
};

/** Gone when the test is. */
export const logNode = async (db: Database, { bus = createFrozenBus(fail), intervalMs = 1000 } = {}) => {
  const rounds = await createRounds(db, { intervalMs, onError: fail });
  const tail = createTail({ db, bus, rounds }, fail);
  const log = createLog(db, bus, { maySend: MAY_SEND, mayMentionEveryone: MAY_MENTION_EVERYONE });
  onTestFinished(async () => {
    tail.close();
    await rounds.stop();
    await log.drain();
  });
  return { bus, rounds, tail, log };
};

/**
 * The same database, where something is done just before or just after one of its statements.
 *
 * @param at which of them, from 1
 * @returns with how many there were so far
 */
export const withStep = (
  db: Database,
  { at, isBefore, act }: { at: number; isBefore: boolean; act: () => Promise<unknown> },
): { db: Database; steps: () => number } => {
  let steps = 0;
  const query: Database['query'] = async <Row>(sql: string, params?: readonly unknown[]) => {
    const own = (steps += 1);
    if (own === at && isBefore) await act();
    const rows = await db.query<Row>(sql, params);
    if (own === at && !isBefore) await act();
    return rows;
  };
  return { db: { ...db, query }, steps: () => steps };
};

/**
 * The same database, which does not answer one of its statements.
 *
 * @returns with `fail(at)`: the one that comes as number `at` from now, from 1; and whether it has come
 */
export const withFailure = (db: Database): { db: Database; fail: (at: number) => void; hasFailed: () => boolean } => {
  let left = 0;
  const query: Database['query'] = async <Row>(sql: string, params?: readonly unknown[]) => {
    if (left > 0 && (left -= 1) === 0) throw new UnavailableError(1000);
    return db.query<Row>(sql, params);
  };
  return { db: { ...db, query }, fail: (at) => void (left = at), hasFailed: () => left === 0 };
};

/** A bus that is away: nothing arrives, nothing fails. */
export const silentBus: Bus = {
  publish: () => undefined,
  subscribe: () => Promise.resolve(() => undefined),
  close: () => Promise.resolve(),
};

let count = 0;

/** A user, written as registration would. */
export const aUser = async (db: Database, name = `user${(count += 1)}`): Promise<UserFacts> => {
  const [user] = await db.query<UserFacts>(
    `INSERT INTO "user" (username, username_key, email, email_key) VALUES ($1, $1, $2, $2)
     RETURNING id, username, first_name AS "firstName", last_name AS "lastName", role, created_at AS "createdAt"`,
    [name, `${name}@example.org`],
  );
  return user!;
};

/** A group of these people, its log begun. */
export const aChat = async (db: Database, members: readonly UserFacts[]): Promise<bigint> =>
  db.transaction(async (tx) => {
    const mark = newMark();
    const [chat] = await tx.query<{ id: bigint }>(
      `INSERT INTO chat (kind, name, head_mark) VALUES ('GROUP', 'a group', $1) RETURNING id`,
      [mark],
    );
    await createLog(db, silentBus, { maySend: MAY_SEND, mayMentionEveryone: MAY_MENTION_EVERYONE }).startLog(
      tx,
      chat!.id,
      members[0]!.id,
      mark,
    );
    await tx.query(
      'INSERT INTO member (chat_id, user_id, last_read_seq, read_count) SELECT $1, unnest($2::bigint[]), 0, 0',
      [chat!.id, members.map(({ id }) => id)],
    );
    return chat!.id;
  });

/** The numbers from `first` to `last`, both included. */
export const range = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

/** The number that a send took; fails where it took none. */
export const seqOf = (outcome: SendOutcome): number => {
  if (outcome.kind !== 'sent') throw new Error(`Not sent but ${outcome.kind}`);
  return outcome.message.seq;
};

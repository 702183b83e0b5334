/**
 * With `LOG_RETENTION_DAYS` set, the server deletes old events. Only events go: messages, members and counters stay, so all that is
 * lost is the replay for a client that was away for longer.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '../db/database.js';

const DAY_MS = 24 * 60 * 60 * 1000;
/** How long after an event can no longer be resumed from it is deleted: the time that a running replay has. */
const REPLAY_MS = 60 * 60 * 1000;
const PASS_EVERY_MS = 60 * 60 * 1000;
/** Between two steps, so that requests get their turn. */
const PAUSE_MS = 100;
const CHATS_AT_ONCE = 1000;
const EVENTS_AT_ONCE = 1000;
/** An arbitrary number that nothing else locks. */
const LOCK = 4_100_041;

/** A cursor is as old as the first event that it has not seen. Events before this time are no longer replayed. */
export const replayableSince = (days: number, now = Date.now()): Date => new Date(days === 0 ? 0 : now - days * DAY_MS);

/** By the database's clock: a node with a wrong clock must not delete anything. */
const IS_OLD = `created_at < now() - make_interval(secs => $2::int)`;

/** An event is deleted once the next one is old: until then a cursor at it may be resumed. So the newest event always stays. */
const NEXT_CHATS = `
SELECT chat.id, EXISTS (
  SELECT FROM (SELECT created_at FROM event WHERE chat_id = chat.id ORDER BY seq OFFSET 1 LIMIT 1) second WHERE ${IS_OLD}
) AS "isDue"
FROM chat WHERE id > $1 ORDER BY id LIMIT ${CHATS_AT_ONCE}`;

const PRUNE = `
WITH oldest AS (
  SELECT seq, ${IS_OLD} AS is_old FROM event WHERE chat_id = $1 ORDER BY seq LIMIT ${EVENTS_AT_ONCE + 1}
), pruned AS (
  DELETE FROM event WHERE chat_id = $1
    AND seq < (SELECT coalesce(min(seq) FILTER (WHERE NOT is_old) - 1, max(seq)) FROM oldest) RETURNING seq
)
SELECT count(*)::int AS count FROM pruned`;

/**
 * One pass over all chats, one short transaction per step; a step runs when the caller asks for it. The caller may stop after any step:
 * what remains of each log has no gaps. The pass ends early if another node is pruning.
 *
 * @param days more than 0
 * @returns how many events each step deleted
 */
export async function* prune(db: Database, days: number): AsyncGenerator<number, void, void> {
  const seconds = (days * DAY_MS + REPLAY_MS) / 1000;
  for (let after: bigint | undefined = 0n; after !== undefined;) {
    const chats: { id: bigint; isDue: boolean }[] = await db.query(NEXT_CHATS, [after, seconds]);
    for (const { id } of chats.filter(({ isDue }) => isDue)) {
      for (let count: number | undefined = EVENTS_AT_ONCE; count === EVENTS_AT_ONCE;) {
        count = await pruneChat(db, id, seconds);
        if (count === undefined) return;
        yield count;
      }
    }
    after = chats.at(-1)?.id;
    yield 0;
  }
}

/** @returns undefined if another node is pruning */
const pruneChat = (db: Database, chatId: bigint, seconds: number): Promise<number | undefined> =>
  db.transaction(
    async (tx) => {
      const [lock] = await tx.query<{ granted: boolean }>(`SELECT pg_try_advisory_xact_lock(${LOCK}) AS granted`);
      if (!lock!.granted) return undefined;
      return (await tx.query<{ count: number }>(PRUNE, [chatId, seconds]))[0]!.count;
    },
    { isLong: true },
  );

/**
 * Prunes now, and then once an hour.
 *
 * @param days 0: never
 * @returns stops it; resolves once the current step is done
 */
export const startRetention = (
  db: Database,
  { days, onError }: { days: number; onError: (error: unknown) => void },
): (() => Promise<void>) => {
  const stopping = new AbortController();
  const { signal } = stopping;
  const pause = (milliseconds: number) => delay(milliseconds, undefined, { ref: false, signal }).catch(() => {});

  const work = async () => {
    while (!signal.aborted) {
      try {
        for await (const _count of prune(db, days)) {
          await pause(PAUSE_MS);
          if (signal.aborted) return;
        }
      } catch (error) {
        onError(error);
      }
      await pause(PASS_EVERY_MS);
    }
  };
  const working = days === 0 ? Promise.resolve() : work();

  return () => {
    stopping.abort();
    return working;
  };
};

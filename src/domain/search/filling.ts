/**
 * Gives messages the words that they lack: those from before there was a search, and what nodes of such a version, running beside this
 * one, and imports write. The newest first, in small steps, on one node at a time; a step is a transaction, so a killed node loses one.
 *
 * What lacks is read from the logs: a chat whose `indexed_seq` is behind its head gets a gap, which then grows shorter from its newer end.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Database, Queryable } from '../../db/database.js';
import { forgetWords, indexWords } from '../messages/message-index.js';
import { wordsOf } from '../words.js';

const CHATS_AT_ONCE = 1000;
const GAPS_AT_ONCE = 50;
const MESSAGES_AT_ONCE = 250;
/** In UTF-16 code units: what is split into words without letting others run. */
const TEXT_AT_ONCE = 100_000;
const PASS_EVERY_MS = 30_000;
/** After a step, as a part of what it took: others get their turn. */
const REST = 1;
const LEAST_PAUSE_MS = 20;
/** An arbitrary number that nothing else locks. */
const LOCK = 4_100_072;

/**
 * A gap reaches back to what the log's new events are about. If the events after `indexed_seq` were pruned, it is the whole chat. The head is
 * that of the snapshot: a later one is found by the next pass.
 */
const OPEN_GAPS = `
WITH chunk AS MATERIALIZED (
  SELECT id, indexed_seq, head_seq FROM chat WHERE id > $1::bigint ORDER BY id LIMIT ${CHATS_AT_ONCE}
), behind AS MATERIALIZED (
  SELECT chat.id, chunk.indexed_seq, chunk.head_seq FROM chunk JOIN chat ON chat.id = chunk.id
  WHERE chunk.indexed_seq < chunk.head_seq AND chat.indexed_seq = chunk.indexed_seq
  FOR NO KEY UPDATE OF chat SKIP LOCKED
), opened AS (
  INSERT INTO search_gap (chat_id, from_seq, before_seq, before_time)
  SELECT id, CASE WHEN EXISTS (SELECT FROM event WHERE chat_id = id AND seq = indexed_seq) THEN coalesce((
      SELECT least(min(changed), indexed_seq + 1) FROM event CROSS JOIN unnest(message_seqs) AS changed
      WHERE chat_id = id AND seq > indexed_seq AND type IN ('MESSAGE_EDITED', 'MESSAGES_DELETED')
    ), indexed_seq + 1) ELSE 0 END, head_seq + 1, clock_timestamp()
  FROM behind
  ON CONFLICT (chat_id) DO UPDATE SET from_seq = least(search_gap.from_seq, excluded.from_seq),
    before_seq = excluded.before_seq, before_time = excluded.before_time
), moved AS (
  UPDATE chat SET indexed_seq = behind.head_seq FROM behind WHERE chat.id = behind.id
)
SELECT max(id) AS last FROM chunk`;

interface GapRow {
  chatId: bigint;
  /** Null if there is no message left in the gap; so the rest. */
  seq: number | null;
  createdAt: Date;
  editedAt: Date | null;
  text: string | null;
  /** Whether it has words: those of this text, of an earlier one, or none. */
  words: 'right' | 'stale' | 'none';
  /** Behind it the gap ends. */
  isLast: boolean;
}

/** The newest of each gap: as many of each as make a step together. */
const READ_GAPS = `
WITH gap AS MATERIALIZED (
  SELECT * FROM search_gap ORDER BY before_time DESC, chat_id LIMIT ${GAPS_AT_ONCE}
), share AS MATERIALIZED (
  SELECT ${MESSAGES_AT_ONCE} / greatest(count(*), 1) AS size FROM gap
)
SELECT gap.chat_id AS "chatId", message.seq, message.created_at AS "createdAt", message.edited_at AS "editedAt", message.text,
  CASE WHEN found.seq IS NULL THEN 'none'
    WHEN message.text IS NOT NULL AND found.edited_at IS NOT DISTINCT FROM message.edited_at THEN 'right' ELSE 'stale' END AS words,
  message.seq IS NULL OR (message.number = message.total AND message.total < (SELECT size FROM share)) AS "isLast"
FROM gap LEFT JOIN LATERAL (
  SELECT *, row_number() OVER (ORDER BY seq DESC) AS number, count(*) OVER () AS total FROM (
    SELECT seq, created_at, edited_at, text FROM message
    WHERE chat_id = gap.chat_id AND seq >= gap.from_seq AND seq < gap.before_seq ORDER BY seq DESC LIMIT (SELECT size FROM share)
  ) newest
) message ON true
LEFT JOIN message_search found ON found.chat_id = gap.chat_id AND found.created_at = message.created_at AND found.seq = message.seq
ORDER BY gap.before_time DESC, gap.chat_id, message.seq DESC`;

// Only messages that are still as they were read: the lock waits for who is editing or deleting one.
const WRITE = `
WITH same AS MATERIALIZED (
  SELECT message.chat_id, message.created_at, message.seq, message.sender_id, message.edited_at,
    message.attachment_count, given.words
  FROM unnest($1::bigint[], $2::int[], $3::timestamptz[], $4::text[]) AS given(chat_id, seq, edited_at, words)
  JOIN message ON message.chat_id = given.chat_id AND message.seq = given.seq
  WHERE message.deleted_at IS NULL AND message.edited_at IS NOT DISTINCT FROM given.edited_at
  ORDER BY message.chat_id, message.seq FOR SHARE OF message
), ${indexWords('same', 'words')}
SELECT`;
const FORGET = `
WITH deleted AS (SELECT * FROM unnest($1::bigint[], $2::timestamptz[], $3::int[]) AS given(chat_id, created_at, seq)), ${forgetWords('deleted')}
SELECT`;
const SHORTEN = `UPDATE search_gap SET before_seq = given.before_seq, before_time = given.before_time
  FROM unnest($1::bigint[], $2::int[], $3::timestamptz[]) AS given(chat_id, before_seq, before_time)
  WHERE search_gap.chat_id = given.chat_id`;
const CLOSE = `DELETE FROM search_gap WHERE chat_id = ANY($1::bigint[])`;

/** Runs as the only one that fills. @returns undefined if another node is at it */
const alone = <Result>(db: Database, work: (tx: Queryable) => Promise<Result>): Promise<Result | undefined> =>
  db.transaction(
    async (tx) => {
      const [lock] = await tx.query<{ granted: boolean }>(`SELECT pg_try_advisory_xact_lock(${LOCK}) AS granted`);
      return lock!.granted ? work(tx) : undefined;
    },
    { isLong: true },
  );

/** @returns how many messages were looked at; undefined if there is no gap */
const fillStep = async (tx: Queryable): Promise<number | undefined> => {
  const rows = takeTexts(await tx.query<GapRow>(READ_GAPS));
  if (rows.length === 0) return undefined;
  const messages = rows.filter((row) => row.seq !== null);
  const lacking = messages.filter(({ text, words }) => text !== null && words !== 'right');
  const deleted = messages.filter(({ text, words }) => text === null && words === 'stale');
  if (lacking.length > 0)
    await tx.query(WRITE, [
      lacking.map(({ chatId }) => chatId),
      lacking.map(({ seq }) => seq),
      lacking.map(({ editedAt }) => editedAt),
      lacking.map(({ text }) => wordsOf(text!)),
    ]);
  if (deleted.length > 0)
    await tx.query(FORGET, [
      deleted.map(({ chatId }) => chatId),
      deleted.map(({ createdAt }) => createdAt),
      deleted.map(({ seq }) => seq),
    ]);
  const oldest = [...new Map(rows.map((row) => [row.chatId, row])).values()];
  const open = oldest.filter(({ isLast }) => !isLast);
  const closed = oldest.filter(({ isLast }) => isLast);
  if (open.length > 0)
    await tx.query(SHORTEN, [
      open.map(({ chatId }) => chatId),
      open.map(({ seq }) => seq),
      open.map(({ createdAt }) => createdAt),
    ]);
  if (closed.length > 0) await tx.query(CLOSE, [closed.map(({ chatId }) => chatId)]);
  return messages.length;
};

const takeTexts = (rows: readonly GapRow[]): readonly GapRow[] => {
  let length = 0;
  const enough = rows.findIndex(({ text }) => (length += text?.length ?? 0) > TEXT_AT_ONCE);
  return enough === -1 ? rows : rows.slice(0, enough + 1);
};

/**
 * Fills until nothing lacks; a step runs when the caller asks for it. Ends early if another node is filling.
 *
 * @returns how many messages each step looked at
 */
export async function* fillWords(db: Database): AsyncGenerator<number, void, void> {
  for (let isFilled = false; !isFilled;) {
    // Again and again: older nodes may go on writing while a long history is filled.
    const openAgainAt = performance.now() + PASS_EVERY_MS;
    for (let after: bigint | null = 0n; after !== null;) {
      const chunk: { last: bigint | null }[] | undefined = await alone(db, (tx) => tx.query(OPEN_GAPS, [after]));
      if (chunk === undefined) return;
      after = chunk[0]!.last;
      yield 0;
    }
    while (!isFilled && performance.now() < openAgainAt) {
      const step = await alone(db, async (tx) => ({ count: await fillStep(tx) }));
      if (step === undefined) return;
      isFilled = step.count === undefined;
      yield step.count ?? 0;
    }
  }
}

/**
 * Fills now, and then looks every half minute whether something lacks.
 *
 * @returns stops it; resolves once the current step is done
 */
export const startFilling = (
  db: Database,
  { onError, passEveryMs = PASS_EVERY_MS }: { onError: (error: unknown) => void; passEveryMs?: number },
): (() => Promise<void>) => {
  const stopping = new AbortController();
  const { signal } = stopping;
  const pause = (milliseconds: number) => delay(milliseconds, undefined, { ref: false, signal }).catch(() => {});

  const work = async () => {
    while (!signal.aborted) {
      try {
        let began = performance.now();
        for await (const _count of fillWords(db)) {
          await pause(Math.max(LEAST_PAUSE_MS, REST * (performance.now() - began)));
          if (signal.aborted) return;
          began = performance.now();
        }
      } catch (error) {
        onError(error);
      }
      await pause(passEveryMs);
    }
  };
  const working = work();

  return () => {
    stopping.abort();
    return working;
  };
};

/**
 * What a PostgreSQL server does by itself in the background. The embedded one has no background: left alone, its
 * write-ahead log grows until it is closed, and is read again from the beginning after it was killed.
 */
import type { PGlite } from '@electric-sql/pglite';

const ROUND_MS = 60_000;
const DUE_AFTER_BYTES = 64 * 1024 * 1024;

/** @returns stops it; resolves once nothing of it runs any more */
export const startUpkeep = (lite: PGlite): (() => Promise<void>) => {
  let round: Promise<unknown> = Promise.resolve();
  const timer = setInterval(() => {
    // What keeps it from working, such as a full disk, is told to whoever writes; here there is the next round.
    round = lookAfter(lite).catch(() => {});
  }, ROUND_MS).unref();
  return async () => {
    clearInterval(timer);
    await round;
  };
};

/**
 * One round. Nothing else runs meanwhile: 0.5 s for half a million new messages.
 *
 * @returns whether there was anything to do
 */
export const lookAfter = async (lite: PGlite, dueAfterBytes = DUE_AFTER_BYTES): Promise<boolean> => {
  const { rows } = await lite.query<{ written: string }>(
    'SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), redo_lsn)::text AS written FROM pg_control_checkpoint()',
  );
  if (Number(rows[0]!.written) < dueAfterBytes) return false;
  await lite.exec('VACUUM (ANALYZE)');
  await lite.exec('CHECKPOINT');
  return true;
};

/**
 * The maintenance that a PostgreSQL server does in the background. The embedded database has no background processes: without this its
 * write-ahead log grows until the database is closed, and after a kill it is replayed from the beginning.
 */
import type { PGlite } from '@electric-sql/pglite';

const ROUND_MS = 60_000;
const DUE_AFTER_BYTES = 64 * 1024 * 1024;

/** @returns stops it; resolves once no round is running */
export const startUpkeep = (lite: PGlite): (() => Promise<void>) => {
  let round: Promise<unknown> = Promise.resolve();
  const timer = setInterval(() => {
    // A problem such as a full disk is reported to those who write; upkeep just tries again in the next round.
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

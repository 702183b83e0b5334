/**
 * Takes away files that have expired: their rows and, where no other row names the same bytes, the bytes. Rows go in no other way, so
 * there are no bytes in the store that no row names.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '../../db/database.js';
import type { FileStore } from '../../files/file-store.js';
import { THUMBNAIL_SIZES } from '../../files/pictures.js';
import { sweepSpool } from '../../files/spool.js';
import type { FileKind } from '../../generated/prisma/enums.js';
import { lockHash } from './hash-lock.js';
import { hex } from './upload-row.js';

interface Due {
  id: bigint;
  hash: Uint8Array | null;
  kind: FileKind | null;
}

/** The time that whoever stores the bytes of a file that expires meanwhile has left. */
const GRACE = `interval '1 hour'`;
const ABANDONED_MS = 3_600_000;
const AT_ONCE = 100;
const PASS_EVERY_MS = 600_000;

const DUE = `
SELECT id, hash, kind::text AS kind FROM upload WHERE expires_at < now() - ${GRACE} AND id > $1::bigint ORDER BY id LIMIT ${AT_ONCE}`;
const IS_DUE = `SELECT FROM upload WHERE id = $1::bigint FOR UPDATE`;
const IS_NAMED = `SELECT FROM upload WHERE hash = $1::bytea AND id <> $2::bigint LIMIT 1`;
const DELETE = `DELETE FROM upload WHERE id = $1::bigint`;

/**
 * One pass over all that is due. Several nodes may do it at once, and it may stop anywhere.
 *
 * @returns how many rows went
 * @throws StoreUnavailableError, UnavailableError
 */
export const sweepFiles = async (db: Database, store: FileStore, signal?: AbortSignal): Promise<number> => {
  await sweepSpool(store.spool, ABANDONED_MS);
  let count = 0;
  for (let after = 0n; ;) {
    const due = await db.query<Due>(DUE, [after]);
    for (const one of due) {
      if (signal?.aborted) return count;
      await sweepOne(db, store, one);
      count += 1;
    }
    if (due.length < AT_ONCE) return count;
    after = due.at(-1)!.id;
  }
};

/** Under the lock of the hash: nobody who is about to store the same bytes can name them meanwhile. */
const sweepOne = (db: Database, store: FileStore, { id, hash, kind }: Due): Promise<void> =>
  db.transaction(
    async (tx) => {
      if (hash !== null) await lockHash(tx, hash);
      // Another node may have been faster, and others may have stored the same bytes since.
      if ((await tx.query(IS_DUE, [id])).length === 0) return;
      if (hash !== null && (await tx.query(IS_NAMED, [hash, id])).length === 0) {
        const key = hex(hash);
        const variants = kind === null || kind === 'IMAGE' ? THUMBNAIL_SIZES : [];
        await Promise.all([key, ...variants.map((size) => `${key}.${size}`)].map((one) => store.delete(one)));
      }
      await tx.query(DELETE, [id]);
    },
    // A bucket may be slow.
    { isLong: true },
  );

/**
 * Sweeps now, and then every ten minutes.
 *
 * @returns stops it; resolves once the current step is done
 */
export const startFileSweep = (
  db: Database,
  store: FileStore,
  { onError }: { onError: (error: unknown) => void },
): (() => Promise<void>) => {
  const stopping = new AbortController();
  const { signal } = stopping;
  const work = async () => {
    while (!signal.aborted) {
      await sweepFiles(db, store, signal).catch(onError);
      await delay(PASS_EVERY_MS, undefined, { ref: false, signal }).catch(() => undefined);
    }
  };
  const working = work();
  return () => {
    stopping.abort();
    return working;
  };
};

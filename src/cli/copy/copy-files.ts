/** Copies the bytes that a database names from one store into another. What is there already stays, so it can be done again and again. */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Queryable } from '../../db/database.js';
import type { FileStore } from '../../files/file-store.js';
import { THUMBNAIL_SIZES } from '../../files/pictures.js';
import { withFolder } from '../../files/spool.js';

export interface CopyFilesOptions {
  /** Which files there are. */
  db: Queryable;
  from: FileStore;
  to: FileStore;
  onStart?: (files: number) => void;
  onProgress?: (files: number) => void;
}

export interface CopiedFiles {
  copied: number;
  /** They were there. */
  kept: number;
  /** Keys that the database names and `from` has nothing under. */
  missing: string[];
}

const AT_ONCE = 4;
const PAGE = 1000;

const ALIVE = `hash IS NOT NULL AND stored_at IS NOT NULL AND (expires_at IS NULL OR expires_at > now())`;
const COUNT = `SELECT count(DISTINCT hash)::int AS count FROM upload WHERE ${ALIVE}`;
const HASHES = `SELECT encode(hash, 'hex') AS key, bool_or(kind = 'IMAGE') AS "isPicture" FROM upload
  WHERE ${ALIVE} AND hash > decode($1::text, 'hex') GROUP BY hash ORDER BY hash LIMIT ${PAGE}`;

interface Named {
  key: string;
  isPicture: boolean;
}

/** @throws StoreUnavailableError; an Error if bytes are not those that their key says */
export const copyFiles = async ({ db, from, to, onStart, onProgress }: CopyFilesOptions): Promise<CopiedFiles> => {
  const result: CopiedFiles = { copied: 0, kept: 0, missing: [] };
  onStart?.((await db.query<{ count: number }>(COUNT))[0]!.count);

  const copyNamed = async ({ key, isPicture }: Named) => {
    // Last the picture itself: once it is there, all of it is.
    for (const size of isPicture ? THUMBNAIL_SIZES : []) await copyOne(from, to, `${key}.${size}`);
    const outcome = await copyOne(from, to, key);
    if (outcome === 'missing') result.missing.push(key);
    else result[outcome] += 1;
    onProgress?.(1);
  };

  for (let after = ''; ;) {
    const page = await db.query<Named>(HASHES, [after]);
    const left = page.values();
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (const named of left) await copyNamed(named);
      }),
    );
    if (page.length < PAGE) return result;
    after = page.at(-1)!.key;
  }
};

const copyOne = async (from: FileStore, to: FileStore, key: string): Promise<'copied' | 'kept' | 'missing'> => {
  const found = await from.read(key);
  if (found === null) return 'missing';
  if ((await to.size(key)) === found.size) {
    found.stream.destroy();
    return 'kept';
  }
  await withFolder(to.spool, async (folder) => {
    const path = join(folder, 'bytes');
    const hash = createHash('sha256');
    const noticed = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk);
        done(null, chunk);
      },
    });
    await pipeline(found.stream, noticed, createWriteStream(path));
    if (!key.includes('.') && hash.digest('hex') !== key)
      throw new Error(`The bytes of ${key} are damaged in ${from.description}`);
    await to.put(key, path);
  });
  return 'copied';
};

/** Puts the picture of the demo data where uploads lie, so that it is served like them. */
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Queryable } from '../db/database.js';
import { StoreUnavailableError, type FileStore } from '../files/file-store.js';
import type { PastMessage } from './chat-history.js';
import { poster } from './poster.js';

const hash = createHash('sha256').update(poster.bytes).digest();

/** Before there is a row that refers to it. @returns false if the store is away: a demo without a picture is one too */
export const storePoster = async (store: FileStore): Promise<boolean> => {
  const folder = await mkdtemp(join(store.spool, 'demo-'));
  const put = async (key: string, bytes: Buffer) => {
    const path = join(folder, key);
    await writeFile(path, bytes);
    await store.put(key, path);
  };
  try {
    const key = hash.toString('hex');
    for (const { size, bytes } of poster.thumbnails) await put(`${key}.${size}`, bytes);
    await put(key, poster.bytes);
    return true;
  } catch (error) {
    if (error instanceof StoreUnavailableError) return false;
    throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

const ATTACH = `
WITH attached AS (
  UPDATE message SET attachment_count = 1 WHERE chat_id = $1::bigint AND seq = $2::int
)
INSERT INTO upload (owner_id, purpose, filename, byte_size, created_at, source_hash, hash, stored_at, content_type, kind, width, height,
  thumb_hash, chat_id, message_seq, position)
VALUES ($3::bigint, 'ATTACHMENT', $4::text, $5::int, $6::timestamptz, $7::bytea, $7::bytea, $6::timestamptz, $8::text, 'IMAGE', $9::int,
  $10::int, $11::text, $1::bigint, $2::int, 1)`;

export const attachPoster = async (
  tx: Queryable,
  chatId: bigint,
  { seq, senderId, createdAt }: PastMessage,
): Promise<void> => {
  const { filename, bytes, contentType, width, height, thumbHash } = poster;
  const facts = [filename, bytes.length, createdAt, hash, contentType, width, height, thumbHash];
  await tx.query(ATTACH, [chatId, seq, senderId, ...facts]);
};

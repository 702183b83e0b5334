/** A file as the database has it, from its announcement on. */
import type { FileKind, UploadPurpose } from '../../generated/prisma/enums.js';

export interface UploadRow {
  id: bigint;
  ownerId: bigint;
  purpose: UploadPurpose;
  filename: string;
  /** As announced, then as stored. */
  byteSize: number;
  createdAt: Date;
  /** Null while it is in use. */
  expiresAt: Date | null;
  sourceHash: Uint8Array | null;
  /** The key of its bytes in the store. */
  hash: Uint8Array | null;
  storedAt: Date | null;
  contentType: string | null;
  kind: FileKind | null;
  width: number | null;
  height: number | null;
  thumbHash: string | null;
}

/** Checked and in the store. */
export interface StoredFile extends UploadRow {
  hash: Uint8Array;
  storedAt: Date;
  contentType: string;
  kind: FileKind;
}

export const isStored = (row: UploadRow): row is StoredFile => row.storedAt !== null;

/** For statements that name the table `upload`. */
export const UPLOAD_COLUMNS = `upload.id, upload.owner_id AS "ownerId", upload.purpose::text AS purpose, upload.filename,
  upload.byte_size AS "byteSize", upload.created_at AS "createdAt", upload.expires_at AS "expiresAt", upload.source_hash AS "sourceHash",
  upload.hash, upload.stored_at AS "storedAt", upload.content_type AS "contentType", upload.kind::text AS kind, upload.width,
  upload.height, upload.thumb_hash AS "thumbHash"`;

/** Expired ones are gone for everybody, whether they are swept yet or not. */
export const IS_THERE = `(upload.expires_at IS NULL OR upload.expires_at > now())`;

export const hex = (hash: Uint8Array): string => Buffer.from(hash).toString('hex');

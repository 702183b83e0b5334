/** Files that people send: announced, then received, checked and stored; the owner's alone until a message has them. */
import type { Readable } from 'node:stream';
import type { Database } from '../../db/database.js';
import { StoreUnavailableError, type FileStore } from '../../files/file-store.js';
import type { Pictures } from '../../files/pictures.js';
import { ScannerUnavailableError, type Scanner } from '../../files/scanner.js';
import { spoolBytes, TooManyBytesError, withFolder, type Spooled } from '../../files/spool.js';
import type { UploadPurpose } from '../../generated/prisma/enums.js';
import { createTally, type Tally } from '../../meters.js';
import { ForbiddenError, NotFoundError, RateLimitedError, refuseProblems } from '../errors.js';
import type { RateLimits } from '../rate-limits.js';
import type { Viewer } from '../viewer.js';
import { checkBytes, type CheckedBytes } from './checked-bytes.js';
import { isExpired, type FileLinks, type Link, type LinkProof } from './file-links.js';
import { cleanFileName, fileNameProblem } from './file-name.js';
import { FileRefusal, fileNotFound, linkExpired } from './file-refusal.js';
import { checkRoom, MB, sizeProblem } from './file-room.js';
import { lockHash } from './hash-lock.js';
import { hex, IS_THERE, isStored, UPLOAD_COLUMNS, type StoredFile, type UploadRow } from './upload-row.js';

export interface UploadInput {
  purpose: UploadPurpose;
  filename: string;
  byteSize: number;
}

/** Announced. */
export interface Announced {
  id: bigint;
  /** How many bytes to put: neither more nor fewer. */
  byteSize: number;
  link: Link;
  expiresAt: Date;
}

export interface Uploads {
  /**
   * Announces a file, which counts as one of the owner's from now on, and is gone after a day unless it is used.
   *
   * @throws ForbiddenError if the server takes no files; InvalidInputError, also if the owner has no room or 100 that are not used;
   *   RateLimitedError
   */
  create(viewer: Viewer, input: UploadInput): Promise<Announced>;
  /**
   * Takes back one that is not used.
   *
   * @param id null if it did not decode
   * @throws NotFoundError, also for one that is in use
   */
  delete(viewer: Viewer, id: bigint | null): Promise<void>;
  /**
   * For whoever has the link. The caller must call `end` once it is done.
   *
   * @throws FileRefusal: LINK_EXPIRED, NOT_FOUND, TOO_MANY, BUSY; UnavailableError
   */
  begin(id: bigint, proof: LinkProof): Promise<UploadUnderway>;
  /** Received by this node, by outcome: `stored`, `again`, `failed`, or the code of the refusal. */
  outcomes: Tally;
  /** How many bytes this node has stored. */
  storedBytes(): number;
  /** How many are being received. */
  underway(): number;
  /** Resolves once nothing is being received. */
  drain(): Promise<void>;
}

export interface UploadUnderway {
  /** The most that may come. */
  maxBytes: number;
  /**
   * Receives, checks and stores the bytes. Idempotent: the same bytes may come again, whatever became of them before. If it fails,
   * the upload is as it was.
   *
   * @returns once they are checked, and survive the loss of power
   * @throws FileRefusal; what `bytes` and `signal` fail with; UnavailableError
   */
  receive(bytes: Readable, signal: AbortSignal): Promise<StoredFile>;
  end(): void;
}

export interface UploadsOptions {
  db: Database;
  limits: RateLimits;
  store: FileStore;
  pictures: Pictures;
  scanner: Scanner | undefined;
  links: FileLinks;
  settings: FileSettings;
}

export interface FileSettings {
  /** 0: no files. */
  attachmentMaxMb: number;
  /** 0: no limit. */
  filesMbPerUser: number;
}

const LIFE = `interval '1 day'`;
const AT_ONCE = 100;
const AT_ONCE_PER_USER = 10;

const INSERT = `
INSERT INTO upload (owner_id, purpose, filename, byte_size, expires_at)
VALUES ($1::bigint, $2::upload_purpose, $3::text, $4::int, now() + ${LIFE}) RETURNING ${UPLOAD_COLUMNS}`;
// Its bytes may be on their way, so the row stays until it is swept.
const DELETE = `
UPDATE upload SET expires_at = now() WHERE id = $1::bigint AND owner_id = $2::bigint AND expires_at > now() RETURNING id`;
const FIND = `SELECT ${UPLOAD_COLUMNS} FROM upload WHERE id = $1::bigint AND ${IS_THERE}`;
/**
 * Names the bytes before they are stored, so that no bytes lie in the store that no row names. If others were named before, and may
 * have been stored, an expired row goes on naming them until it is swept.
 */
const CLAIM = `
WITH before AS (
  SELECT * FROM upload WHERE id = $1::bigint AND stored_at IS NULL AND expires_at > now() FOR UPDATE
), other AS (
  INSERT INTO upload (owner_id, purpose, filename, byte_size, expires_at, hash)
  SELECT owner_id, purpose, filename, byte_size, now(), hash FROM before WHERE hash <> $2::bytea
)
UPDATE upload SET hash = $2::bytea, source_hash = $3::bytea FROM before WHERE upload.id = before.id RETURNING upload.id`;
const FINISH = `
UPDATE upload SET stored_at = now(), byte_size = $3::int, content_type = $4::text, kind = $5::file_kind, width = $6::int,
  height = $7::int, thumb_hash = $8::text
WHERE id = $1::bigint AND hash = $2::bytea AND stored_at IS NULL AND expires_at > now() RETURNING ${UPLOAD_COLUMNS}`;

export const createUploads = (options: UploadsOptions): Uploads => {
  const { db, limits, store, links } = options;
  const { attachmentMaxMb, filesMbPerUser } = options.settings;
  const maxBytes = attachmentMaxMb * MB;
  const maxBytesPerUser = filesMbPerUser === 0 ? Infinity : filesMbPerUser * MB;
  const outcomes = createTally();
  const underway = new Map<bigint, number>();
  const receiving = new Set<Promise<unknown>>();
  let storedBytes = 0;
  let atOnce = 0;

  const find = async (id: bigint) => (await db.query<UploadRow>(FIND, [id]))[0];

  /** @throws FileRefusal, or what failed */
  const receive = (row: UploadRow, bytes: Readable, signal: AbortSignal) =>
    withFolder(store.spool, async (folder) => {
      const most = isStored(row) ? maxBytes : row.byteSize;
      const spooled = await spoolBytes(bytes, folder, { maxBytes: most, signal });
      if (isStored(row)) return sameAs(row, spooled);
      if (spooled.byteSize !== row.byteSize)
        throw new FileRefusal('WRONG_SIZE', `${row.byteSize} bytes were announced, but ${spooled.byteSize} came`);
      const checked = await checkBytes(spooled, row.purpose, { ...options, folder, maxBytes, signal });
      signal.throwIfAborted();
      return put(row, spooled, checked);
    });

  const put = async (row: UploadRow, spooled: Spooled, checked: CheckedBytes): Promise<StoredFile> => {
    const { hash, byteSize, contentType, kind, width, height, thumbHash } = checked;
    const isClaimed = await db.transaction(async (tx) => {
      await lockHash(tx, hash);
      return (await tx.query(CLAIM, [row.id, hash, Buffer.from(spooled.sha256, 'hex')])).length > 0;
    });
    if (isClaimed) {
      for (const { size, path } of checked.thumbnails) await store.put(`${hex(hash)}.${size}`, path);
      await store.put(hex(hash), checked.path);
      const facts = [byteSize, contentType, kind, width, height, thumbHash];
      const [stored] = await db.query<StoredFile>(FINISH, [row.id, hash, ...facts]);
      if (stored !== undefined) {
        storedBytes += byteSize;
        outcomes.add('stored');
        return stored;
      }
    }
    // Another request with this link was faster, or the upload was deleted meanwhile.
    const now = await find(row.id);
    if (now === undefined) throw fileNotFound();
    return sameAs(now, spooled);
  };

  const sameAs = (row: UploadRow, { sha256 }: Spooled): StoredFile => {
    if (!isStored(row) || row.sourceHash === null || hex(row.sourceHash) !== sha256)
      throw new FileRefusal('CONFLICT', 'Other bytes were put here before: create another upload for these');
    outcomes.add('again');
    return row;
  };

  return {
    create: async (viewer, { purpose, filename, byteSize }) => {
      if (maxBytes === 0) throw new ForbiddenError('This server takes no files');
      const name = cleanFileName(filename);
      refuseProblems({ filename: fileNameProblem(name), byteSize: sizeProblem(byteSize, maxBytes) });
      const taken = await limits.take('upload', String(viewer.id));
      if (!taken.allowed) throw new RateLimitedError(taken.retryAfterMs);
      try {
        const row = await db.transaction(async (tx) => {
          await checkRoom(tx, viewer.id, byteSize, maxBytesPerUser);
          return (await tx.query<UploadRow & { expiresAt: Date }>(INSERT, [viewer.id, purpose, name, byteSize]))[0]!;
        });
        return { id: row.id, byteSize, link: links.toUpload(row), expiresAt: row.expiresAt };
      } catch (error) {
        taken.giveBack();
        throw error;
      }
    },

    delete: async (viewer, id) => {
      const deleted = id === null ? [] : await db.query(DELETE, [id, viewer.id]);
      if (deleted.length === 0) throw new NotFoundError('Upload');
    },

    begin: async (id, proof) => {
      if (isExpired(proof)) throw linkExpired();
      const row = await find(id);
      if (row === undefined || !links.isForUpload(row, proof)) throw fileNotFound();
      const own = underway.get(row.ownerId) ?? 0;
      if (own >= AT_ONCE_PER_USER)
        throw new FileRefusal('TOO_MANY', `At most ${AT_ONCE_PER_USER} uploads of one user are received at once`);
      if (atOnce >= AT_ONCE) throw new FileRefusal('BUSY', 'This node receives as many uploads as it can');
      underway.set(row.ownerId, own + 1);
      atOnce += 1;
      return {
        maxBytes: isStored(row) ? maxBytes : row.byteSize,
        receive: (bytes, signal) => {
          const received = receive(row, bytes, signal).catch((error: unknown) => {
            const refusal = asRefusal(error);
            outcomes.add(refusal instanceof FileRefusal ? refusal.code : 'failed');
            throw refusal;
          });
          const settled = received.catch(() => undefined).finally(() => receiving.delete(settled));
          receiving.add(settled);
          return received;
        },
        end: () => {
          atOnce -= 1;
          const left = underway.get(row.ownerId)! - 1;
          if (left === 0) underway.delete(row.ownerId);
          else underway.set(row.ownerId, left);
        },
      };
    },

    outcomes,
    storedBytes: () => storedBytes,
    underway: () => atOnce,
    drain: async () => void (await Promise.all(receiving)),
  };
};

const asRefusal = (error: unknown): unknown => {
  if (error instanceof TooManyBytesError)
    return new FileRefusal('TOO_LONG', 'These are more bytes than were announced', { cause: error });
  if (error instanceof StoreUnavailableError || error instanceof ScannerUnavailableError)
    return new FileRefusal('UNAVAILABLE', 'Files cannot be taken at the moment: nothing was stored', { cause: error });
  return error;
};

/** Files as they are seen: by the owner until they are sent, then by whoever sees their message; and the bytes, by whoever has a link. */
import type { Database } from '../../db/database.js';
import { StoreUnavailableError, type ByteRange, type FileStore, type StoredBytes } from '../../files/file-store.js';
import { isInline } from '../../files/content-type.js';
import { THUMBNAIL_SIZES, thumbnailSizes, type ThumbnailSize } from '../../files/pictures.js';
import {
  askedMessageParams,
  gatherMessages,
  SEEN_MESSAGE,
  SEEN_MESSAGES,
  toEachMessage,
  type MessageKey,
  type SeenOfMessage,
} from '../rules/asked-messages.js';
import { CAN_SEE, CHAT_AND_OWN, viewerParams } from '../rules/visibility.js';
import type { Viewer } from '../viewer.js';
import { isExpired, type FileLinks, type Link, type LinkProof } from './file-links.js';
import { fileNotFound, FileRefusal, linkExpired } from './file-refusal.js';
import { hex, IS_THERE, isStored, UPLOAD_COLUMNS, type StoredFile, type UploadRow } from './upload-row.js';

export interface Attachments {
  /** In the order of `ids`, null for those that are not stored, do not exist or are not visible. */
  byIds(viewer: Viewer, ids: readonly bigint[]): Promise<(StoredFile | null)[]>;
  /**
   * In the sender's order; none of a message that the viewer may no longer see. One statement for all that is asked for in one turn of
   * the event loop.
   */
  ofMessage(viewer: Viewer, key: MessageKey): Promise<StoredFile[]>;
  /** To get the bytes, for whoever has it. */
  link(file: StoredFile): Link;
  /** @returns a picture no larger than this square; null if there is none */
  thumbnailLink(file: StoredFile, size: number): Link | null;
  /**
   * For whoever has the link.
   *
   * @param size of the thumbnail; undefined: the file itself
   * @throws FileRefusal: LINK_EXPIRED, NOT_FOUND; UnavailableError
   */
  find(id: bigint, size: number | undefined, proof: LinkProof): Promise<FoundBytes>;
  /** How many bytes this node has begun to send. */
  sentBytes(): number;
}

export interface FoundBytes {
  filename: string;
  /** What to tell a browser: never a type that runs code. */
  contentType: string;
  /** Whether a browser may show it in place. */
  isInline: boolean;
  /** Whether a shared cache may keep it; undefined: no. */
  isPublic?: true;
  /** Of the file; null for a thumbnail, which is read whole. */
  byteSize: number | null;
  /** Names these bytes. */
  tag: string;
  /** @throws FileRefusal: NOT_FOUND, UNAVAILABLE; the stream too fails if the store does */
  read(range?: ByteRange): Promise<StoredBytes>;
}

export interface AttachmentsOptions {
  db: Database;
  store: FileStore;
  links: FileLinks;
}

const BY_IDS = `
SELECT ${UPLOAD_COLUMNS} FROM upload
WHERE upload.id = ANY($3::bigint[]) AND upload.stored_at IS NOT NULL AND ${IS_THERE} AND (
  upload.expires_at IS NOT NULL AND upload.owner_id = $1::bigint
  OR upload.chat_id IN (SELECT chat.id FROM ${CHAT_AND_OWN} WHERE chat.id = upload.chat_id AND ${CAN_SEE}))`;
const OF_MESSAGES = `SELECT ${UPLOAD_COLUMNS}, ${SEEN_MESSAGE} FROM ${SEEN_MESSAGES}
  JOIN upload ON upload.chat_id = asked.chat_id AND upload.message_seq = asked.seq
  ORDER BY asked.chat_id, asked.seq, upload.position`;
const FIND = `SELECT ${UPLOAD_COLUMNS} FROM upload WHERE id = $1::bigint AND ${IS_THERE}`;

const BYTES = 'application/octet-stream';

export const createAttachments = ({ db, store, links }: AttachmentsOptions): Attachments => {
  let sentBytes = 0;

  const read = async (key: string, range?: ByteRange): Promise<StoredBytes> => {
    const bytes = await readStored(store, key, range);
    sentBytes += bytes.size;
    return bytes;
  };

  const foundThumbnail = ({ filename, hash }: StoredFile, size: ThumbnailSize): FoundBytes => {
    const key = `${hex(hash)}.${size}`;
    return {
      filename: `${filename.replace(/\.[^.]*$/, '')}-${size}.webp`,
      contentType: 'image/webp',
      isInline: true,
      byteSize: null,
      tag: key,
      read: () => read(key),
    };
  };

  return {
    byIds: async (viewer, ids) => {
      const rows = await db.query<StoredFile>(BY_IDS, [...viewerParams(viewer), ids]);
      const found = new Map(rows.map((row) => [row.id, row]));
      return ids.map((id) => found.get(id) ?? null);
    },

    ofMessage: gatherMessages(async (asked) =>
      toEachMessage(
        asked,
        await db.query<StoredFile & SeenOfMessage>(OF_MESSAGES, askedMessageParams(asked)),
        (own) => own,
      ),
    ),

    link: (file) => links.toFile(file),
    thumbnailLink: (file, most) => {
      const size = isPicture(file) ? thumbnailSizes(file).findLast((one) => one <= most) : undefined;
      return size === undefined ? null : links.toFile(file, size);
    },

    find: async (id, asked, proof) => {
      if (isExpired(proof)) throw linkExpired();
      const size = THUMBNAIL_SIZES.find((one) => one === asked);
      if (size !== asked) throw fileNotFound();
      const [file] = await db.query<UploadRow>(FIND, [id]);
      if (file === undefined || !isStored(file) || !links.isForFile(file, size, proof)) throw fileNotFound();
      if (size !== undefined) return foundThumbnail(file, size);
      const { filename, contentType, byteSize } = file;
      const key = hex(file.hash);
      return {
        filename,
        contentType: isInline(contentType) ? contentType : BYTES,
        isInline: isInline(contentType),
        byteSize,
        tag: key,
        read: (range) => read(key, range),
      };
    },

    sentBytes: () => sentBytes,
  };
};

/** @throws FileRefusal: NOT_FOUND, UNAVAILABLE */
export const readStored = async (store: FileStore, key: string, range?: ByteRange): Promise<StoredBytes> => {
  const bytes = await store.read(key, range).catch((error: unknown) => {
    if (!(error instanceof StoreUnavailableError)) throw error;
    throw new FileRefusal('UNAVAILABLE', 'Files cannot be read at the moment', { cause: error });
  });
  if (bytes === null) throw fileNotFound();
  return bytes;
};

const isPicture = (file: StoredFile): file is StoredFile & { width: number; height: number } =>
  file.kind === 'IMAGE' && file.width !== null && file.height !== null;

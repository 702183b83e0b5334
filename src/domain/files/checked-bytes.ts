/** What is done with the bytes of an upload before they are stored: found out what they are, scanned, and pictures written anew. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { sniff, type Content } from '../../files/content-type.js';
import { isPicture, PictureError, type Pictures, type ThumbnailSize } from '../../files/pictures.js';
import type { Scanner } from '../../files/scanner.js';
import type { Spooled } from '../../files/spool.js';
import type { UploadPurpose } from '../../generated/prisma/enums.js';
import { FileRefusal } from './file-refusal.js';

export interface CheckedBytes extends Content {
  /** Of the bytes to store. */
  path: string;
  byteSize: number;
  hash: Buffer;
  width: number | null;
  height: number | null;
  thumbHash: string | null;
  thumbnails: { size: ThumbnailSize; path: string }[];
}

export interface CheckOptions {
  /** For what it makes; whoever asked removes it. */
  folder: string;
  pictures: Pictures;
  /** Undefined: nothing is scanned. */
  scanner: Scanner | undefined;
  maxBytes: number;
  signal: AbortSignal;
}

/** @throws FileRefusal; ScannerUnavailableError, StoreUnavailableError */
export const checkBytes = async (
  { path, byteSize, sha256 }: Spooled,
  purpose: UploadPurpose,
  { folder, pictures, scanner, maxBytes, signal }: CheckOptions,
): Promise<CheckedBytes> => {
  const content = await sniff(path);
  if (purpose === 'AVATAR' && !isPicture(content.contentType))
    throw new FileRefusal('NOT_A_PICTURE', 'A picture of a user or chat must be JPEG, PNG, WebP, GIF or AVIF');
  // As it came: a picture written anew would hide it.
  const found = await scanner?.scan(path);
  if (found) throw new FileRefusal('INFECTED', `The virus scanner refuses this file: ${found}`);
  const asItIs = { path, byteSize, hash: Buffer.from(sha256, 'hex') };
  if (!isPicture(content.contentType))
    return { ...content, ...asItIs, width: null, height: null, thumbHash: null, thumbnails: [] };

  const shape = purpose === 'AVATAR' ? 'square' : undefined;
  const picture = await pictures.process(path, content.contentType, folder, signal, shape).catch((error: unknown) => {
    throw error instanceof PictureError ? new FileRefusal('BAD_PICTURE', error.message) : error;
  });
  const { size } = await stat(picture.path);
  if (size > maxBytes) throw new FileRefusal('TOO_LONG', `Once turned and cleaned, the picture has ${size} bytes`);
  return { ...content, ...picture, byteSize: size, hash: await hashOf(picture.path) };
};

const hashOf = async (path: string): Promise<Buffer> => {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest();
};

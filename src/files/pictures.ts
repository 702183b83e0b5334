/**
 * Pictures are written anew from their pixels: turned as they should be, without EXIF, GPS and whatever else hides in them, with small
 * versions and a placeholder.
 */
import { join } from 'node:path';
import type SharpModule from 'sharp';
import type { Sharp, SharpOptions } from 'sharp';
import { StoreUnavailableError } from './file-store.js';
import { createTurns } from './turns.js';

export interface Picture {
  /** The new file. */
  path: string;
  /** As shown. */
  width: number;
  height: number;
  /** ThumbHash, in base64. */
  thumbHash: string;
  /** Still ones, as webp. */
  thumbnails: { size: ThumbnailSize; path: string }[];
}

export interface Pictures {
  /**
   * @param contentType one for which `isPicture` holds
   * @param folder for what it makes; whoever asked removes it
   * @param shape `square`: still, of its middle, with every size of `AVATAR_SIZES`
   * @param signal whether somebody still waits for it when its turn comes; its reason is thrown
   * @throws PictureError; StoreUnavailableError if the folder takes no more
   */
  process(path: string, contentType: string, folder: string, signal: AbortSignal, shape?: 'square'): Promise<Picture>;
}

/** It is damaged, too large, or takes too long. The message is for its sender. */
export class PictureError extends Error {
  override name = 'PictureError';
}

/** The longest sides of thumbnails, in pixels. */
export const THUMBNAIL_SIZES = [64, 128, 320, 640, 1280] as const;
export type ThumbnailSize = (typeof THUMBNAIL_SIZES)[number];

/** Of a picture that is square. */
export const AVATAR_SIZES = [64, 128, 320, 640] as const satisfies readonly ThumbnailSize[];

/** Those that a picture has: smaller than itself, and one of its own size. */
export const thumbnailSizes = ({ width, height }: { width: number; height: number }): ThumbnailSize[] => {
  const longest = Math.max(width, height);
  return THUMBNAIL_SIZES.filter((_size, place) => place === 0 || THUMBNAIL_SIZES[place - 1]! < longest);
};

const MAX_PIXELS = 50_000_000;
const MAX_SECONDS = 20;
const PLACEHOLDER_SIZE = 100;
const THUMBNAIL = { quality: 80 };

const WRITERS: Readonly<Record<string, (picture: Sharp) => Sharp>> = {
  'image/jpeg': (picture) => picture.jpeg({ quality: 85 }),
  'image/png': (picture) => picture.png(),
  'image/webp': (picture) => picture.webp({ quality: 85 }),
  'image/gif': (picture) => picture.gif(),
  // The usual effort takes minutes for a photo.
  'image/avif': (picture) => picture.avif({ quality: 60, effort: 2 }),
};
const MAY_MOVE = ['image/gif', 'image/webp'];
/** All that is ever read; libvips knows many more formats, with as many ways to go wrong. */
const READERS = ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Heif'].map((name) => `VipsForeignLoad${name}`);

export const isPicture = (contentType: string): boolean => Object.hasOwn(WRITERS, contentType);

export const createPictures = (): Pictures => {
  // Each takes all of a core and some 100 MB.
  const takeTurn = createTurns(1);
  return {
    process: (path, contentType, folder, signal, shape) =>
      takeTurn(async () => {
        signal.throwIfAborted();
        try {
          return await processOne(path, contentType, folder, shape);
        } catch (error) {
          throw asExpected(error);
        }
      }),
  };
};

const processOne = async (from: string, contentType: string, folder: string, shape?: 'square'): Promise<Picture> => {
  const sharp = await loadSharp();
  const open = (input: string, options: SharpOptions = {}) =>
    sharp(input, { limitInputPixels: MAX_PIXELS, failOn: 'error', sequentialRead: true, ...options });

  const { pages = 1 } = await open(from).metadata();
  const isMoving = shape === undefined && pages > 1 && MAY_MOVE.includes(contentType);
  const upright = isMoving ? open(from, { animated: true }) : open(from).autoOrient();
  const source = shape === undefined ? upright : await square(upright);
  const path = join(folder, 'picture');
  const written = await WRITERS[contentType]!(source).timeout({ seconds: MAX_SECONDS }).toFile(path);
  const { width, height } = { width: written.width, height: written.pageHeight ?? written.height };

  const thumbnails: Picture['thumbnails'] = [];
  const sizes = (shape === undefined ? thumbnailSizes({ width, height }) : AVATAR_SIZES).toReversed();
  // Each from the one before, in memory: the picture itself is read once.
  let larger = await shrink(open(path), sizes[0]!);
  for (const size of sizes) {
    larger = await shrink(sharp(larger.data, { raw: larger.info }), size);
    const thumbnail = { size, path: join(folder, String(size)) };
    await sharp(larger.data, { raw: larger.info }).webp(THUMBNAIL).toFile(thumbnail.path);
    thumbnails.push(thumbnail);
  }
  const tiny = await shrink(sharp(larger.data, { raw: larger.info }), PLACEHOLDER_SIZE);
  const { rgbaToThumbHash } = await import('thumbhash');
  const hash = rgbaToThumbHash(tiny.info.width, tiny.info.height, tiny.data);
  return { path, width, height, thumbHash: Buffer.from(hash).toString('base64'), thumbnails };
};

/** Its middle, no larger than the largest avatar. */
const square = async (picture: Sharp): Promise<Sharp> => {
  const { autoOrient } = await picture.clone().metadata();
  const side = Math.min(autoOrient.width, autoOrient.height, AVATAR_SIZES.at(-1)!);
  return picture.resize(side, side, { fit: 'cover' });
};

/** Pixels with transparency. */
const shrink = (picture: Sharp, size: number) =>
  picture
    .resize(size, size, { fit: 'inside', withoutEnlargement: true })
    .ensureAlpha()
    .raw()
    .timeout({ seconds: MAX_SECONDS })
    .toBuffer({ resolveWithObject: true });

let loaded: Promise<typeof SharpModule> | undefined;

/** With the first picture: it takes 20 MB and some 100 ms. */
const loadSharp = (): Promise<typeof SharpModule> =>
  (loaded ??= import('sharp').then(({ default: sharp }) => {
    sharp.concurrency(1);
    sharp.cache(false);
    sharp.block({ operation: ['VipsForeignLoad'] });
    sharp.unblock({ operation: READERS });
    return sharp;
  }));

const asExpected = (error: unknown): Error => {
  const message = error instanceof Error ? error.message : '';
  if (/no space left/i.test(message))
    return new StoreUnavailableError('no room is left for pictures', { cause: error });
  if (/pixel limit|too large/i.test(message))
    return new PictureError(
      `The picture has more than ${MAX_PIXELS / 1_000_000} million pixels, all of its frames together`,
    );
  if (/timeout/i.test(message)) return new PictureError('The picture takes too long to read');
  return new PictureError('The picture is damaged');
};

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { thumbHashToApproximateAspectRatio } from 'thumbhash';
import { describe, expect, it } from 'vitest';
import { sniff } from '../../src/files/content-type.js';
import { createPictures, PictureError, thumbnailSizes } from '../../src/files/pictures.js';
import { temporaryFolder } from '../support/database.js';
import { animation, bomb, noise, photo } from '../support/pictures.js';

const pictures = createPictures();

const process = async (bytes: Buffer) => {
  const folder = temporaryFolder();
  const path = join(folder, 'bytes');
  writeFileSync(path, bytes);
  const { contentType } = await sniff(path);
  const picture = await pictures.process(path, contentType, folder, new AbortController().signal);
  return { ...picture, contentType, bytes: readFileSync(picture.path) };
};

const colourAt = async (bytes: Buffer, left: number, top: number) => {
  const { data } = await sharp(bytes)
    .extract({ left, top, width: 1, height: 1 })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return data[0]! > data[2]! ? 'red' : 'blue';
};

describe('A picture', () => {
  it('T88 is turned as it should be, and says nothing of where it was taken and by whom', async () => {
    const bytes = await photo();
    expect((await sharp(bytes).metadata()).exif?.length).toBeGreaterThan(200);
    expect(bytes.includes('a secret of the photographer')).toBe(true);

    const picture = await process(bytes);

    // 6: the camera was held upright, to the right.
    expect(picture).toMatchObject({ width: 300, height: 400, contentType: 'image/jpeg' });
    const metadata = await sharp(picture.bytes).metadata();
    expect(metadata).toMatchObject({ width: 300, height: 400, format: 'jpeg' });
    expect([metadata.exif, metadata.xmp, metadata.iptc, metadata.icc, metadata.orientation]).toEqual(
      Array(5).fill(undefined),
    );
    expect(picture.bytes.includes('secret')).toBe(false);
    expect([await colourAt(picture.bytes, 290, 200), await colourAt(picture.bytes, 10, 200)]).toEqual(['red', 'blue']);
    for (const { path } of picture.thumbnails) expect((await sharp(path).metadata()).exif).toBeUndefined();
  });

  it('has thumbnails that lie within their squares, and a placeholder of its shape', async () => {
    const picture = await process(await noise(2000, 1000));

    const found = await Promise.all(
      picture.thumbnails.map(async ({ size, path }) => {
        const { width, height, format } = await sharp(path).metadata();
        return [size, width, height, format];
      }),
    );
    expect(found.sort((one, other) => Number(one[0]) - Number(other[0]))).toEqual([
      [64, 64, 32, 'webp'],
      [128, 128, 64, 'webp'],
      [320, 320, 160, 'webp'],
      [640, 640, 320, 'webp'],
      [1280, 1280, 640, 'webp'],
    ]);
    const hash = Buffer.from(picture.thumbHash, 'base64');
    expect(hash.length).toBeLessThan(30);
    expect(thumbHashToApproximateAspectRatio(hash)).toBeGreaterThan(1.5);
  });

  it.each([
    [{ width: 10, height: 10 }, [64]],
    [{ width: 64, height: 64 }, [64]],
    [{ width: 65, height: 10 }, [64, 128]],
    [{ width: 640, height: 480 }, [64, 128, 320, 640]],
    [{ width: 700, height: 5000 }, [64, 128, 320, 640, 1280]],
  ])('of %j has the thumbnails %j', (size, sizes) => {
    expect(thumbnailSizes(size)).toEqual(sizes);
  });

  it.each(['png', 'webp', 'avif', 'gif'] as const)('keeps its format: %s', async (format) => {
    const bytes = await sharp({ create: { width: 90, height: 60, channels: 4, background: '#ff000080' } })
      .toFormat(format)
      .toBuffer();

    const picture = await process(bytes);

    expect(picture).toMatchObject({ width: 90, height: 60, contentType: `image/${format}` });
    expect((await sharp(picture.bytes).metadata()).hasAlpha).toBe(true);
  });

  it.each(['gif', 'webp'] as const)('goes on moving (%s), while its thumbnails stand still', async (format) => {
    const picture = await process(await animation(5, format));

    expect(picture).toMatchObject({ width: 40, height: 30 });
    expect((await sharp(picture.bytes).metadata()).pages).toBe(5);
    expect((await sharp(picture.thumbnails[0]!.path).metadata()).pages ?? 1).toBe(1);
  });

  it('T89 of too many pixels is refused, however few bytes it has', async () => {
    const bytes = await bomb();
    expect(bytes.length).toBeLessThan(1_000_000);

    await expect(process(bytes)).rejects.toThrow(/50 million pixels/);
  });

  it('whose frames together have too many pixels is refused', async () => {
    const frames = await animation(6, 'gif', { width: 3000, height: 3000 });
    expect(frames.length).toBeLessThan(1_000_000);

    await expect(process(frames)).rejects.toThrow(/50 million pixels/);
  });

  it('that is damaged is refused', async () => {
    const whole = await noise(400, 400);

    await expect(process(whole.subarray(0, whole.length / 2))).rejects.toThrow(PictureError);
    await expect(process(Buffer.concat([whole.subarray(0, 300), Buffer.alloc(2000)]))).rejects.toThrow(PictureError);
  });

  it('takes with it nothing that hides behind it', async () => {
    const picture = await process(Buffer.concat([await photo(), Buffer.from('<script>alert(1)</script>PK\x03\x04')]));

    expect(picture.bytes.includes('script')).toBe(false);
  });
});

describe('What a file is', () => {
  const typeOf = (bytes: Buffer | string) => {
    const path = join(temporaryFolder(), 'photo.jpg');
    writeFileSync(path, bytes);
    return sniff(path);
  };

  it.each([
    ['text', 'hello'],
    ['HTML', '<!doctype html><script>alert(1)</script>'],
    ['SVG', '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'],
    ['one byte', 'x'],
    ['zeros', Buffer.alloc(10_000)],
  ])('is unknown: %s', async (_kind, bytes) => {
    expect(await typeOf(bytes)).toEqual({ contentType: 'application/octet-stream', kind: 'FILE' });
  });

  it.each([
    ['a program', Buffer.concat([Buffer.from('MZ'), Buffer.alloc(200)]), 'application/x-msdownload', 'FILE'],
    ['a PDF', '%PDF-1.7\n1 0 obj', 'application/pdf', 'FILE'],
    ['an mp3', Buffer.from('4944330300000000000a', 'hex'), 'audio/mpeg', 'AUDIO'],
    ['an mp4', Buffer.from('00000018667479706d703432000000006d7034326d703431', 'hex'), 'video/mp4', 'VIDEO'],
    [
      'an iPhone’s picture',
      Buffer.from('00000018667479706865696300000000686569636d696631', 'hex'),
      'image/heic',
      'FILE',
    ],
  ])('is found by its bytes: %s', async (_kind, bytes, contentType, kind) => {
    expect(await typeOf(bytes)).toEqual({ contentType, kind });
  });
});

/** Pictures, made with the library that the server reads them with. */
import sharp from 'sharp';

export const NOISE = { type: 'gaussian', mean: 128, sigma: 40 } as const;

/** Red above, blue below, so that its turning shows; with EXIF, a place among it. */
export const photo = ({ width = 400, height = 300, orientation = 6 } = {}): Promise<Buffer> =>
  sharp({ create: { width, height, channels: 3, background: 'blue' } })
    .composite([
      {
        input: { create: { width, height: Math.floor(height / 2), channels: 3, background: 'red' } },
        gravity: 'north',
      },
    ])
    .withExif({
      IFD0: { Copyright: 'a secret of the photographer', Artist: 'Ada' },
      IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '55/1 45/1 0/1', GPSLongitudeRef: 'E', GPSLongitude: '37/1 37/1 0/1' },
    })
    .withMetadata({ orientation })
    .jpeg()
    .toBuffer();

/** Of random dots, which cannot be made small. */
export const noise = (width: number, height: number): Promise<Buffer> =>
  sharp({ create: { width, height, channels: 3, background: 'black', noise: NOISE } })
    .jpeg({ quality: 90 })
    .toBuffer();

/** Frames of one colour each. */
export const animation = async (
  frames: number,
  format: 'gif' | 'webp',
  { width, height } = { width: 40, height: 30 },
): Promise<Buffer> => {
  const raw = Buffer.concat(
    Array.from({ length: frames }, (_, frame) => Buffer.alloc(width * height * 3, (frame * 50) % 256)),
  );
  return sharp(raw, {
    raw: { width, height: height * frames, channels: 3, pageHeight: height },
    limitInputPixels: false,
  })
    .toFormat(format, { loop: 0, delay: Array<number>(frames).fill(100) })
    .toBuffer();
};

/** A PNG of few bytes and many pixels. */
export const bomb = (width = 10_000, height = 10_000): Promise<Buffer> =>
  sharp({ create: { width, height, channels: 3, background: 'black' }, limitInputPixels: false })
    .png({ compressionLevel: 9 })
    .toBuffer();

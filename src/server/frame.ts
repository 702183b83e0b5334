/** Text frames of the WebSocket protocol (RFC 6455), from server to client: unmasked, unfragmented, uncompressed. */

const FINAL_TEXT = 0x81;
const UP_TO_16_BITS = 126;
const UP_TO_64_BITS = 127;

const headerLength = (length: number): number => (length < UP_TO_16_BITS ? 2 : length < 65_536 ? 4 : 10);

/** The frames of these payloads, each one given in parts, as one buffer. */
export const framesOf = (payloads: readonly (readonly Buffer[])[]): Buffer => {
  let total = 0;
  for (const parts of payloads) {
    const length = lengthOf(parts);
    total += headerLength(length) + length;
  }
  const frames = Buffer.allocUnsafe(total);
  let at = 0;
  for (const parts of payloads) {
    at = writeHeader(frames, at, lengthOf(parts));
    for (const part of parts) {
      frames.set(part, at);
      at += part.length;
    }
  }
  return frames;
};

const lengthOf = (parts: readonly Buffer[]): number => {
  let length = 0;
  for (const part of parts) length += part.length;
  return length;
};

const writeHeader = (frames: Buffer, at: number, length: number): number => {
  frames[at] = FINAL_TEXT;
  if (length < UP_TO_16_BITS) {
    frames[at + 1] = length;
    return at + 2;
  }
  if (length < 65_536) {
    frames[at + 1] = UP_TO_16_BITS;
    return frames.writeUInt16BE(length, at + 2);
  }
  frames[at + 1] = UP_TO_64_BITS;
  frames.writeUInt32BE(0, at + 2);
  return frames.writeUInt32BE(length, at + 6);
};

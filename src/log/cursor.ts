/** A client's place in a chat's log, packed: 16 bytes (chat, seq, mark) as 22 characters of base64url. 2,000 of them fit a frame. */

export interface Place {
  chatId: bigint;
  seq: number;
  /** That event's mark: tells a restored log from the one the cursor was made from. */
  mark: number;
}

const BYTES = 16;
const LENGTH = 22;

export const encodeCursor = ({ chatId, seq, mark }: Place): string => {
  const bytes = Buffer.alloc(BYTES);
  bytes.writeBigInt64BE(chatId, 0);
  bytes.writeInt32BE(seq, 8);
  bytes.writeInt32BE(mark, 12);
  return bytes.toString('base64url');
};

/** @returns null where it is no cursor of ours; one spelling only is taken */
export const decodeCursor = (cursor: string): Place | null => {
  if (cursor.length !== LENGTH) return null;
  const bytes = Buffer.from(cursor, 'base64url');
  if (bytes.length !== BYTES || bytes.toString('base64url') !== cursor) return null;
  const place = { chatId: bytes.readBigInt64BE(0), seq: bytes.readInt32BE(8), mark: bytes.readInt32BE(12) };
  return place.chatId > 0n && place.seq >= 0 ? place : null;
};

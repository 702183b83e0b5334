/** A client's position in a chat's log, packed: 16 bytes (chat, seq, mark) as 22 characters of base64url. 2,000 of them fit in a frame. */

/** A position in a chat's log: after the event with this seq. */
export interface LogPosition {
  seq: number;
  /** That event's mark: tells a restored log from the one that the cursor was made from. */
  mark: number;
}

export interface ChatPosition extends LogPosition {
  chatId: bigint;
}

const BYTES = 16;
const LENGTH = 22;

export const encodeCursor = ({ chatId, seq, mark }: ChatPosition): string => {
  const bytes = Buffer.alloc(BYTES);
  bytes.writeBigInt64BE(chatId, 0);
  bytes.writeInt32BE(seq, 8);
  bytes.writeInt32BE(mark, 12);
  return bytes.toString('base64url');
};

/** @returns null if it is not one of our cursors; only the canonical spelling is accepted */
export const decodeCursor = (cursor: string): ChatPosition | null => {
  if (cursor.length !== LENGTH) return null;
  const bytes = Buffer.from(cursor, 'base64url');
  if (bytes.length !== BYTES || bytes.toString('base64url') !== cursor) return null;
  const position = { chatId: bytes.readBigInt64BE(0), seq: bytes.readInt32BE(8), mark: bytes.readInt32BE(12) };
  return position.chatId > 0n && position.seq >= 0 ? position : null;
};

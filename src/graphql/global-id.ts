/** Relay's global ids: base64 of a type's name and a row's key. Opaque to clients; one encoding per row. */
import type { MemberKey } from '../domain/chats/members.js';
import type { MessageKey } from '../domain/messages/messages.js';

const MAX_ID = 2n ** 63n - 1n;
const MAX_SEQ = 2 ** 31 - 1;
const MAX_LENGTH = 128;

export const encodeGlobalId = (type: string, key: bigint | string): string =>
  Buffer.from(`${type}:${key}`).toString('base64');

export const messageKeyText = ({ chatId, seq }: MessageKey): string => `${chatId}:${seq}`;
export const memberKeyText = ({ chatId, userId }: MemberKey): string => `${chatId}:${userId}`;

/** @returns null for anything this server never issued, however similar */
export const decodeGlobalId = (globalId: string): { type: string; key: string } | null => {
  if (globalId.length > MAX_LENGTH) return null;
  const text = Buffer.from(globalId, 'base64').toString();
  if (Buffer.from(text).toString('base64') !== globalId) return null;
  const colon = text.indexOf(':');
  return colon === -1 ? null : { type: text.slice(0, colon), key: text.slice(colon + 1) };
};

/** @returns null if it is not an id of that type, and so names nothing that exists; so do the others below */
export const decodeRowId = (
  type: 'User' | 'Chat' | 'Brand' | 'Relation' | 'ApiToken' | 'Upload' | 'Attachment' | 'Report' | 'Invite',
  globalId: string,
): bigint | null => {
  const key = keyOf(type, globalId);
  return key === null ? null : rowId(key);
};

export const decodeMessageId = (globalId: string): MessageKey | null => {
  const pair = pairOf('Message', globalId);
  return pair !== null && pair[1] <= MAX_SEQ ? { chatId: pair[0], seq: Number(pair[1]) } : null;
};

export const decodeMemberId = (globalId: string): MemberKey | null => {
  const pair = pairOf('ChatMember', globalId);
  return pair && { chatId: pair[0], userId: pair[1] };
};

/** A notification's own id is unique only per owner. */
export const notificationKeyText = (notification: { userId: bigint; id: string }): string =>
  `${notification.userId}:${notification.id}`;

/** @returns null also for another user's notification */
export const decodeNotificationId = (globalId: string, ownerId: bigint): string | null => {
  const key = keyOf('Notification', globalId);
  const prefix = `${ownerId}:`;
  return key?.startsWith(prefix) ? key.slice(prefix.length) : null;
};

const keyOf = (type: string, globalId: string): string | null => {
  const decoded = decodeGlobalId(globalId);
  return decoded?.type === type ? decoded.key : null;
};

const pairOf = (type: string, globalId: string): [bigint, bigint] | null => {
  const [first, second, ...more] = keyOf(type, globalId)?.split(':').map(rowId) ?? [];
  return first && second && more.length === 0 ? [first, second] : null;
};

/** As PostgreSQL numbers rows: 1 to 2⁶³ − 1, without leading zeros. */
const rowId = (text: string): bigint | null => {
  if (!/^[1-9]\d{0,18}$/.test(text)) return null;
  const id = BigInt(text);
  return id <= MAX_ID ? id : null;
};

/** The answer to the PUT names the same row as an attachment. */
export const decodeUploadId = (id: string): bigint | null => decodeRowId('Upload', id) ?? decodeRowId('Attachment', id);

/** @returns undefined: unchanged; null: none; 0, which no upload has, if the id does not decode */
export const decodeNewAvatar = (id: string | null | undefined): bigint | null | undefined =>
  id === null || id === undefined ? id : (decodeUploadId(id) ?? 0n);

/** Creating a chat of any kind: its row, row 0 of its log, its unique keys, its first members. */
import type { Queryable } from '../../db/database.js';
import type { ChatAccess, ChatKind, NotificationKind } from '../../generated/prisma/enums.js';
import { CHAT_COLUMNS, type ChatRow } from '../../log/event.js';
import type { Log } from '../../log/log.js';
import { newMark } from '../../log/mark.js';
import { chatNameKeyOf } from '../keys.js';
import { storeNotification } from '../user-bell.js';

export interface NewChat {
  kind: ChatKind;
  name?: string;
  slug?: string | null;
  orderRef?: string;
  /** A JSON object as text. */
  metadata?: string | null;
  description?: string | null;
  access?: ChatAccess;
  /** For a MATCH: whether one of its brands has the BUSINESS plan. */
  hasBusiness?: boolean;
  /** Keys that no other chat may have: `slug:…`, `direct:…`. */
  keys: readonly string[];
  /** Existing users, each once. */
  memberIds: readonly bigint[];
  /** Who creates it; a member only if listed. */
  actorId: bigint;
  /** Which of the members owns it, of a GROUP. */
  ownerId?: bigint;
}

/** Thrown to roll back the transaction: another, committed chat has one of the keys. */
export class KeyTakenError extends Error {}

const CHAT = `INSERT INTO chat (kind, name, name_key, slug, order_ref, has_business, head_mark, metadata, description, access)
  VALUES ($1::chat_kind, $2, $3, $4, $5, $6, $7, $8, $9, $10::chat_access) RETURNING ${CHAT_COLUMNS}`;
// Waits for another transaction that holds the key, in case it rolls back.
const KEYS = `INSERT INTO chat_key (key, chat_id) SELECT key, $2::bigint FROM unnest($1::text[]) AS wanted(key) ORDER BY key
  ON CONFLICT DO NOTHING RETURNING key`;
const MEMBERS = `INSERT INTO member (chat_id, user_id, role, last_read_seq, read_count)
  SELECT $1::bigint, user_id, CASE WHEN user_id = $3::bigint THEN 'OWNER'::chat_role ELSE 'MEMBER' END, 0, 0 FROM unnest($2::bigint[]) AS wanted(user_id)`;

/** The notification of a new chat's members: for a relation or a match, the kind of its own. */
export const NOTIFIED_OF: Readonly<Record<ChatKind, NotificationKind>> = {
  GROUP: 'CHAT_ADDED',
  DIRECT: 'CHAT_ADDED',
  RELATION: 'RELATION_CREATED',
  MATCH: 'MATCH_CREATED',
  ORDER: 'CHAT_ADDED',
};

/** Two statements, one more for keys, two more for members. @throws KeyTakenError */
export const insertChat = async (tx: Queryable, log: Log, chat: NewChat): Promise<ChatRow> => {
  const mark = newMark();
  const { name = null, slug = null, orderRef = null, hasBusiness = false, metadata = null } = chat;
  const { description = null, access = 'CLOSED' } = chat;
  const named = [name, chatNameKeyOf(name), slug, orderRef];
  const [row] = await tx.query<ChatRow>(CHAT, [chat.kind, ...named, hasBusiness, mark, metadata, description, access]);
  const { id } = row!;
  await takeKeys(tx, id, chat.keys);
  await log.startLog(tx, id, chat.actorId, mark);
  if (chat.memberIds.length > 0) {
    await tx.query(MEMBERS, [id, chat.memberIds, chat.ownerId ?? null]);
    await storeNotification(tx, chat.memberIds, NOTIFIED_OF[chat.kind], id, chat.actorId);
  }
  return row!;
};

/** One statement, none without keys. @throws KeyTakenError */
export const takeKeys = async (tx: Queryable, chatId: bigint, keys: readonly string[]): Promise<void> => {
  if (keys.length === 0) return;
  const taken = await tx.query(KEYS, [keys, chatId]);
  if (taken.length < keys.length) throw new KeyTakenError(keys.join());
};

export const slugKey = (slug: string): string => `slug:${slug}`;
export const orderKey = (orderRef: string): string => `order:${orderRef}`;
/** The same key in either order. */
export const directKey = (one: bigint, other: bigint): string =>
  one < other ? `direct:${one}:${other}` : `direct:${other}:${one}`;
export const relationKey = (managerId: bigint, clientId: bigint): string => `relation:${managerId}:${clientId}`;
/** For two brands; the same key in either order. */
export const matchKey = (one: bigint, other: bigint): string =>
  one < other ? `match:${one}:${other}` : `match:${other}:${one}`;

/** What nodes tell each other on the bus about one chat. The seqs show whether an event is missing; the rest saves reading it back. */
import { jsonTopic, type Topic } from '../bus/bus.js';
import type { LogEvent, UserFacts } from './event.js';

/** Not stored: lost if nobody listens. */
export type Ephemeral =
  /** `headSeq`: the chat's head when the user typed. */
  | { kind: 'typing'; chatId: bigint; user: UserFacts; isTyping: boolean; expiresAt: Date | null; headSeq: number }
  /** `isOwnOnly`: in a large chat, sent to the reader's own devices alone. */
  | { kind: 'read'; chatId: bigint; user: UserFacts; lastReadSeq: number; isOwnOnly: boolean }
  /** The user's own settings of the chat changed: sent to their own devices alone. */
  | { kind: 'settings'; chatId: bigint; userId: bigint };

/** `events` are consecutive, without gaps; `markBefore` is the mark of the event before them. */
export type Ring = { events: LogEvent[]; markBefore: number } | { ephemerals: Ephemeral[] };

export const chatTopic = (chatId: bigint): Topic<Ring> => ({ name: `chat:${chatId}`, encode: pack, decode: unpack });

/** What concerns one user in any chat: chats they were added to or removed from, their own reads, their notifications. */
export const userTopic = (userId: bigint): Topic<UserRing> => jsonTopic(`user:${userId}`);

export interface UserRing {
  /** Decimal ids of the chats in which something changed for this user. */
  chatIds: string[];
  /** Whether they may have become or ceased to be a member of these. */
  isRegrouped: boolean;
}

/**
 * As JSON, which preserves neither bigints nor dates: they become `{"$n":"7"}` and `{"$d":1700000000000}`. A user's text is never an
 * object, so the tags are unambiguous.
 */
const pack = (ring: Ring): string =>
  JSON.stringify(ring, function (this: Record<string, unknown>, key, value: unknown) {
    const original = this[key];
    if (typeof original === 'bigint') return { $n: String(original) };
    if (original instanceof Date) return { $d: original.getTime() };
    return value;
  });

const unpack = (text: string): Ring =>
  JSON.parse(text, (_key, value: unknown) => {
    if (typeof value !== 'object' || value === null) return value;
    if ('$n' in value) return BigInt(value.$n as string);
    if ('$d' in value) return new Date(value.$d as number);
    return value;
  }) as Ring;

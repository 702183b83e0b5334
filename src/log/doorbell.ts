/** What is told on the bus about one chat. Numbers tell whether anything is missing; the rest saves reading it back. */
import { jsonTopic, type Topic } from '../bus/bus.js';
import type { LogEvent, UserFacts } from './event.js';

/** Not kept: lost if nobody listens. */
export type Ephemeral =
  /** `headSeq`: the chat's head when they said so. */
  | { kind: 'typing'; chatId: bigint; user: UserFacts; isTyping: boolean; expiresAt: Date | null; headSeq: number }
  /** `isOwnOnly`: in a large chat, for the reader's own devices alone. */
  | { kind: 'read'; chatId: bigint; user: UserFacts; lastReadSeq: number; isOwnOnly: boolean };

/** `events` follow each other without gaps; `markBefore` is the mark of the one before them. */
export type Ring = { events: LogEvent[]; markBefore: number } | { ephemeral: Ephemeral };

export const chatTopic = (chatId: bigint): Topic<Ring> => ({ name: `chat:${chatId}`, encode: pack, decode: unpack });

/** What concerns one user wherever they are: chats they were added to or removed from, their own reads, their notifications. */
export const userTopic = (userId: bigint): Topic<UserRing> => jsonTopic(`user:${userId}`);

export interface UserRing {
  /** Decimal ids of the chats in which something changed for this user. */
  chatIds: string[];
}

/** As JSON, which has neither bigints nor dates: bigints become `{"$n":"7"}`, dates `{"$d":1700000000000}`. No text of a user's is ever an object, so nothing can be mistaken. */
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

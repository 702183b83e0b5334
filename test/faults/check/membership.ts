/** Who was in a chat from which number to which, and from when on they can have been: from its log, and when adding was begun. */
import type { ChatRecord, FinalChat, Operation } from '../history.js';

export interface Membership {
  /** Whether somebody was in at this number. Their own removal is the last thing they are given. */
  isIn(userId: string, seq: number): boolean;
  /** In from the beginning, and never removed. */
  isAlwaysIn(userId: string): boolean;
  /** The number of their first removal at or after this one; null where there is none. */
  removalAfter(userId: string, seq: number): number | null;
  /** Whether they can have been added again, after this number, by that time. */
  canBeBackBy(userId: string, seq: number, at: number): boolean;
  /** Those who are in after the last event. */
  last(): Set<string>;
}

interface Change {
  seq: number;
  type: 'added' | 'removed';
  /** It cannot have happened before. */
  earliest: number;
}

export const createMembership = (
  final: FinalChat,
  record: ChatRecord,
  operations: readonly Operation[],
): Membership => {
  // The n-th time somebody was added is no earlier than when the n-th attempt to add them began.
  const attempts = new Map<string, number[]>();
  for (const operation of operations) {
    if (operation.what !== 'add' && operation.what !== 'accept') continue;
    if (operation.chatId !== final.chatId || operation.outcome.kind === 'fail') continue;
    const userId = operation.what === 'add' ? operation.userId : operation.by;
    attempts.set(userId, [...(attempts.get(userId) ?? []), operation.startedAt]);
  }
  for (const times of attempts.values()) times.sort((one, other) => one - other);

  const changes = new Map<string, Change[]>();
  for (const event of final.log) {
    if (event.type !== 'added' && event.type !== 'removed') continue;
    const own = changes.get(event.userId) ?? [];
    changes.set(event.userId, own);
    const nth = own.filter(({ type }) => type === 'added').length;
    const earliest = event.type === 'added' ? (attempts.get(event.userId)?.[nth] ?? -Infinity) : -Infinity;
    own.push({ seq: event.seq, type: event.type, earliest });
  }
  const of = (userId: string) => changes.get(userId) ?? [];
  const wasIn = (userId: string) => record.members.includes(userId);

  return {
    isIn: (userId, seq) => {
      const last = of(userId).findLast((change) => change.seq <= seq);
      if (last === undefined) return wasIn(userId);
      return last.type === 'added' || last.seq === seq;
    },
    isAlwaysIn: (userId) => wasIn(userId) && of(userId).every(({ type }) => type === 'added'),
    removalAfter: (userId, seq) =>
      of(userId).find((change) => change.type === 'removed' && change.seq >= seq)?.seq ?? null,
    canBeBackBy: (userId, seq, at) =>
      of(userId).some((change) => change.type === 'added' && change.seq > seq && change.earliest <= at),
    last: () => {
      const members = new Set(record.members);
      for (const [userId, own] of changes) {
        if (own.at(-1)!.type === 'added') members.add(userId);
        else members.delete(userId);
      }
      return members;
    },
  };
};

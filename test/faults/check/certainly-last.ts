/** Which of several operations on the same thing decided what it is. */
import type { Operation } from '../history.js';

/** @returns undefined where that cannot be told: they overlapped, or how one came out is unknown */
export const certainlyLast = <One extends Operation>(operations: readonly One[]): One | undefined => {
  const those = operations.filter(({ outcome }) => outcome.kind !== 'fail');
  if (those.length === 0) return undefined;
  const last = those.reduce((one, other) => (other.startedAt > one.startedAt ? other : one));
  const isCertain = those.every((one) => one.outcome.kind === 'ok' && (one === last || one.endedAt < last.startedAt));
  return isCertain ? last : undefined;
};

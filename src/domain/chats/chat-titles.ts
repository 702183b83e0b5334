/** What a chat is called in its viewer's list. */
import type { UserFacts } from '../../log/event.js';

/** Whoever of a chat of two is not the viewer; null for one who is in it with nobody, or not at all. */
export const peerOf = (viewer: { id: bigint }, pair: readonly UserFacts[]): UserFacts | null =>
  pair.some(({ id }) => id === viewer.id) ? (pair.find(({ id }) => id !== viewer.id) ?? null) : null;

/** The other one's name for either of the two, both names for others. */
export const titleOfPair = (viewer: { id: bigint }, pair: readonly UserFacts[]): string => {
  const peer = peerOf(viewer, pair);
  return (peer === null ? pair : [peer]).map(fullName).join(', ');
};

/** The other brand's name for the owner of either, both names for others. */
export const titleOfMatch = (
  viewer: { id: bigint },
  brands: readonly { name: string; owner: { id: bigint } }[],
): string => {
  const others = brands.filter(({ owner }) => owner.id !== viewer.id);
  return (others.length === 1 ? others : brands).map(({ name }) => name).join(', ');
};

const fullName = ({ firstName, lastName, username }: UserFacts): string =>
  `${firstName} ${lastName}`.trim() || username;

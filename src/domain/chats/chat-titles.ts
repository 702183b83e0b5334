/** The title of a chat in its viewer's list. */
import type { UserFacts } from '../../log/event.js';

/** The other member of a chat of two; null if the viewer is its only member, or no member. */
export const peerOf = (viewer: { id: bigint }, pair: readonly UserFacts[]): UserFacts | null =>
  pair.some(({ id }) => id === viewer.id) ? (pair.find(({ id }) => id !== viewer.id) ?? null) : null;

/** For a member the other one's name; for other viewers both names. */
export const titleOfPair = (viewer: { id: bigint }, pair: readonly UserFacts[]): string => {
  const peer = peerOf(viewer, pair);
  return (peer === null ? pair : [peer]).map(fullName).join(', ');
};

/** For the owner of one brand the other brand's name; for other viewers both names. */
export const titleOfMatch = (
  viewer: { id: bigint },
  brands: readonly { name: string; owner: { id: bigint } }[],
): string => {
  const others = brands.filter(({ owner }) => owner.id !== viewer.id);
  return (others.length === 1 ? others : brands).map(({ name }) => name).join(', ');
};

const fullName = ({ firstName, lastName, username }: UserFacts): string =>
  `${firstName} ${lastName}`.trim() || username;

/** How many reacted to a message with which emoji, as it is kept with the message. */

/** In the order of first use. */
export type ReactionCounts = Map<string, number>;

export const parseCounts = (text: string | null): ReactionCounts =>
  new Map(text === null ? [] : (JSON.parse(text) as [string, number][]));

export const textOfCounts = (counts: ReactionCounts): string | null =>
  counts.size === 0 ? null : JSON.stringify([...counts]);

export const countReaction = (counts: ReactionCounts, emoji: string, by: 1 | -1): void => {
  const count = (counts.get(emoji) ?? 0) + by;
  if (count > 0) counts.set(emoji, count);
  else counts.delete(emoji);
};

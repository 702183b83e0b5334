/**
 * Guesses which name was meant.
 *
 * @returns the nearest of `known`, if `name` is not one of them but only one or two typos away
 */
export const probablyMeant = (name: string, known: readonly string[]): string | undefined => {
  if (known.includes(name)) return undefined;
  const written = plain(name);
  const near = known
    .map((candidate) => ({ candidate, distance: distance(written, plain(candidate)) }))
    .filter(({ candidate, distance }) => distance <= slips(candidate))
    .sort((one, other) => one.distance - other.distance);
  return near[0]?.candidate;
};

const plain = (name: string) => name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '');

// Two typos turn a short name into an unrelated one: PATH and PORT.
const slips = (name: string) => (name.length < 6 ? 1 : 2);

/** The number of letters to insert, delete, replace or swap with their neighbour (optimal string alignment). */
const distance = (one: string, other: string): number => {
  let before: number[] = [];
  let above = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let row = 1; row <= one.length; row++) {
    const current = [row];
    for (let column = 1; column <= other.length; column++) {
      const isSame = one[row - 1] === other[column - 1];
      let least = Math.min(above[column]! + 1, current[column - 1]! + 1, above[column - 1]! + (isSame ? 0 : 1));
      if (row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1]) {
        least = Math.min(least, before[column - 2]! + 1);
      }
      current.push(least);
    }
    before = above;
    above = current;
  }
  return above[other.length]!;
};

/** Windows of several contenders, one after the other in each round: A B C A B C. */
import type { Progress } from './progress.js';

/**
 * @param measure one window; the first round is for warming up, and does not count
 * @returns the windows of each contender, by its name
 */
export const inRounds = async <Contender extends { name: string }, Window>(
  contenders: readonly Contender[],
  rounds: number,
  progress: Progress,
  measure: (contender: Contender) => Promise<Window>,
  { warmsUp = true }: { warmsUp?: boolean } = {},
): Promise<Map<string, Window[]>> => {
  const windows = new Map<string, Window[]>(contenders.map(({ name }) => [name, []]));
  for (let round = warmsUp ? 0 : 1; round <= rounds; round += 1)
    for (const contender of contenders) {
      progress.step(`${contender.name}, ${round === 0 ? 'warming up' : `round ${round}`}`);
      const window = await measure(contender);
      if (round > 0) windows.get(contender.name)!.push(window);
    }
  return windows;
};

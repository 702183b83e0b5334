/** Each deliberate fault: with it the run must name what is wrong, and without it be green. */
import { isGreen, type Run } from '../run.js';
import { isCaught, runSabotage, sabotages } from '../sabotage/sabotages.js';

export const sabotage: Run = {
  name: 'sabotage',
  isGated: true,
  describe: `${sabotages.length} deliberate faults, each of which must be caught`,
  run: async ({ seed, only, onProgress }) => {
    const complaints: string[] = [];
    const figures: Record<string, string> = {};
    const due = sabotages.filter(({ name }) => only === undefined || name.includes(only));
    for (const [n, one] of due.entries()) {
      onProgress(n, due.length);
      const without = await runSabotage(one, { seed, isOn: false });
      if (!isGreen(without)) complaints.push(`Without "${one.name}": ${summaryOf(without)}`);
      const verdict = await runSabotage(one, { seed, isOn: true });
      figures[one.name] = isCaught(one, verdict) ? `caught as ${one.caughtAs}` : 'NOT CAUGHT';
      if (!isCaught(one, verdict))
        complaints.push(`"${one.name}" was not caught as ${one.caughtAs}: ${summaryOf(verdict)}`);
    }
    return { anomalies: [], complaints, figures };
  },
};

const summaryOf = ({ anomalies, complaints, figures }: Awaited<ReturnType<typeof runSabotage>>): string =>
  [...anomalies.map(({ kind, says }) => `${kind}: ${says}`), ...complaints, JSON.stringify(figures)]
    .slice(0, 5)
    .join('\n    ');

/** Clocks of the day that jump by an hour, of nodes and of PostgreSQL, again and again. */
import { faults } from '../faults.js';
import type { Run } from '../run.js';
import { runFaults } from './quick.js';

const TIMES = 10;
const jumps = faults.filter(({ name }) => name.startsWith('the clock'));

export const clocks: Run = {
  name: 'clocks',
  describe: `${TIMES} jumps of each clock by an hour, either way`,
  run: (options) =>
    runFaults(Array.from({ length: Math.max(1, Math.round(TIMES * options.scale)) }, () => jumps).flat(), options),
};

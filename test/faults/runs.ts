/** Every run there is. */
import type { Run } from './run.js';
import { clocks } from './runs/clocks.js';
import { embedded } from './runs/embedded.js';
import { kills } from './runs/kills.js';
import { outages } from './runs/outages.js';
import { quick } from './runs/quick.js';
import { removals } from './runs/removals.js';
import { restores } from './runs/restores.js';
import { rolling } from './runs/rolling.js';
import { sabotage } from './runs/sabotage.js';
import { soak } from './runs/soak.js';
import { sockets } from './runs/sockets.js';
import { stalled } from './runs/stalled.js';

export const runs: readonly Run[] = [
  quick,
  sabotage,
  kills,
  sockets,
  removals,
  stalled,
  outages,
  clocks,
  rolling,
  restores,
  embedded,
  soak,
];

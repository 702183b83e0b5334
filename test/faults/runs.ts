/** Every run there is. */
import type { Run } from './run.js';
import { clocks } from './runs/clocks.js';
import { embedded } from './runs/embedded.js';
import { kills } from './runs/kills.js';
import { migrations } from './runs/migrations.js';
import { outages } from './runs/outages.js';
import { quick } from './runs/quick.js';
import { removals } from './runs/removals.js';
import { restores } from './runs/restores.js';
import { rolling } from './runs/rolling.js';
import { sabotage } from './runs/sabotage.js';
import { sentinels } from './runs/sentinels.js';
import { soak } from './runs/soak.js';
import { sockets } from './runs/sockets.js';
import { stalled } from './runs/stalled.js';
import { unfit } from './runs/unfit.js';

/** Each fault once: what `--quick` runs. */
export const quickRuns: readonly Run[] = [quick, migrations, sentinels, unfit];

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
  migrations,
  unfit,
  restores,
  sentinels,
  embedded,
  soak,
];

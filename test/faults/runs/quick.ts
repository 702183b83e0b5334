/** Every fault once, one after the other, in whichever order the seed says. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../../support/random.js';
import { faults, type Fault } from '../faults.js';
import type { Run, RunOptions, Verdict } from '../run.js';
import { onStage } from '../stage.js';
import { startWorkload } from '../workload.js';
import type { World } from '../world.js';

/** What is asked is answered by then, with UNAVAILABLE at worst. */
const ANSWERED_WITHIN_MS = 5500;
/** A few may wait twice: to learn who asks, until the database is back, and then for a lock that a lost transaction still holds. */
const MOST_LATE = 5;
const SURELY_WITHIN_MS = 9500;
const BETWEEN_MS = 500;

export const quick: Run = {
  name: 'quick',
  isGated: true,
  describe: `each of ${faults.length} faults once, under load`,
  run: (options) => runFaults(faults, options),
};

/** Each of them once, in whichever order the seed says. */
export const runFaults = (list: readonly Fault[], { seed, entry, only, onProgress }: RunOptions): Promise<Verdict> =>
  onStage({ seed, entry, hasDisk: true, hasClocks: true }, async ({ installation, world, random, complain }) => {
    const workload = startWorkload(world, { pauseMs: 20 });
    // An answer that waits for this process to look is no fault of the server.
    const lag = monitorEventLoopDelay({ resolution: 20 });
    lag.enable();
    const due = shuffled(list, random).filter(({ name }) => only === undefined || name.includes(only));
    for (const [n, fault] of due.entries()) {
      onProgress(n, due.length);
      const begunAt = performance.now();
      lag.reset();
      await fault.run(installation, random);
      await delay(BETWEEN_MS);
      if (fault.isAnswered)
        for (const late of lateSince(world, begunAt, lag.max / 1e6)) complain(`${fault.name}: ${late}`);
    }
    const lastFaultAt = performance.now();
    await delay(BETWEEN_MS);
    await workload.stop();
    lag.disable();
    const refused = world.recorder.operations.filter(
      ({ outcome }) => outcome.kind === 'fail' && outcome.code === 'UNAUTHENTICATED',
    );
    if (refused.length > 0) complain(`${refused.length} questions were refused though their session was good`);
    return { lastFaultAt, figures: { faults: due.length, operations: world.recorder.acknowledged() } };
  });

const lateSince = ({ recorder }: World, begunAt: number, ownLagMs: number): string[] => {
  const late = recorder.latencies.filter(
    ({ startedAt, ms }) => startedAt >= begunAt && ms > ANSWERED_WITHIN_MS + ownLagMs,
  );
  const complained = late.length > MOST_LATE ? late : late.filter(({ ms }) => ms > SURELY_WITHIN_MS + ownLagMs);
  return complained.map(({ what, ms }) => `an answer to ${what} took ${Math.round(ms)} ms`);
};

const shuffled = <Item>(items: readonly Item[], { int }: Random): Item[] => {
  const left = [...items];
  return items.map(() => left.splice(int(left.length), 1)[0]!);
};

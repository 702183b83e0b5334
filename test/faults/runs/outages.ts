/** A minute without Redis, a minute without PostgreSQL: what sending costs meanwhile against healthy windows of the same run. */
import { setTimeout as delay } from 'node:timers/promises';
import { percentile } from '../percentile.js';
import type { Run } from '../run.js';
import { onStage, type Stage } from '../stage.js';
import { startWorkload } from '../workload.js';

const AWAY_MS = 60_000;
const ANSWERED_WITHIN_MS = 5500;
/** After a return, before the next window counts. */
const SETTLE_MS = 3000;

export const outages: Run = {
  name: 'outages',
  describe: 'a minute without Redis and one without PostgreSQL, against healthy windows',
  run: ({ seed, scale, entry, onProgress }) =>
    onStage({ seed, entry }, async (stage) => {
      const { installation, world, complain } = stage;
      const { redis, postgres } = installation;
      const awayMs = AWAY_MS * scale;
      const workload = startWorkload(world, { workers: 6, pauseMs: 20 });
      await delay(SETTLE_MS);
      const healthy = await sendsDuring(stage, awayMs / 2);
      onProgress(1, 5);
      await redis.kill();
      const withoutRedis = await sendsDuring(stage, awayMs);
      onProgress(2, 5);
      await redis.start();
      await delay(SETTLE_MS);
      healthy.push(...(await sendsDuring(stage, awayMs / 2)));
      onProgress(3, 5);
      await postgres.stop();
      const withoutPostgres = await sendsDuring(stage, awayMs);
      onProgress(4, 5);
      await postgres.start();
      const lastFaultAt = performance.now();
      await delay(SETTLE_MS);
      await workload.stop();

      const failed = withoutRedis.filter(({ kind }) => kind === 'unknown').length;
      if (failed > 0) complain(`${failed} of ${withoutRedis.length} sends failed without Redis`);
      const late = withoutPostgres.filter(({ ms }) => ms > ANSWERED_WITHIN_MS).length;
      if (late > 0) complain(`${late} of ${withoutPostgres.length} answers came too late without PostgreSQL`);
      const msOf = (sends: readonly { ms: number }[]) => sends.map(({ ms }) => ms);
      const ratio = (part: number) =>
        (percentile(msOf(withoutRedis), part) / percentile(msOf(healthy), part)).toFixed(2);
      return {
        lastFaultAt,
        figures: {
          'healthy sends': healthy.length,
          'without Redis': withoutRedis.length,
          'p50 ×': ratio(0.5),
          'p99 ×': ratio(0.99),
          'without PostgreSQL': withoutPostgres.length,
          'longest answer ms': Math.round(Math.max(...msOf(withoutPostgres))),
        },
      };
    }),
};

const sendsDuring = async ({ world: { recorder } }: Stage, ms: number) => {
  const begunAt = performance.now();
  await delay(ms);
  const endedAt = performance.now();
  return recorder.latencies.filter(
    ({ what, startedAt }) => what === 'send' && startedAt >= begunAt && startedAt < endedAt,
  );
};

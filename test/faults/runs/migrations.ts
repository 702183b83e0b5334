/** A node that has to migrate starts while somebody makes a backup: it waits, and people go on. */
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { Place } from '../client/place.js';
import { psql, type Postgres } from '../parties/postgres.js';
import type { Run } from '../run.js';
import { onStage } from '../stage.js';
import { startWorkload } from '../workload.js';

/** Locks what everybody sends through, and may be done again. */
const MIGRATION = 'chat_ids_never_change';
const DUMP_MS = 6000;
const PATIENCE_MS = 100_000;
/** A migration waits for 1.5 s with everybody behind it, and then lets them pass; the rest is what a busy machine may add. */
const SILENT_MS = 4000;

export const migrations: Run = {
  name: 'migrations',
  isGated: true,
  describe: 'a migration that has to wait for a dump, under load',
  run: ({ seed, scale, entry, onProgress }) => {
    const onlyAt = new Set<Place>();
    return onStage({ seed, entry, onlyAt }, async ({ installation, world, complain }) => {
      const { postgres, nodes } = installation;
      const [serving, starting] = nodes;
      onlyAt.add(serving!.place);
      const workload = startWorkload(world, { workers: 6, pauseMs: 20 });
      await starting!.node.stop();
      psql(postgres, `DELETE FROM _prisma_migrations WHERE migration_name LIKE '%${MIGRATION}'`);
      onProgress(1, 4);

      const dump = new pg.Client({ connectionString: postgres.url, application_name: 'pg_dump' });
      await dump.connect();
      await dump.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
      await dump.query('LOCK TABLE chat, member, event, message IN ACCESS SHARE MODE');
      const begunAt = performance.now();
      const started = starting!.node.start();
      // It comes to nothing where the dump never ends.
      started.catch(() => {});
      const isTold = () => starting!.node.lines.some((line) => /needs a lock that process \d+ \(pg_dump,/.test(line));
      while (!isTold() && performance.now() < begunAt + PATIENCE_MS) await delay(20);
      if (!isTold()) complain(`The node did not say what it waits for: ${starting!.node.lines.slice(-5).join('\n')}`);
      onProgress(2, 4);
      await delay(DUMP_MS * Math.max(1, scale));
      const endedAt = performance.now();
      await dump.query('ROLLBACK');
      await dump.end();
      await started;
      // A busy machine starts a node so slowly that it was given up.
      while (!isDone(postgres) && performance.now() < endedAt + PATIENCE_MS) await delay(100);
      onProgress(3, 4);
      await workload.stop();

      const sends = world.recorder.latencies.filter(
        ({ what, startedAt, ms }) => what === 'send' && startedAt + ms >= begunAt && startedAt < endedAt,
      );
      const acknowledged = sends.filter(({ kind }) => kind === 'ok').map(({ startedAt, ms }) => startedAt + ms);
      const silence = longestGap([begunAt, ...acknowledged.filter((at) => at < endedAt), endedAt]);
      if (silence > SILENT_MS) complain(`Nothing was sent for ${Math.round(silence)} ms behind the migration`);
      const unknown = sends.length - sends.filter(({ kind }) => kind !== 'unknown').length;
      if (unknown > 0) complain(`${unknown} of ${sends.length} sends came out as unknown`);
      if (!isDone(postgres)) complain('The migration was not done, once and whole, after the dump');
      return {
        figures: {
          'dump s': ((endedAt - begunAt) / 1000).toFixed(1),
          'sends meanwhile': acknowledged.length,
          unknown,
          'longest without one ms': Math.round(silence),
        },
      };
    });
  },
};

const isDone = (postgres: Postgres): boolean =>
  psql(
    postgres,
    `SELECT count(*) FROM _prisma_migrations WHERE migration_name LIKE '%${MIGRATION}'
     UNION ALL SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND NOT convalidated`,
  ) === '1\n0';

const longestGap = (times: readonly number[]): number => {
  const sorted = [...times].sort((one, other) => one - other);
  return Math.max(...sorted.slice(1).map((time, n) => time - sorted[n]!));
};

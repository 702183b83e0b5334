/** Redis behind Sentinels, whose master is killed, stands still, and hands over: nobody notices but by a bell that comes late. */
import { setTimeout as delay } from 'node:timers/promises';
import { startSentinels } from '../../support/sentinels.js';
import type { Run } from '../run.js';
import { onStage } from '../stage.js';
import { startWorkload } from '../workload.js';

const BETWEEN_MS = 500;
const CONNECTED_WITHIN_MS = 20_000;

export const sentinels: Run = {
  name: 'sentinels',
  isGated: true,
  describe: 'the master of a Redis behind Sentinels is killed, stands still and hands over, under load',
  run: async ({ seed, scale, entry, onProgress }) => {
    const redis = await startSentinels();
    try {
      return await onStage({ seed, entry, redisUrl: redis.url }, async ({ installation, world, complain }) => {
        const connections = () => installation.nodes.map(({ node }) => node.timesSaid('Redis connected'));
        const changes = [redis.killMaster, redis.freezeMaster, redis.failOver];
        const due = changes.slice(0, Math.max(1, Math.round(changes.length * scale)));
        const workload = startWorkload(world, { pauseMs: 50 });
        for (const [n, change] of due.entries()) {
          onProgress(n, due.length);
          await delay(BETWEEN_MS);
          const before = connections();
          await change();
          const giveUpAt = performance.now() + CONNECTED_WITHIN_MS;
          const areConnected = () => connections().every((times, node) => times > before[node]!);
          while (!areConnected() && performance.now() < giveUpAt) await delay(50);
          if (!areConnected()) complain(`not every node has found the master again after change ${n + 1}`);
        }
        const lastFaultAt = performance.now();
        await delay(BETWEEN_MS);
        await workload.stop();
        return { lastFaultAt, figures: { masters: due.length, operations: world.recorder.acknowledged() } };
      });
    } finally {
      await redis.stop();
    }
  },
};

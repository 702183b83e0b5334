/** All nodes restarted one after the other under load, behind what routes by readiness: nobody notices but by reconnecting. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Place } from '../client/place.js';
import type { Run } from '../run.js';
import { onStage } from '../stage.js';
import { startWorkload } from '../workload.js';

const RESTARTS = 10;

export const rolling: Run = {
  name: 'rolling',
  describe: `${RESTARTS} restarts of each node under load, nothing refused and nothing unknown`,
  run: ({ seed, scale, entry, onProgress }) => {
    const ready = new Set<Place>();
    let isOver = false;
    return onStage({ seed, entry, onlyAt: ready }, async ({ installation, world, complain }) => {
      const polling = installation.nodes.map(async ({ node, place }) => {
        while (!isOver) {
          if (await isReady(node.port)) ready.add(place);
          else ready.delete(place);
          await delay(20);
        }
      });
      const workload = startWorkload(world, { workers: 6, pauseMs: 10 });
      const due = Math.max(1, Math.round(RESTARTS * scale));
      for (let n = 0; n < due; n += 1) {
        onProgress(n, due);
        for (const { node, place } of installation.nodes) {
          const code = await node.stop();
          if (code !== 0) complain(`${node.name} ended with ${code}`);
          await node.start();
          while (!ready.has(place)) await delay(20);
        }
      }
      await workload.stop();
      isOver = true;
      await Promise.all(polling);
      const unknown = world.recorder.operations.filter(({ outcome }) => outcome.kind === 'unknown');
      if (unknown.length > 0) complain(`${unknown.length} operations came out as unknown`);
      return { figures: { restarts: due * installation.nodes.length, operations: world.recorder.acknowledged() } };
    });
  },
};

const isReady = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/health/ready`, { signal: AbortSignal.timeout(500) }).then(
    ({ ok }) => ok,
    () => false,
  );

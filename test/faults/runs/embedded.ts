/** The embedded database: killed under load again and again, and never opened twice. */
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../../scripts/services.mjs';
import { createNode } from '../parties/node.js';
import type { Run } from '../run.js';
import { onEmbedded } from '../stage.js';
import { startWorkload } from '../workload.js';

const KILLS = 300;

export const embedded: Run = {
  name: 'embedded',
  describe: `${KILLS} SIGKILLs under load on the embedded database, and a second process on its folder`,
  run: ({ seed, scale, entry, onProgress }) =>
    onEmbedded({ seed, entry }, async ({ installation, world, random, complain }) => {
      const { node } = installation.nodes[0]!;
      const due = Math.max(2, Math.round(KILLS * scale));
      const workload = startWorkload(world, { workers: 6 });
      for (let kills = 0; kills < due; kills += 1) {
        onProgress(kills, due);
        await delay(200 + random.int(1500));
        while (world.recorder.sendsInFlight() === 0) await delay(0);
        await node.kill();
        await node.start();
      }
      const second = createNode({ name: 'second', port: await freePort(), environment: installation.environment });
      const refusal = await second.start().then(
        () => 'started',
        (error: Error) => error.message,
      );
      await second.kill();
      if (!refusal.includes(IN_USE)) complain(`A second process on the folder was not refused but: ${refusal}`);
      await workload.stop();
      return { figures: { kills: due, operations: world.recorder.acknowledged() } };
    }),
};

const IN_USE = 'is in use';

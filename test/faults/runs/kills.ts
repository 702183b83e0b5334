/** Kills of everything, at any moment with sends in flight: nodes, PostgreSQL, one of its processes, Redis. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../../support/random.js';
import type { Installation } from '../installation.js';
import type { Run } from '../run.js';
import { onStage } from '../stage.js';
import { startWorkload } from '../workload.js';
import type { World } from '../world.js';

const KILLS = 50;
const OPERATIONS = 50_000;

type Kind = 'node' | 'postmaster' | 'backend' | 'redis';

/** Of ten: each segment of 50 has 20 kills of nodes and 10 of each other kind. */
const KINDS: readonly Kind[] = [
  'node',
  'postmaster',
  'backend',
  'redis',
  'node',
  'node',
  'postmaster',
  'backend',
  'redis',
  'node',
];

export const kills: Run = {
  name: 'kills',
  describe: `${KILLS} kills of nodes, PostgreSQL and Redis over ${OPERATIONS.toLocaleString('en')} acknowledged operations`,
  run: ({ seed, scale, entry, onProgress }) =>
    onStage({ seed, entry }, async ({ installation, world, random }) => {
      const killsDue = Math.max(KINDS.length, Math.round(KILLS * scale));
      const operationsDue = Math.round(OPERATIONS * scale);
      const workload = startWorkload(world);
      const done: Record<Kind, number> = { node: 0, postmaster: 0, backend: 0, redis: 0 };
      for (let n = 0; n < killsDue; n += 1) {
        await acknowledged(world, ((n + 1) * operationsDue) / (killsDue + 1), (now) => onProgress(now, operationsDue));
        await sendInFlight(world);
        const kind = KINDS[n % KINDS.length]!;
        if (await killOne(kind, installation, random)) done[kind] += 1;
        else n -= 1;
      }
      await acknowledged(world, operationsDue, (now) => onProgress(now, operationsDue));
      await workload.stop();
      return { figures: { ...done, operations: world.recorder.acknowledged() } };
    }),
};

const acknowledged = async ({ recorder }: World, count: number, onProgress: (now: number) => void) => {
  const giveUpAt = performance.now() + 120_000;
  while (recorder.acknowledged() < count) {
    if (performance.now() > giveUpAt) throw new Error(`Only ${recorder.acknowledged()} of ${count} were acknowledged`);
    onProgress(recorder.acknowledged());
    await delay(50);
  }
};

const sendInFlight = async ({ recorder }: World) => {
  while (recorder.sendsInFlight() === 0) await delay(0);
};

/** @returns false where there was nothing to kill */
const killOne = async (kind: Kind, { nodes, postgres, redis }: Installation, random: Random): Promise<boolean> => {
  const away = random.int(1000);
  if (kind === 'node') {
    const { node } = random.pick(nodes);
    await node.kill();
    await delay(away);
    await node.start();
  } else if (kind === 'backend') {
    return postgres.killBackend();
  } else {
    const party = kind === 'redis' ? redis : postgres;
    await party.kill();
    await delay(away);
    await party.start();
  }
  return true;
};

import { expect, it } from 'vitest';
import { startNode } from '../support/node.js';
import { runOracle } from './run.js';

// One seed here, so that a run can be compared with the last; `npm run oracle` takes another each time, and more of them.
const { ORACLE_MUTATIONS = '200', SEED = '908391982', REDIS_URL } = process.env;
const [mutations, seed] = [Number(ORACLE_MUTATIONS), Number(SEED)];

it(
  'what people know by events alone is what a fresh query tells, after whatever anyone does',
  async () => {
    const one = await startNode({ groupCreators: 'everyone' });
    // On a database of one's own there is one node.
    const nodes =
      REDIS_URL === undefined ? [one] : [one, await startNode({ groupCreators: 'everyone' }, { beside: one })];
    try {
      await expect(runOracle({ seed, mutations, nodes })).resolves.toBeUndefined();
    } finally {
      for (const node of [...nodes].reverse()) await node.stop();
    }
  },
  60_000 + mutations * 1000,
);

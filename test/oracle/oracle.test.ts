import { expect, it } from 'vitest';
import { startNode } from '../support/node.js';
import { runOracle } from './run.js';

const { ORACLE_MUTATIONS = '200', SEED, REDIS_URL } = process.env;
const mutations = Number(ORACLE_MUTATIONS);

it(
  'what people know by events alone is what a fresh query tells, after whatever anyone does',
  async () => {
    const seed = SEED === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(SEED);
    const one = await startNode();
    // On a database of one's own there is one node.
    const nodes = REDIS_URL === undefined ? [one] : [one, await startNode({}, { beside: one })];
    try {
      await expect(runOracle({ seed, mutations, nodes })).resolves.toBeUndefined();
    } finally {
      for (const node of [...nodes].reverse()) await node.stop();
    }
  },
  60_000 + mutations * 1000,
);

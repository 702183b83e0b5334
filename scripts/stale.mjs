// What is generated is not committed: it is made again wherever what it comes from has changed since.
import { createHash } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const PATIENCE_MS = 60_000;

/**
 * Runs `generate` unless `output` was made from the same `inputs`; a stamp beside it (`<output>.stamp`) says from which.
 * Processes that find it stale at once take turns, and all but the first find it fresh.
 *
 * @param {{ output: string, inputs: string[], generate: () => void | Promise<void>, force?: boolean }} options absolute
 * paths; an input that does not exist counts as empty
 * @returns {Promise<boolean>} whether it was generated
 */
export const generateIfStale = async ({ output, inputs, generate, force = false }) => {
  const stamp = `${output}.stamp`;
  const hash = createHash('sha256');
  for (const input of inputs) hash.update(existsSync(input) ? readFileSync(input) : '').update('\0');
  const wanted = hash.digest('hex');
  const isFresh = () => existsSync(output) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted;

  if (!force && isFresh()) return false;
  mkdirSync(dirname(output), { recursive: true });
  return whileLocked(`${output}.lock`, async () => {
    if (!force && isFresh()) return false;
    await generate();
    writeFileSync(stamp, wanted);
    return true;
  });
};

/** A kernel lock: it ends with the process that holds it, however that ends. */
const whileLocked = async (path, work) => {
  const { tryLock, unlock } = (await import('fs-native-extensions')).default;
  const file = openSync(path, 'w');
  try {
    const giveUpAt = Date.now() + PATIENCE_MS;
    while (!tryLock(file)) {
      if (Date.now() > giveUpAt) throw new Error(`${path} has been locked by another process for a minute`);
      await delay(50);
    }
    try {
      return await work();
    } finally {
      unlock(file);
    }
  } finally {
    closeSync(file);
  }
};

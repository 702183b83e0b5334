// An open loop: each thing is begun when it is due, whatever became of the ones before it.
import { setImmediate, setTimeout as delay } from 'node:timers/promises';

/** @returns {number} ms, the same in all processes of this machine */
export const now = () => Number(process.hrtime.bigint()) / 1e6;

/** Begun late, many at a time would keep their answers from being read. */
const AT_A_TIME = 16;

/**
 * @param {{ rate: number, count?: number, isOver?: () => boolean }} plan `rate` a second, evenly spaced
 * @param {(n: number, dueAt: number) => void} begin `dueAt` as `now` has it
 * @returns {Promise<number>} how many were begun, once the last one is
 */
export const onSchedule = async ({ rate, count = Infinity, isOver = () => false }, begin) => {
  const begunAt = now();
  let n = 0;
  for (; n < count && !isOver(); n += 1) {
    const dueAt = begunAt + (n * 1000) / rate;
    if (n % AT_A_TIME === 0) await setImmediate();
    while (now() < dueAt) await delay(1);
    begin(n, dueAt);
  }
  return n;
};

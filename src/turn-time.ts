/** The time, read once for each turn of the event loop: for what happens thousands of times in a turn. */

let now: number | undefined;

const forget = () => (now = undefined);

/** A `performance.now()` time of this turn, so a little early for what comes late in it. */
export const turnTime = (): number => {
  if (now === undefined) {
    now = performance.now();
    setImmediate(forget).unref();
  }
  return now;
};

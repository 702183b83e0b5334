/** Waits for a promise with a time limit. */

/**
 * @returns the promise's value, or undefined if it takes longer. The work is not cancelled then, and its later failure is ignored
 * @throws the promise's rejection, if it comes in time
 */
export const within = async <Result>(milliseconds: number, promise: Promise<Result>): Promise<Result | undefined> => {
  let timer: NodeJS.Timeout | undefined;
  // If this process itself was late, the answer may be waiting to be read: I/O callbacks run before the immediate.
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => setImmediate(() => resolve(undefined)), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
};

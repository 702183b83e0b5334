/** Waits for something, but not for long. */

/**
 * @returns what the promise comes to, or undefined where that takes longer. Nothing ends it then; should it fail later, nobody hears of it
 * @throws what the promise is rejected with in time
 */
export const within = async <Result>(milliseconds: number, promise: Promise<Result>): Promise<Result | undefined> => {
  let timer: NodeJS.Timeout | undefined;
  // When this process was what was late, the answer lies waiting to be read: that comes before the immediate.
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => setImmediate(() => resolve(undefined)), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
};

/** Lets so many do something at once; the others wait in the order in which they came. */

export type TakeTurn = <Result>(work: () => Promise<Result>) => Promise<Result>;

export const createTurns = (atOnce: number): TakeTurn => {
  let free = atOnce;
  const waiting: (() => void)[] = [];

  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
};

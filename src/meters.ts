/** Counters of a node's parts: plain numbers in place, so that counting costs one addition. */

/** Counts by name. Names are ours, never a client's, so their number is bounded. */
export interface Tally {
  add(name: string, by?: number): void;
  counts(): ReadonlyMap<string, number>;
}

export const createTally = (): Tally => {
  const counts = new Map<string, number>();
  return {
    add: (name, by = 1) => void counts.set(name, (counts.get(name) ?? 0) + by),
    counts: () => counts,
  };
};

/** How many of the observed values fell into each bucket. */
export interface Histogram {
  /** Ascending. */
  readonly bounds: readonly number[];
  /** One count for each bound, of the values above the bound before it; the last count is of the values above all bounds. */
  readonly counts: readonly number[];
  readonly sum: number;
  observe(value: number): void;
}

/** In seconds. */
export const DURATIONS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export const createHistogram = (bounds: readonly number[] = DURATIONS): Histogram => {
  const counts = new Array<number>(bounds.length + 1).fill(0);
  const histogram = {
    bounds,
    counts,
    sum: 0,
    observe: (value: number) => {
      let place = 0;
      while (place < bounds.length && value > bounds[place]!) place += 1;
      counts[place]! += 1;
      histogram.sum += value;
    },
  };
  return histogram;
};

/** Histograms by name. Names are ours, never a client's. */
export interface Histograms {
  observe(name: string, value: number): void;
  all(): ReadonlyMap<string, Histogram>;
}

export const createHistograms = (): Histograms => {
  const histograms = new Map<string, Histogram>();
  return {
    observe: (name, value) => {
      let histogram = histograms.get(name);
      if (histogram === undefined) histograms.set(name, (histogram = createHistogram()));
      histogram.observe(value);
    },
    all: () => histograms,
  };
};

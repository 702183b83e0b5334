/** Medians and spreads of a few windows. */

export const median = (values: readonly number[]): number => percentile(values, 50);

export const percentile = (values: readonly number[], percent: number): number => {
  if (values.length === 0) return NaN;
  const sorted = [...values].sort((one, other) => one - other);
  const place = (percent / 100) * (sorted.length - 1);
  const below = sorted[Math.floor(place)]!;
  return below + (sorted[Math.ceil(place)]! - below) * (place % 1);
};

/** A median with the least and the greatest of the windows. */
export interface Spread {
  median: number;
  least: number;
  greatest: number;
}

export const spreadOf = (values: readonly number[]): Spread => ({
  median: median(values),
  least: Math.min(...values),
  greatest: Math.max(...values),
});

/** Three significant digits are all that windows of a second deserve. */
export const short = (value: number): string =>
  Number.isFinite(value) ? Number(value.toPrecision(value >= 1000 ? 4 : 3)).toLocaleString('en') : '–';

export const showSpread = ({ median: middle, least, greatest }: Spread): string =>
  `${short(middle)} (${short(least)}–${short(greatest)})`;

/** What a scenario hands back: it is printed, kept as JSON, and made a page of. */
import { mkdirSync, writeFileSync } from 'node:fs';
import type { Machine } from './machine.js';
import { showSpread, spreadOf, type Spread } from './stats.js';

/** One figure of each contender under the same conditions. */
export interface Series {
  /** As `N = 1,000, single`. */
  name: string;
  /** As `µs of CPU a delivery`. */
  unit: string;
  isLessBetter: boolean;
  values: Record<string, Spread>;
}

/** One figure of all windows, by contender. */
export const seriesOf = <Window>(
  windows: ReadonlyMap<string, readonly Window[]>,
  { name, unit, isLessBetter = true }: { name: string; unit: string; isLessBetter?: boolean },
  of: (window: Window) => number,
): Series => ({
  name,
  unit,
  isLessBetter,
  values: Object.fromEntries([...windows].map(([contender, these]) => [contender, spreadOf(these.map(of))])),
});

/** A ratio that the project promises itself, of medians of one run. */
export interface Goal {
  name: string;
  ratio: number;
  /** `≥` or `≤` this. */
  wanted: string;
  isMet: boolean;
}

export interface Outcome {
  title: string;
  series: Series[];
  goals: Goal[];
  /** Conditions, as lines of text: sizes, the generator's load, what was checked. */
  notes: string[];
}

export interface Result extends Outcome {
  scenario: string;
  at: string;
  rounds: number;
  isQuick: boolean;
  machine: Machine;
}

export const atLeast = (name: string, ratio: number, least: number): Goal => ({
  name,
  ratio,
  wanted: `≥ ${least}`,
  isMet: ratio >= least,
});

export const atMost = (name: string, ratio: number, most: number): Goal => ({
  name,
  ratio,
  wanted: `≤ ${most}`,
  isMet: ratio <= most,
});

export const RESULTS = new URL('../results/', import.meta.url);

/** A quick run's figures are no figures: they are not kept beside those of a whole one. */
export const keepResult = (result: Result): void => {
  mkdirSync(RESULTS, { recursive: true });
  const name = result.isQuick ? `${result.scenario}.quick` : result.scenario;
  writeFileSync(new URL(`${name}.json`, RESULTS), `${JSON.stringify(result, null, 2)}\n`);
};

export const printResult = ({ title, series, goals, notes }: Outcome): void => {
  console.log(`\n${title}`);
  const units = [...new Set(series.map(({ unit }) => unit))];
  for (const unit of units) {
    console.log(`\n${unit}: median (least–greatest)`);
    const table: Record<string, Record<string, string>> = {};
    for (const one of series.filter((other) => other.unit === unit))
      for (const [contender, spread] of Object.entries(one.values))
        (table[contender] ??= {})[one.name] = showSpread(spread);
    console.table(table);
  }
  for (const { name, ratio, wanted, isMet } of goals)
    console.log(`${isMet ? 'met   ' : 'MISSED'}  ${name}: ${ratio.toFixed(2)} (${wanted})`);
  for (const note of notes) console.log(`  ${note}`);
};

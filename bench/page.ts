/** `npm run bench -- page`: docs/benchmarks.md and its plots, from the results of the last whole runs. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { drawBars } from './harness/bars.js';
import { RESULTS, type Result, type Series } from './harness/result.js';
import { short, showSpread } from './harness/stats.js';

const DOCS = new URL('../docs/', import.meta.url);
const PLOTS = new URL('benchmarks/', DOCS);

export const writePage = (scenarios: readonly string[]): void => {
  const results = scenarios.flatMap((scenario) => {
    const file = new URL(`${scenario}.json`, RESULTS);
    return existsSync(file) ? [JSON.parse(readFileSync(file, 'utf8')) as Result] : [];
  });
  if (results.length === 0) throw new Error(`There is no result in ${fileURLToPath(RESULTS)} yet`);
  rmSync(PLOTS, { recursive: true, force: true });
  mkdirSync(PLOTS, { recursive: true });
  for (const { scenario, series } of results) {
    const [first] = series;
    const plotted = series.filter(({ unit }) => unit === first!.unit);
    writeFileSync(new URL(`${scenario}.svg`, PLOTS), drawBars(plotted));
  }
  writeFileSync(new URL('benchmarks.md', DOCS), page(results));
};

const page = (results: readonly Result[]): string =>
  [
    INTRODUCTION,
    table(
      ['Scenario', 'Measured', 'Commit', 'Rounds', 'Machine', 'Load before', 'Node', 'PostgreSQL'],
      results.map(({ title, at, rounds, machine }) => [
        `[${title}](#${anchor(title)})`,
        at.slice(0, 16).replace('T', ' '),
        machine.commit,
        String(rounds),
        `${machine.cores} × ${machine.cpu}, ${machine.memoryGigabytes} GB`,
        short(machine.loadBefore),
        machine.node,
        `${machine.postgres.split(' ')[0]}, fsync ${machine.fsync}, synchronous_commit ${machine.synchronousCommit}`,
      ]),
    ),
    `Peers: ${Object.entries(results[0]!.machine.peers)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}.`,
    '## Where Parley loses',
    losses(results),
    ...results.flatMap(section),
  ].join('\n\n') + '\n';

const INTRODUCTION = `# Benchmarks

Written by \`npm run bench -- page\` from the last run of each scenario; [bench/README.md](../bench/README.md) says how to run them.
Compare figures of one table: its contenders took turns in one run, on one machine. Each is the median of the rounds, with the least and
the greatest. CPU time is user and system time of the server's process. Every answer was checked before its figure counted.`;

const section = ({ scenario, title, series, goals, notes }: Result): string[] => {
  const units = [...new Set(series.map(({ unit }) => unit))];
  return [
    `## ${title}`,
    `![${title}: ${units[0]!}](benchmarks/${scenario}.svg)`,
    ...units.flatMap((unit) => [`**${unit}**`, seriesTable(series.filter((one) => one.unit === unit))]),
    ...(goals.length === 0
      ? []
      : [
          table(
            ['Goal', 'Wanted', 'Measured', ''],
            goals.map(({ name, wanted, ratio, isMet }) => [name, wanted, short(ratio), isMet ? 'met' : '**missed**']),
          ),
        ]),
    notes.map((note) => `- ${note}`).join('\n'),
  ];
};

const seriesTable = (series: readonly Series[]): string => {
  const contenders = [...new Set(series.flatMap(({ values }) => Object.keys(values)))];
  return table(
    ['', ...series.map(({ name }) => name)],
    contenders.map((contender) => [
      contender,
      ...series.map(({ values }) => (values[contender] === undefined ? '' : showSpread(values[contender]))),
    ]),
  );
};

/** Each figure in which somebody is better than the first of Parley's contenders. */
const losses = (results: readonly Result[]): string => {
  const rows = results.flatMap(({ title, series }) =>
    series.flatMap(({ name, unit, isLessBetter, values }) => {
      const own = Object.entries(values).find(([contender]) => contender.startsWith('Parley'));
      if (own === undefined) return [];
      const better = Object.entries(values).filter(
        ([contender, { median }]) =>
          !contender.startsWith('Parley') && (isLessBetter ? median < own[1].median : median > own[1].median),
      );
      const said = better.map(([contender, { median }]) => `${contender} ${short(median)}`).join(', ');
      return better.length === 0 ? [] : [[title, name, unit, `${own[0]} ${short(own[1].median)}`, said]];
    }),
  );
  if (rows.length === 0) return 'In none of these figures.';
  return table(['', 'Case', 'Unit', 'Parley', 'Better'], rows);
};

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const anchor = (title: string) =>
  title
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');

/** `npm run faults`: breaks things on purpose, and says what became of what was promised. */
import { parseArgs } from 'node:util';
import { Presets, SingleBar } from 'cli-progress';
import { isGreen, type Run, type Verdict } from './run.js';
import { quickRuns, runs } from './runs.js';
import { kills } from './runs/kills.js';
import { provedBy, totalKills, writeResult } from './results.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string' },
    times: { type: 'string', default: '1' },
    scale: { type: 'string', default: '1' },
    write: { type: 'boolean', default: false },
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    unproved: { type: 'boolean', default: false },
    total: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
  },
});

const MAX_COMPLAINT_LENGTH = 600;

const rows: Record<string, string | number>[] = [];

const runOnce = async (run: Run, seed: number): Promise<boolean> => {
  const bar = new SingleBar(
    { format: `${run.name} [{bar}] {value}/{total} {duration_formatted}`, noTTYOutput: false },
    Presets.shades_classic,
  );
  bar.start(1, 0);
  const startedAt = performance.now();
  let verdict: Verdict;
  try {
    verdict = await run.run({
      seed,
      scale,
      only: values.only,
      onProgress: (done, of) => {
        bar.setTotal(of);
        bar.update(Math.floor(done));
      },
    });
  } catch (error) {
    verdict = { anomalies: [], complaints: [`It did not come to its end: ${String(error)}`], figures: {} };
  } finally {
    bar.stop();
  }
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  const word = isGreen(verdict) ? 'green' : 'RED';
  const figures = Object.entries(verdict.figures).map(([name, value]) => `${name} ${value}`);
  console.log(`${word}  ${run.name}  seed ${seed}  ${seconds} s  ${figures.join(', ')}`);
  for (const { kind, says } of verdict.anomalies) console.log(`  ${kind}: ${says}`);
  for (const complaint of verdict.complaints.slice(0, 20)) console.log(`  ${complaint.slice(0, MAX_COMPLAINT_LENGTH)}`);
  rows.push({ run: run.name, seed, seconds, verdict: word, ...verdict.figures });
  const isWhole = Object.keys(verdict.figures).length > 0;
  if (values.write && isWhole && values.only === undefined)
    writeResult(run, { seed, seconds, verdict: word, figures: verdict.figures });
  return isGreen(verdict);
};

// What was started ends with this process: each of them listens for that.
process.setMaxListeners(100);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

if (values.total) {
  console.log(totalKills(kills));
  process.exit(0);
}

const names = values.quick ? quickRuns.map(({ name }) => name) : positionals;
// Of the runs with an installation of their own as much as shows what they are about.
const scale = values.quick ? 0 : Number(values.scale);
const wanted = names.length === 0 ? runs : runs.filter(({ name }) => names.includes(name));
if (values.list || wanted.length === 0) {
  for (const { name, describe } of runs) console.log(`${name.padEnd(12)} ${describe}`);
  process.exit(values.list ? 0 : 64);
}

let isAllGreen = true;
for (const run of wanted) {
  const row = values.unproved ? provedBy(run) : undefined;
  if (row !== undefined) {
    console.log(`green  ${run.name}  already: ${row}`);
    continue;
  }
  for (let n = 0; n < Number(values.times); n += 1) {
    const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed) + n;
    isAllGreen = (await runOnce(run, seed)) && isAllGreen;
  }
}
if (rows.length > 1) console.table(rows);
process.exit(isAllGreen ? 0 : 1);

/** The rows of all runs that were kept, one table a run, in `results/`. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { commit, deliveringCode, gatedCode, isGatedCodeCommitted } from './code.js';
import type { Run } from './run.js';

export interface Result {
  seed: number;
  seconds: number;
  verdict: string;
  figures: Record<string, string | number>;
}

const fileOf = (name: string) => fileURLToPath(new URL(`results/${name}.md`, import.meta.url));

const codeOf = ({ isGated = false }: Run): string => (isGated ? gatedCode() : deliveringCode());

export const writeResult = (run: Run, { seed, seconds, verdict, figures }: Result): void => {
  const date = new Date().toISOString().slice(0, 10);
  const row = { date, commit: commit(), code: codeOf(run), seed, ...figures, seconds, verdict };
  const file = fileOf(run.name);
  mkdirSync(dirname(file), { recursive: true });
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |\n`;
  const head = line(Object.keys(row)) + line(Object.keys(row).map(() => '---'));
  const before = existsSync(file) ? readFileSync(file, 'utf8') : head;
  writeFileSync(file, before + line(Object.values(row)));
};

type Row = ReadonlyMap<string, string>;

const rowsOf = ({ name }: Run): Row[] => {
  if (!existsSync(fileOf(name))) return [];
  const [head = '', , ...rows] = readFileSync(fileOf(name), 'utf8').trim().split('\n');
  const names = cellsOf(head);
  return rows.map((row) => new Map(cellsOf(row).map((cell, n) => [names[n]!, cell])));
};

const cellsOf = (row: string): string[] =>
  row
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());

/** The rows that are green and about the code as it is committed now. */
const countingRows = (run: Run): Row[] => {
  const now = codeOf(run);
  return rowsOf(run).filter(
    (row) => row.get('verdict') === 'green' && row.get('code') === now && !row.get('commit')!.endsWith('-dirty'),
  );
};

/** The row that makes it needless to run it again, where there is one: when it was, and of which code. */
export const provedBy = (run: Run): string | undefined => {
  if (!run.isGated || !isGatedCodeCommitted()) return undefined;
  const row = countingRows(run).at(-1);
  return row && `${row.get('date')}, code ${row.get('code')}, seed ${row.get('seed')}`;
};

/** Of `kills`: the rows that still count, added up. */
export const totalKills = (kills: Run): string => {
  const counting = countingRows(kills);
  const sum = (name: string) => counting.reduce((total, row) => total + Number(row.get(name)), 0);
  const kinds = ['node', 'postmaster', 'backend', 'redis'].map((kind) => `${kind} ${sum(kind)}`);
  return `${counting.length} of ${rowsOf(kills).length} segments count: ${kinds.join(', ')}; ${sum('operations')} operations`;
};

/** The rows of all runs that were kept, one table a run, in `results/`. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Result {
  seed: number;
  seconds: number;
  verdict: string;
  figures: Record<string, string | number>;
}

const fileOf = (name: string) => fileURLToPath(new URL(`results/${name}.md`, import.meta.url));

export const writeResult = (name: string, { seed, seconds, verdict, figures }: Result): void => {
  const date = new Date().toISOString().slice(0, 10);
  const row = { date, commit: commit(), code: code(), seed, ...figures, seconds, verdict };
  const file = fileOf(name);
  mkdirSync(dirname(file), { recursive: true });
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |\n`;
  const head = line(Object.keys(row)) + line(Object.keys(row).map(() => '---'));
  const before = existsSync(file) ? readFileSync(file, 'utf8') : head;
  writeFileSync(file, before + line(Object.values(row)));
};

/** What a change to one of these makes worthless. */
const PROVED = ['src/log', 'src/bus', 'src/db', 'src/domain/messages.ts', 'src/graphql/message-changes.ts'];

const git = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8' }).trim();

// Of what is not committed a row says so, and does not count.
const commit = () => git('describe', '--always', '--exclude=*', '--dirty');

/** Names what is in `PROVED`, as committed: a row counts as long as that is the same, whatever becomes of its commit. */
const code = (): string =>
  createHash('sha256')
    .update(git('rev-parse', ...PROVED.map((path) => `HEAD:${path}`)))
    .digest('hex')
    .slice(0, 8);

/** Of `kills`: the rows that still count, added up. */
export const totalKills = (): string => {
  const [head = '', , ...rows] = readFileSync(fileOf('kills'), 'utf8').trim().split('\n');
  const names = cellsOf(head);
  const now = code();
  const isCounting = (row: ReadonlyMap<string, string>) =>
    row.get('verdict') === 'green' && row.get('code') === now && !row.get('commit')!.endsWith('-dirty');
  const counting = rows.map((row) => new Map(cellsOf(row).map((cell, n) => [names[n]!, cell]))).filter(isCounting);
  const sum = (name: string) => counting.reduce((total, row) => total + Number(row.get(name)), 0);
  const kinds = ['node', 'postmaster', 'backend', 'redis'].map((kind) => `${kind} ${sum(kind)}`);
  return `${counting.length} of ${rows.length} segments count: ${kinds.join(', ')}; ${sum('operations')} operations`;
};

const cellsOf = (row: string): string[] =>
  row
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());

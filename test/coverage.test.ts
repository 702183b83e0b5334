/** docs/coverage.md has a row for each behaviour, whole, and each test that it names is there. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/** Of the five systems. */
const IDS = [...[26, 20, 25, 33, 15].flatMap((count, system) => numbered(`S${system}.`, count)), ...numbered('C', 13)];

/** What is not there yet. */
const LATER = new Set(['S1.1', 'S1.16', 'S4.11', 'S4.14']);

function numbered(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index + 1}`);
}

const page = readFileSync('docs/coverage.md', 'utf8');
const rows = new Map(
  [...page.matchAll(/^\| ((?:S\d\.|C|T)\d+) +\|(.*)\|$/gm)].map(([, id, cells]) => [
    id!,
    cells!.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|')),
  ]),
);

/** What came since. */
const NEW_IDS = [...rows.keys()].filter((id) => id.startsWith('T'));

describe('docs/coverage.md', () => {
  it('has a row for each behaviour, and for nothing else', () => {
    expect([...rows.keys()].sort()).toEqual([...IDS, ...NEW_IDS].sort());
  });

  it.each([...IDS, ...NEW_IDS])('says of %s what it was, how it is said here, and which test proves it', (id) => {
    const [was, here, proof] = rows.get(id) ?? [];
    expect([was, here, proof].every(Boolean)).toBe(true);
    if (LATER.has(id)) {
      expect(proof).toBe('later');
      expect(here).toMatch(/^later: /);
      return;
    }
    const [, file, sentence] = /^`(test\/[\w./-]+\.test\.ts)`: (.+)$/.exec(proof!) ?? [];
    expect([file, file !== undefined && existsSync(file)]).toEqual([file, true]);
    const source = readFileSync(file!, 'utf8').replaceAll("\\'", "'");
    const [before, after] = source.split(sentence!, 2);
    expect(after).toBeDefined();
    // It names it, or the line above does where there are several, so that whoever changes the test knows.
    const above = before!.split('\n').at(-2)!;
    const named = new RegExp(`(^|[\\s,])${id.replace('.', '\\.')}(?![\\d.]*\\d)`);
    expect(named.test(sentence!) || (/^\s*\/\//.test(above) && named.test(above))).toBe(true);
  });
});

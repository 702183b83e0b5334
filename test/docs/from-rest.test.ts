/** The page for people who come from REST and WebSocket: what it shows is what a node does. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { blocksOf, runSection, sectionsOf } from '../support/page-examples.js';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const english = read('docs/from-rest-and-websocket.md');
const russian = read('docs/from-rest-and-websocket.ru.md');

/** How many behaviours each system has. */
const BEHAVIOURS = [26, 20, 25, 33, 15];

/** Behaviours by their IDs. */
const idsOf = (page: string) => [...new Set(page.match(/\bS[0-4]\.\d+\b/g))].sort();

describe('The page for people who come from REST and WebSocket', () => {
  it.each(sectionsOf(english).filter(({ blocks }) => blocks.some(({ info }) => !info.includes('old'))))(
    'is true in its section “$title”',
    { timeout: 60_000 },
    (section) => runSection(section),
  );

  it('has a place for every behaviour of the five systems', () => {
    const all = BEHAVIOURS.flatMap((count, system) => Array.from({ length: count }, (_, n) => `S${system}.${n + 1}`));

    expect(idsOf(english)).toEqual(all.sort());
  });

  it('is the same in Russian: each example, each behaviour, each section', () => {
    expect(blocksOf(russian)).toEqual(blocksOf(english));
    expect(idsOf(russian)).toEqual(idsOf(english));
    expect(russian.match(/^#+ /gm)).toEqual(english.match(/^#+ /gm));
  });
});

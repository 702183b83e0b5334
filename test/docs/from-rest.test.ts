/** The page for people who come from REST and WebSocket: what it shows is what a node does. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { blocksOf, runSection, sectionsOf } from '../support/page-examples.js';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const english = read('docs/from-rest-and-websocket.md');
const russian = read('docs/from-rest-and-websocket.ru.md');

/** Behaviours by their IDs, without those that need no client's doing (deployment, planned parts). */
const idsOf = (page: string) => [...new Set(page.match(/\bS[0-4]\.\d+\b/g))].sort();

describe('The page for people who come from REST and WebSocket', () => {
  it.each(sectionsOf(english).filter(({ blocks }) => blocks.some(({ info }) => !info.includes('old'))))(
    'is true in its section “$title”',
    { timeout: 60_000 },
    (section) => runSection(section),
  );

  it('is the same in Russian: each example, each behaviour, each section', () => {
    expect(blocksOf(russian)).toEqual(blocksOf(english));
    expect(idsOf(russian)).toEqual(idsOf(english));
    expect(russian.match(/^#+ /gm)).toEqual(english.match(/^#+ /gm));
  });
});

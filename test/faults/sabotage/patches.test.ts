import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { patches } from './patches.mjs';
import { sabotages } from './sabotages.js';

it.each(Object.entries(patches))('what %s changes is in src/', (_name, changes) => {
  for (const { file, from } of changes) {
    expect(readFileSync(new URL(`../../../src/${file}`, import.meta.url), 'utf8')).toContain(from);
  }
});

it('each sabotage that changes modules has its patch', () => {
  const patched = sabotages.filter(({ isPatch }) => isPatch).map(({ name }) => name);

  expect(Object.keys(patches).sort()).toEqual(patched.sort());
});

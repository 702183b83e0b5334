/** The page for products that have people of their own: what it shows is what a node does. */
import { readFileSync } from 'node:fs';
import { describe, it } from 'vitest';
import { runSection, sectionsOf } from '../support/page-examples.js';

const page = readFileSync(new URL('../../docs/products.md', import.meta.url), 'utf8');

describe('The page for products', () => {
  it.each(sectionsOf(page).filter(({ blocks }) => blocks.length > 0))(
    'is true in its section “$title”',
    { timeout: 60_000 },
    (section) => runSection(section),
  );
});

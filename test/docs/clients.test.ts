/** What docs/clients.md shows is what is tested: examples/clients, imported as a product does. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');

it.each(['graphql-ws', 'apollo', 'urql'])('shows the example for %s as it is', (name) => {
  expect(read('docs/clients.md')).toContain(read(`examples/clients/${name}.ts`).trimEnd());
});

/** What docs/clients.md shows is what is tested: examples/clients, imported as a product does. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');

it.each(['graphql-ws', 'apollo', 'urql'])('shows the example for %s as it is', (name) => {
  const example = read(`examples/clients/${name}.ts`)
    .replaceAll(/'\.\.\/\.\.\/src\/client\/([a-z-]+)\.js'/g, "'parley/client/$1'")
    .replaceAll("'../../possibleTypes.json'", "'parley/possibleTypes.json'");

  expect(read('docs/clients.md')).toContain(example.trimEnd());
});

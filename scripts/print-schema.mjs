// Writes the schema that the code builds: schema.graphql, and possibleTypes.json for Apollo's cache.
// With --check it writes nothing and fails where they differ.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isAbstractType, lexicographicSortSchema, printSchema } from 'graphql';
import { register } from 'tsx/esm/api';
import { generateClient } from './generate-client.mjs';

const path = (relative) => fileURLToPath(new URL(`../${relative}`, import.meta.url));

/** Sorted, so that moving code moves nothing in it. */
const printed = (schema) => {
  const sorted = lexicographicSortSchema(schema);
  const abstractTypes = Object.values(sorted.getTypeMap()).filter(
    (type) => isAbstractType(type) && !type.name.startsWith('__'),
  );
  const possibleTypes = Object.fromEntries(
    abstractTypes.map((type) => [type.name, sorted.getPossibleTypes(type).map(({ name }) => name)]),
  );
  return {
    'schema.graphql': `${printSchema(sorted)}\n`,
    'possibleTypes.json': `${JSON.stringify(possibleTypes, null, 2)}\n`,
  };
};

await generateClient();
register({ tsconfig: path('tsconfig.json') });
const { schema } = await import('../src/graphql/schema.ts');

for (const [name, content] of Object.entries(printed(schema))) {
  if (!process.argv.includes('--check')) {
    writeFileSync(path(name), content);
  } else if (readFileSync(path(name), 'utf8') !== content) {
    console.error(`${name} is not what the code says: run \`npm run schema\``);
    process.exitCode = 1;
  }
}

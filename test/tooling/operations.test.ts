import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import codegen from '../../codegen.js';
import apolloApp from '../../examples/react-apollo/codegen.js';
import urqlApp from '../../examples/react-urql/codegen.js';
import { generate } from '../../scripts/generate-operations.mjs';

const COMMITTED = ['src/cli/chat/operations.ts', 'examples/operations.ts'];

it('the committed types of the terminal client and of the example are those that codegen makes', async () => {
  const made = await generate(COMMITTED, { save: false });

  expect(made.map(({ filename }) => filename).sort()).toEqual([...COMMITTED].sort());
  for (const { filename, content } of made) {
    expect(readFileSync(filename, 'utf8'), 'run `npm run codegen`').toBe(content);
  }
});

it('the example apps, taken by themselves, make the same types', () => {
  for (const { config } of [apolloApp, urqlApp]) expect(config).toEqual(codegen.config);
});

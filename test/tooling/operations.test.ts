import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { generate } from '../../scripts/generate-operations.mjs';

const OPERATIONS = 'src/cli/chat/operations.ts';

it("the terminal client's committed types are those that codegen makes", async () => {
  const made = await generate([OPERATIONS], { save: false });

  expect(made.map(({ filename }) => filename)).toEqual(existsSync(OPERATIONS) ? [OPERATIONS] : []);
  for (const { filename, content } of made) {
    expect(readFileSync(filename, 'utf8'), 'run `npm run codegen`').toBe(content);
  }
});

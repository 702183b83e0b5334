import { closeSync, existsSync, openSync } from 'node:fs';
import module from 'node:module';
import { devNull } from 'node:os';
import { fileURLToPath } from 'node:url';

const path = (relative) => fileURLToPath(new URL(`../${relative}`, import.meta.url));

// Node reads as many modules at once as it has found, and fails in the middle where it cannot: without a word that helps.
const LOADING_TAKES_FILES = 320;
const MORE_FILES = 'Raise the limit to 65536 (ulimit -n, LimitNOFILE= of systemd, ulimits: of Docker)'; // as src/open-files.ts
const TOO_FEW_FILES = 71; // as src/exit-codes.ts

const endIfFewFiles = () => {
  const opened = [];
  try {
    while (opened.length < LOADING_TAKES_FILES) opened.push(openSync(devNull));
  } catch (error) {
    process.stderr.write(
      `Too many open files (${error.code}; loading Parley alone takes ${LOADING_TAKES_FILES}). ${MORE_FILES}\n`,
    );
    process.exit(TOO_FEW_FILES);
  } finally {
    for (const file of opened) closeSync(file);
  }
};

/**
 * Runs one of Parley's programs in this process: compiled from src/ where that is there, else from dist/. Ends it where too few files may
 * be open for that.
 *
 * @param {'main' | 'cli/main'} program
 */
export const run = async (program) => {
  endIfFewFiles();
  module.enableCompileCache?.(); // Node 22 and newer
  if (!existsSync(path(`src/${program}.ts`))) return import(`../dist/${program}.js`);

  const { generateClient } = await import('./generate-client.mjs');
  await generateClient();
  const { compile } = await import('./compile.mjs');
  await compile();
  process.setSourceMapsEnabled(true);
  return import(`../.compiled/${program}.js`);
};

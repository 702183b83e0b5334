/** Parley's version. Works from src/, from dist/ and from the installed package. */
import { readFileSync } from 'node:fs';

export const readVersion = (): string =>
  (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version;

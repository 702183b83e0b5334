/** The commands of docs/operations.md and docs/backups.md, as people run them. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { inherited, PARLEY } from './parley.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Command {
  /** Of its section. */
  heading: string;
  /** Its place among those of the section. */
  number: number;
  script: string;
}

type Page = 'operations' | 'backups';

/** Those in ```bash; what is in ```sh needs Docker or root. */
export const commands = (name: Page = 'operations'): Command[] => {
  const page = readFileSync(`${root}/docs/${name}.md`, 'utf8');
  return page.split(/^## /m).flatMap((section) => {
    const heading = section.slice(0, section.indexOf('\n'));
    const scripts = [...section.matchAll(/^```bash\n([\s\S]*?)^```$/gm)].map((match) => match[1]!);
    return scripts.map((script, number) => ({ heading, number, script }));
  });
};

/**
 * Runs one, in `folder`, with these variables and no other settings.
 *
 * @returns what it printed
 * @throws where it ends with another code than 0
 */
export const runCommand = async (
  heading: string,
  number: number,
  folder: string,
  variables: Record<string, string>,
  page?: Page,
): Promise<string> => {
  const command = commands(page).find((one) => one.heading === heading && one.number === number);
  if (command === undefined) throw new Error(`There is no command ${number} under "${heading}"`);
  // As it is after `npm ci`, from wherever one is.
  const npx = `npx() { [ "$1" = parley ] && shift && node "${PARLEY}" "$@"; }`;
  const script = `set -euo pipefail\n${npx}\n${command.script}`;
  const options = { cwd: folder, env: { ...inherited(), ...variables } };
  return (await promisify(execFile)('bash', ['-c', script], options)).stdout;
};

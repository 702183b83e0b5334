/** The command line as people run it: the bin, in a process of its own. */
import { spawn } from 'node:child_process';
import type { DatabaseConfig } from '../../src/db/open.js';
import { temporaryFolder } from './database.js';
import { NODE_ARGS } from './node-args.js';
import { PARLEY, programOf } from './program.js';

export { PARLEY, programOf };

export interface Ended {
  code: number | null;
  out: string;
  err: string;
}

interface ParleyOptions {
  /** Settings, and nothing else: those of whoever runs the tests stay away. */
  env?: Record<string, string>;
  cwd?: string;
}

/** Runs a command to its end, without a terminal. */
export const parley = (
  args: readonly string[],
  { env = {}, cwd = temporaryFolder() }: ParleyOptions = {},
): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...NODE_ARGS, PARLEY, ...args], {
      cwd,
      env: { ...inherited(), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const written = { out: '', err: '' };
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (written.out += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (written.err += chunk));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...written }));
  });

/** What a process needs to run at all. */
export const inherited = (): Record<string, string> => {
  const { PATH = '', TMPDIR = '/tmp' } = process.env;
  return { PATH, TMPDIR };
};

/** The settings that lead to this database. */
export const settingsFor = ({ databaseUrl, dataDir }: DatabaseConfig): Record<string, string> =>
  databaseUrl === undefined ? { DATA_DIR: dataDir } : { DATABASE_URL: databaseUrl, DATA_DIR: dataDir };

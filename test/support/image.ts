/** What the Dockerfile would make, made without Docker: its stages as folders, by its own COPY and RUN lines. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import { temporaryFolder } from './database.js';
import { inherited } from './parley.js';

const execute = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));

interface Line {
  instruction: string;
  rest: string;
}

interface Stage {
  name: string;
  lines: Line[];
}

/** Its lines, those that go on joined. */
const stages = (): Stage[] => {
  const text = readFileSync(join(root, 'Dockerfile'), 'utf8')
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '');
  const lines = [...text.matchAll(/^([A-Z]+) (.*)$/gm)].map(([, instruction, rest]) => ({
    instruction: instruction!,
    rest: rest!,
  }));
  const found: Stage[] = [];
  for (const line of lines) {
    if (line.instruction === 'FROM') found.push({ name: / AS (\w+)$/.exec(line.rest)?.[1] ?? '', lines: [] });
    found.at(-1)?.lines.push(line);
  }
  return found;
};

const finalStage = (): Line[] => stages().at(-1)!.lines;

const valueOf = (instruction: string): string => finalStage().find((line) => line.instruction === instruction)!.rest;

export interface Image {
  /** Its /app. */
  folder: string;
  environment: Record<string, string>;
  /** Starts what it starts, from here; ended with the test. */
  start(environment: Record<string, string>): Promise<ChildProcess>;
  /** Asks as Docker does. @returns the code */
  checkHealth(environment: Record<string, string>): Promise<number>;
}

/** Makes it: a minute or so. The registry is asked for packages. */
export const makeImage = async (): Promise<Image> => {
  const folders = new Map<string, string>();
  for (const stage of stages()) {
    const folder = temporaryFolder();
    folders.set(stage.name, folder);
    for (const { instruction, rest } of stage.lines) {
      if (instruction === 'COPY') copy(rest, folder, folders);
      if (instruction === 'RUN' && stage.name !== '') await run(rest, stage.name, folder);
    }
  }
  // As large as two checkouts.
  for (const [name, folder] of folders) if (name !== '') rmSync(folder, { recursive: true, force: true });
  const folder = folders.get('')!;
  const environment = Object.fromEntries(
    valueOf('ENV')
      .split(' ')
      .map((pair) => pair.split('=') as [string, string]),
  );

  return {
    folder,
    environment,
    start: async (settings) => {
      const [command, ...args] = JSON.parse(valueOf('CMD')) as [string, ...string[]];
      const child = spawn(command === 'node' ? process.execPath : command, args, {
        cwd: folder,
        env: { ...inherited(), ...environment, ...settings },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      onTestFinished(async () => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        child.kill('SIGKILL');
        await once(child, 'exit');
      });
      await new Promise<void>((resolve, reject) => {
        child.stdout.on('data', (text: Buffer) => text.includes('"Listening"') && resolve());
        child.once('exit', (code) => reject(new Error(`It ended with ${code}`)));
      });
      return child;
    },
    checkHealth,
  };
};

/** What HEALTHCHECK says. @returns the code */
export const checkHealth = async (environment: Record<string, string>): Promise<number> => {
  const [command, ...args] = JSON.parse(/ CMD (\[.*\])$/.exec(valueOf('HEALTHCHECK'))![1]!) as [string, ...string[]];
  const child = spawn(command, args, { env: { ...inherited(), ...environment }, stdio: 'ignore' });
  const [code] = (await once(child, 'exit')) as [number];
  return code;
};

const copy = (rest: string, folder: string, folders: ReadonlyMap<string, string>) => {
  const [, from, paths] = /^(?:--from=(\w+) )?(.+)$/.exec(rest)!;
  const sources = paths!.split(' ');
  const target = sources.pop()!;
  for (const source of sources) {
    const path = from === undefined ? join(root, source) : join(folders.get(from)!, source.replace('/app/', ''));
    // A folder's contents, and a file into what ends in /, as Docker does.
    const place = target.endsWith('/') ? join(folder, target, basename(source)) : join(folder, target);
    mkdirSync(join(place, '..'), { recursive: true });
    cpSync(path, place, { recursive: true, verbatimSymlinks: true, filter: (name) => !isLeftOut(name) });
  }
};

/** As .dockerignore has it. */
const isLeftOut = (path: string) => path === join(root, 'src/generated') || path === join(root, 'packages/client/dist');

const run = async (command: string, stage: string, folder: string): Promise<void> => {
  // All of them are here already, and would take minutes.
  if (stage === 'build' && command === 'npm ci --ignore-scripts') {
    await execute('cp', ['-al', join(root, 'node_modules'), join(folder, 'node_modules')]);
    return;
  }
  const { HOME = '/tmp' } = process.env;
  await execute('bash', ['-c', `set -e; ${command.replace('npm ci', 'npm ci --prefer-offline')}`], {
    cwd: folder,
    env: { ...inherited(), HOME, npm_config_audit: 'false', npm_config_fund: 'false' },
  });
};

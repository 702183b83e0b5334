/** One node of Parley, as `npm start` runs it: killed, stopped, frozen, started again on the same port. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { startProcess, type OwnedProcess } from './owned-process.js';

export interface ParleyNode {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
  readonly isRunning: boolean;
  /** As it was given; what is changed here holds from the next start on. */
  readonly environment: Record<string, string>;
  /** Resolves once it listens. */
  start(): Promise<void>;
  kill(): Promise<void>;
  /** As an operator does; resolves with its exit code. */
  stop(): Promise<number | null>;
  /** What it logs is read again, not read for now, or never again until it is started anew. */
  listen: OwnedProcess['listen'];
  freeze(): void;
  thaw(): void;
  /** What it holds, once everything that nobody needs is collected; only of one that was started by `watched.mjs`. */
  holdings(): Promise<Holdings>;
  /** What it logged at level error or fatal, and ends that nobody asked for: each is a bug. */
  readonly complaints: string[];
  /** What it logged at level warn. */
  readonly warnings: string[];
  /** How often it has logged that. */
  timesSaid(message: string): number;
  /** The last lines that it logged. */
  readonly lines: string[];
}

export interface Holdings {
  /** Bytes. */
  heapUsed: number;
  external: number;
  rss: number;
  /** What keeps the process alive, by Node's names: sockets, timers, servers. */
  resources: Record<string, number>;
  /** Of the process's own events. */
  listeners: number;
  /** Sockets with something that their other side does not take. */
  waitingSockets: number;
}

export interface NodeOptions {
  name: string;
  port: number;
  environment: Record<string, string>;
  /** What is run in place of `npm start`'s own. */
  entry?: string | undefined;
}

const root = fileURLToPath(new URL('../../..', import.meta.url));
const START_WITHIN_MS = 60_000;
const LINES_KEPT = 200;

export const createNode = ({
  name,
  port,
  environment: given,
  entry = 'scripts/start.mjs',
}: NodeOptions): ParleyNode => {
  const environment = { ...given };
  const complaints: string[] = [];
  const warnings: string[] = [];
  const times = new Map<string, number>();
  const lines: string[] = [];
  let current: OwnedProcess | undefined;
  /** Of the process that runs. */
  let end = { isExpected: false };
  let onListening = () => {};
  let onHoldings: (holdings: Holdings) => void = () => {};

  const hear = (line: string, ownEnd: typeof end) => {
    lines.push(line);
    if (lines.length > LINES_KEPT) lines.shift();
    if (!line.startsWith('{')) {
      if (/error|warning/i.test(line) && !line.includes('ExperimentalWarning')) complaints.push(line);
      return;
    }
    // SIGKILL may leave half a line.
    const said = parse(line);
    if (said === undefined) return void (ownEnd.isExpected || complaints.push(line));
    const { level, msg, holdings } = said;
    if (holdings !== undefined) onHoldings(holdings);
    if (msg === 'Listening') onListening();
    times.set(msg, (times.get(msg) ?? 0) + 1);
    if (level === 'warn') warnings.push(msg);
    if (level === 'error' || level === 'fatal') complaints.push(line);
  };

  const start = async () => {
    const ownEnd = (end = { isExpected: false });
    const listening = new Promise<void>((resolve) => (onListening = resolve));
    const started = startProcess(process.execPath, ['--expose-gc', entry, `--node=${name}`], {
      cwd: root,
      env: { PATH: process.env.PATH, PORT: String(port), ...environment },
      mark: `--node=${name}`,
      onLine: (line) => hear(line, ownEnd),
    });
    current = started;
    void started.ended.then(({ code, signal }) => {
      if (!ownEnd.isExpected) complaints.push(`${name} ended with ${code ?? signal}: ${lines.slice(-5).join('\n')}`);
    });
    let timer: NodeJS.Timeout;
    const tooLong = new Promise((resolve) => (timer = setTimeout(resolve, START_WITHIN_MS)));
    await Promise.race([listening, started.ended, tooLong]).finally(() => clearTimeout(timer));
    if (!started.isRunning) throw new Error(`${name} did not start:\n${lines.slice(-10).join('\n')}`);
  };

  const endBy = async (signal: NodeJS.Signals) => {
    const one = current;
    end.isExpected = true;
    one?.signal('SIGCONT');
    one?.signal(signal);
    return (await one?.ended)?.code ?? null;
  };

  return {
    name,
    port,
    environment,
    get pid() {
      return current!.pid;
    },
    get isRunning() {
      return current?.isRunning ?? false;
    },
    start,
    kill: async () => void (await endBy('SIGKILL')),
    stop: () => endBy('SIGTERM'),
    listen: (how) => current?.listen(how),
    freeze: () => void current?.signal('SIGSTOP'),
    thaw: () => void current?.signal('SIGCONT'),
    holdings: () =>
      new Promise((resolve) => {
        onHoldings = resolve;
        current?.signal('SIGUSR2');
      }),
    complaints,
    warnings,
    timesSaid: (message) => times.get(message) ?? 0,
    lines,
  };
};

const parse = (line: string): { level: string; msg: string; holdings?: Holdings } | undefined => {
  try {
    return JSON.parse(line) as { level: string; msg: string; holdings?: Holdings };
  } catch {
    return undefined;
  }
};

/** Makes the first administrator, from the command line. Migrates the database first. */
export const createAdministrator = (
  environment: Record<string, string>,
  { username, password }: { username: string; password: string },
): void => {
  const env = { PATH: process.env.PATH, ...environment };
  const run = (...args: string[]) =>
    void execFileSync(process.execPath, ['bin/parley.mjs', ...args], { cwd: root, env, stdio: 'pipe' });
  run('migrate');
  run('create-admin', '--username', username, '--email', `${username}@example.org`, '--password', password);
};

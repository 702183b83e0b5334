/** A process of the bench: a contender's server or the generator of clients. Talked to over Node's IPC, one answer for each request. */
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { cpuOf, residentBytesOf } from './process-cpu.js';

export interface Child {
  readonly pid: number;
  readonly isRunning: boolean;
  /** µs of CPU since its start. */
  cpu(): number;
  /** Resident bytes. */
  memory(): number;
  signal(signal: NodeJS.Signals): void;
  stop(): Promise<void>;
}

export interface AskedChild extends Child {
  ask<Answer>(request: Record<string, unknown>): Promise<Answer>;
}

interface Reply {
  id: number;
  answer?: unknown;
  error?: string;
}

const STOP_WITHIN_MS = 15_000;

/** Starts one of the bench's own programs; resolves with its first answer, to `{ start: options }`. */
export const startAsked = async <Ready>(
  program: URL,
  options: Record<string, unknown>,
  { execArgv = [], environment = {} }: { execArgv?: string[]; environment?: Record<string, string> } = {},
): Promise<{ child: AskedChild; ready: Ready }> => {
  const own = fork(program, [], {
    execArgv,
    env: { PATH: process.env.PATH, NODE_ENV: 'production', ...environment },
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const waiting = new Map<number, { resolve: (answer: unknown) => void; reject: (error: Error) => void }>();
  let asked = 0;
  own.on('message', ({ id, answer, error }: Reply) => {
    const one = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) one?.resolve(answer);
    else one?.reject(new Error(error));
  });
  own.once('exit', (code, signal) => {
    for (const { reject } of waiting.values()) reject(new Error(`${program.pathname} ended with ${code ?? signal}`));
  });
  const ask = <Answer>(request: Record<string, unknown>) =>
    new Promise<Answer>((resolve, reject) => {
      const id = (asked += 1);
      waiting.set(id, { resolve: resolve as (answer: unknown) => void, reject });
      own.send({ id, ...request });
    });
  const child: AskedChild = Object.assign(controlOf(own), { ask });
  return { child, ready: await ask<Ready>({ what: 'start', options }) };
};

/** Starts any program. Of what it says only its log is shown, where only warnings and errors are to be in it. */
export const startProgram = (
  command: string,
  args: string[],
  { cwd, environment }: { cwd: string; environment: Record<string, string> },
): Child => {
  const own = spawn(command, args, {
    cwd,
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  createInterface({ input: own.stdout }).on('line', (line) => line.startsWith('{') && console.error(line));
  return controlOf(own);
};

const controlOf = (own: ChildProcess): Child => {
  const pid = own.pid!;
  const ended = once(own, 'exit');
  const endWithUs = () => own.kill('SIGKILL');
  process.once('exit', endWithUs);
  return {
    pid,
    get isRunning() {
      return own.exitCode === null && own.signalCode === null;
    },
    cpu: () => cpuOf(pid),
    memory: () => residentBytesOf(pid),
    signal: (signal) => void own.kill(signal),
    stop: async () => {
      if (own.exitCode === null && own.signalCode === null) own.kill('SIGTERM');
      const timer = setTimeout(() => own.kill('SIGKILL'), STOP_WITHIN_MS);
      await ended;
      clearTimeout(timer);
      process.off('exit', endWithUs);
    },
  };
};

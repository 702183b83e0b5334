/** A process that the harness has started: signalled only while its pid is still its own. */
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

export interface OwnedProcess {
  readonly pid: number;
  readonly isRunning: boolean;
  /** @returns false where it is gone already */
  signal(signal: NodeJS.Signals): boolean;
  /** What it writes: read again, not read for now, or never again. */
  listen(how: 'again' | 'not' | 'never'): void;
  /** Resolves once it has ended. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

export interface OwnedProcessOptions extends SpawnOptions {
  /** Part of its command line, by which it is known to be this one. */
  mark: string;
  onLine?: (line: string) => void;
}

export const startProcess = (
  command: string,
  args: string[],
  { mark, onLine, ...options }: OwnedProcessOptions,
): OwnedProcess => {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const outputs = [child.stdout, child.stderr];
  const readers = outputs.map((input) => createInterface({ input }).on('line', (line) => onLine?.(line)));
  const ended = once(child, 'exit').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
  }));
  const isRunning = () => child.exitCode === null && child.signalCode === null && child.pid !== undefined;
  const endWithUs = () => isRunning() && child.kill('SIGKILL');
  process.once('exit', endWithUs);
  void ended.then(() => process.off('exit', endWithUs));
  return {
    pid: child.pid!,
    get isRunning() {
      return isRunning();
    },
    signal: (signal) => isRunning() && signalOwn(child, mark, signal),
    listen: (how) => {
      for (const reader of readers) {
        if (how === 'again') reader.resume();
        else reader.pause();
      }
      if (how === 'never') for (const output of outputs) output.destroy();
    },
    ended,
  };
};

const signalOwn = (child: ChildProcess, mark: string, signal: NodeJS.Signals): boolean => {
  if (!isOurs(child.pid!, mark)) return false;
  return child.kill(signal);
};

/** Whether the process with this pid is one whose command line, or whose parent, tells that it is ours. */
export const isOurs = (pid: number, mark: string): boolean => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').includes(mark);
  } catch {
    return false;
  }
};

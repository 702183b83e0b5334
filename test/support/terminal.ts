/** A program on a terminal: keys go in, the screen is what a person would see. */
import { fileURLToPath } from 'node:url';
import { spawn } from '@lydell/node-pty';
import xterm from '@xterm/headless';
import { onTestFinished } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Terminal {
  type(keys: string): void;
  /** The lines on the screen, blank ones at their ends cut off. */
  lines(): string[];
  text(): string;
  /** Resolves with its exit code. */
  exited: Promise<number>;
}

/** Runs `node ARGS` in the project's folder, on a terminal of its own. Gone when the test is. */
export const onTerminal = (args: string[], { columns = 100, rows = 60 } = {}): Terminal => {
  const screen = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
  const program = spawn(process.execPath, args, { name: 'xterm-256color', cols: columns, rows, cwd: root });
  program.onData((data) => screen.write(data));
  const exited = new Promise<number>((resolve) => program.onExit(({ exitCode }) => resolve(exitCode)));
  let isOver = false;
  void exited.then(() => (isOver = true));
  onTestFinished(async () => {
    if (!isOver) program.kill('SIGKILL');
    await exited;
    screen.dispose();
  });

  const lines = () => {
    const { active } = screen.buffer;
    return Array.from(
      { length: rows },
      (_, row) => active.getLine(active.viewportY + row)?.translateToString(true) ?? '',
    );
  };
  return { type: (keys) => program.write(keys), lines, text: () => lines().join('\n'), exited };
};

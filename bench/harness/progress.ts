/** A progress bar, on terminals only. */
import { SingleBar } from 'cli-progress';

export interface Progress {
  /** One step of the total is done, and this is next. */
  step(next: string): void;
  end(): void;
}

export const showProgress = (name: string, total: number): Progress => {
  if (!process.stderr.isTTY) return { step: () => {}, end: () => {} };
  const bar = new SingleBar({
    format: `${name} {bar} {percentage} % {next}`,
    stream: process.stderr,
    hideCursor: true,
  });
  bar.start(total, 0, { next: '' });
  return { step: (next) => bar.increment({ next }), end: () => bar.stop() };
};

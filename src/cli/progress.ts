/** A progress bar on a terminal, nothing elsewhere. */
import { SingleBar } from 'cli-progress';

export interface Progress {
  add(count: number): void;
  stop(): void;
}

/** @param unit what is counted, such as `messages` */
export const startProgress = (total: number, unit: string): Progress => {
  const bar = new SingleBar({
    format: `{bar} {percentage}%  {value} of {total} ${unit}  {eta_formatted} left`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    stream: process.stderr,
    clearOnComplete: true,
    stopOnComplete: false,
  });
  bar.start(total, 0);
  return {
    add: (count) => bar.increment(count),
    stop: () => bar.stop(),
  };
};

export const formatCount = (count: number): string => count.toLocaleString('en');

/** What a run of faults is, and what comes of it. */
import type { Anomaly } from './check/anomalies.js';

export interface Run {
  name: string;
  /** In one line, for the list of runs. */
  describe: string;
  /** Part of `.ci/run`, where its row is about all code that runs: it need not run again while that is the same. */
  isGated?: boolean;
  run(options: RunOptions): Promise<Verdict>;
}

export interface RunOptions {
  seed: number;
  /** Of its full size: 1, or a part of it. */
  scale: number;
  /** What nodes run in place of `npm start`'s own. */
  entry?: string | undefined;
  /** Of its faults those alone whose name contains this. */
  only?: string | undefined;
  onProgress: (done: number, of: number) => void;
}

export interface Verdict {
  /** By the checker, from the record alone. */
  anomalies: Anomaly[];
  /** What else went against a promise: a node that ended, an answer that took too long, memory that grew. */
  complaints: string[];
  /** What was done and measured, for the table: kills, operations, ratios. */
  figures: Record<string, string | number>;
}

export const isGreen = ({ anomalies, complaints }: Verdict): boolean =>
  anomalies.length === 0 && complaints.length === 0;

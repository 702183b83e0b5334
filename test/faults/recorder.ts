/** Writes down what was done and how it came out. */
import type { Operation } from './history.js';

type Unrecorded<One> = One extends unknown ? Omit<One, 'startedAt' | 'endedAt' | 'outcome'> : never;

type OutcomeOf<One> = One extends { outcome: infer Result } ? Result | { kind: 'unknown' } : never;

export interface Recorder {
  readonly operations: Operation[];
  readonly acknowledged: () => number;
  /** Sends whose answer is still out. */
  readonly sendsInFlight: () => number;
  /** How long answers took, in milliseconds, by when they were begun. */
  readonly latencies: { what: Operation['what']; startedAt: number; ms: number; kind: string }[];
  /** Carries it out; whatever it throws is an unknown outcome. */
  record<One extends Operation>(one: Unrecorded<One>, carryOut: () => Promise<OutcomeOf<One>>): Promise<OutcomeOf<One>>;
}

export const createRecorder = (): Recorder => {
  const operations: Operation[] = [];
  const latencies: Recorder['latencies'] = [];
  let acknowledged = 0;
  let sendsInFlight = 0;

  return {
    operations,
    latencies,
    acknowledged: () => acknowledged,
    sendsInFlight: () => sendsInFlight,
    record: async <One extends Operation>(one: Unrecorded<One>, carryOut: () => Promise<OutcomeOf<One>>) => {
      const { what } = one as unknown as Operation;
      const startedAt = performance.now();
      if (what === 'send') sendsInFlight += 1;
      let outcome: Operation['outcome'];
      try {
        outcome = await carryOut();
      } catch {
        outcome = { kind: 'unknown' };
      }
      if (what === 'send') sendsInFlight -= 1;
      const endedAt = performance.now();
      if (outcome.kind === 'ok') acknowledged += 1;
      operations.push({ ...one, startedAt, endedAt, outcome } as unknown as Operation);
      latencies.push({ what, startedAt, ms: endedAt - startedAt, kind: outcome.kind });
      return outcome as OutcomeOf<One>;
    },
  };
};

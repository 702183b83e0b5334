/** The result of a check. A start refuses or warns because of it; `parley doctor` prints all of them. */
export interface Finding {
  /** Refusal: Parley must not run like this. Warning: it may, but the operator should know. */
  outcome: 'ok' | 'warning' | 'refusal';
  /** What was found: one sentence without a full stop. */
  sentence: string;
  /** How to fix it, likewise. Undefined if all is well. */
  remedy?: string;
}

export const ok = (sentence: string): Finding => ({ outcome: 'ok', sentence });

/** The sentence and the remedy, as one line. */
export const tell = ({ sentence, remedy }: Finding): string =>
  remedy === undefined ? sentence : `${sentence}. ${remedy}`;

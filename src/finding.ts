/** What a check comes to: for a start, which refuses or warns, and for whoever wants to hear all of it (`parley doctor`). */
export interface Finding {
  /** Refusal: Parley must not be served like this. Warning: it may be, and somebody should know. */
  outcome: 'ok' | 'warning' | 'refusal';
  /** What was found, in one sentence without its full stop. */
  sentence: string;
  /** The way out, likewise; undefined where all is well. */
  remedy?: string;
}

export const ok = (sentence: string): Finding => ({ outcome: 'ok', sentence });

/** The sentence and the way out, as one line. */
export const tell = ({ sentence, remedy }: Finding): string =>
  remedy === undefined ? sentence : `${sentence}. ${remedy}`;

/** A subscription as its client sees it, over whichever transport. */

export interface Answer<Data> {
  data?: Data | null;
  errors?: readonly { message: string; path?: readonly (string | number)[]; extensions?: Record<string, unknown> }[];
}

/** How a subscription ended: as complete, without a word, or refused (`answer`). */
export type LiveEnd = 'complete' | 'cut';

export interface Live<Data> {
  /** Everything so far. */
  readonly answers: Answer<Data>[];
  /** Waits for the next one that was not given out yet; fails where there will be none. */
  next(): Promise<Answer<Data>>;
  readonly ended: Promise<LiveEnd>;
  /** As a client that has had enough. */
  stop(): Promise<void>;
}

/** Where a transport puts what it receives. */
export interface LiveSource<Data> {
  readonly live: Live<Data>;
  push(answer: Answer<Data>): void;
  end(how: LiveEnd): void;
}

const PATIENCE_MS = 20_000;

export const createLiveSource = <Data>(stop: () => Promise<void> | void): LiveSource<Data> => {
  const answers: Answer<Data>[] = [];
  let given = 0;
  let end: LiveEnd | undefined;
  let wake = () => {};
  let settle: (how: LiveEnd) => void;
  const ended = new Promise<LiveEnd>((resolve) => (settle = resolve));

  const next = async (): Promise<Answer<Data>> => {
    const deadline = performance.now() + PATIENCE_MS;
    while (given === answers.length) {
      const left = deadline - performance.now();
      if (end !== undefined) throw new Error(`The subscription is over (${end}); it gave ${JSON.stringify(answers)}`);
      if (left <= 0) throw new Error(`Nothing came for ${PATIENCE_MS} ms after ${JSON.stringify(answers)}`);
      let timer: NodeJS.Timeout;
      await new Promise<void>((resolve) => {
        wake = resolve;
        timer = setTimeout(resolve, left);
      }).finally(() => clearTimeout(timer));
    }
    return answers[given++]!;
  };

  return {
    live: { answers, next, ended, stop: async () => await stop() },
    push: (answer) => {
      answers.push(answer);
      wake();
    },
    end: (how) => {
      if (end !== undefined) return;
      end = how;
      settle(how);
      wake();
    },
  };
};

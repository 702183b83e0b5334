/** Sends typing indicators: one when typing begins, more while it continues, and a stop 3 s after the last key. */
const STOP_AFTER_MS = 3000;
/** The server drops the indicator after 5 s. */
const AGAIN_AFTER_MS = 4000;

export interface Typing {
  key(typed: string): void;
  stop(): void;
}

export const createTyping = (tell: (isTyping: boolean) => void): Typing => {
  let toldAt: number | null = null;
  let timer: NodeJS.Timeout | undefined;

  const stop = () => {
    clearTimeout(timer);
    if (toldAt === null) return;
    toldAt = null;
    tell(false);
  };

  return {
    key: (typed) => {
      if (typed === '' || typed.startsWith('/')) return stop();
      const now = Date.now();
      if (toldAt === null || now - toldAt > AGAIN_AFTER_MS) {
        toldAt = now;
        tell(true);
      }
      clearTimeout(timer);
      timer = setTimeout(stop, STOP_AFTER_MS);
    },
    stop,
  };
};

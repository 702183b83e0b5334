import { vi } from 'vitest';

/** Resolves once `condition` holds; fails by saying what was waited for. */
export const until = (condition: () => boolean, what: string): Promise<void> =>
  vi.waitFor(
    () => {
      if (!condition()) throw new Error(`Waited for ${what}`);
    },
    { timeout: 15_000, interval: 5 },
  );

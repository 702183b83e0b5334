/** Keys that must be compared with other nodes: at once, and again until the comparison succeeds. */

export interface Doubts {
  add(keys: Iterable<string>): void;
  /** The key is no longer of interest. */
  delete(key: string): void;
  /** `compare` throws if it failed. */
  onDoubt(compare: (keys: readonly string[]) => Promise<void>): void;
  stop(): void;
}

const KEYS_AT_ONCE = 500;

export const createDoubts = ({ retryMs }: { retryMs: number }): Doubts => {
  const doubtful = new Set<string>();
  let compare: (keys: readonly string[]) => Promise<void> = () => Promise.resolve();
  let isComparing = false;
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;

  const compareAll = async () => {
    isComparing = true;
    while (doubtful.size > 0 && !isStopped) {
      const keys = [...doubtful].slice(0, KEYS_AT_ONCE);
      for (const key of keys) doubtful.delete(key);
      try {
        await compare(keys);
      } catch {
        for (const key of keys) doubtful.add(key);
        if (!isStopped) timer = setTimeout(() => void compareAll(), retryMs);
        return;
      }
    }
    isComparing = false;
  };

  return {
    add: (keys) => {
      for (const key of keys) doubtful.add(key);
      if (!isComparing && !isStopped && doubtful.size > 0) void compareAll();
    },
    delete: (key) => void doubtful.delete(key),
    onDoubt: (listener) => (compare = listener),
    stop: () => {
      isStopped = true;
      clearTimeout(timer);
    },
  };
};

/** What a server holds once garbage is collected: `collect.mjs`, loaded into it. */
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Child } from './child.js';

export interface Memory {
  /** Bytes, resident. */
  rss: number;
  /** Bytes of live objects, and of buffers outside of the heap. */
  live: number;
}

export interface MemoryWatch {
  environment: Record<string, string>;
  read(child: Child): Promise<Memory>;
}

const PROGRAM = fileURLToPath(new URL('./collect.mjs', import.meta.url));
const WITHIN_MS = 60_000;

let watches = 0;

export const watchMemory = (): MemoryWatch => {
  const file = join(tmpdir(), `parley-bench-memory-${process.pid}-${(watches += 1)}.json`);
  return {
    environment: { NODE_OPTIONS: `--expose-gc --import=${PROGRAM}`, BENCH_MEMORY_FILE: file },
    read: async (child) => {
      rmSync(file, { force: true });
      child.signal('SIGUSR2');
      for (const giveUpAt = performance.now() + WITHIN_MS; performance.now() < giveUpAt; await delay(20)) {
        const text = readIfThere(file);
        if (!text.endsWith('\n')) continue;
        rmSync(file);
        return JSON.parse(text) as Memory;
      }
      throw new Error('A server did not say what it holds');
    },
  };
};

const readIfThere = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
};

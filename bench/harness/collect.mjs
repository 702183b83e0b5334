// Loaded into each server whose memory is measured: on SIGUSR2 it collects what nobody needs, and says what is left.
import { writeFileSync } from 'node:fs';

process.on('SIGUSR2', () => {
  global.gc();
  global.gc();
  const { rss, heapUsed, external } = process.memoryUsage();
  writeFileSync(process.env.BENCH_MEMORY_FILE, `${JSON.stringify({ rss, live: heapUsed + external })}\n`);
});

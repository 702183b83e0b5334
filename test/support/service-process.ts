/** A process that serves nothing: `service-process.ts WHAT`, for the tests of how processes live and end. */
import { setTimeout as wait } from 'node:timers/promises';
import { UnavailableError } from '../../src/db/database.js';
import { standardOutput } from '../../src/line-output.js';
import { createLineLogger } from '../../src/logger.js';
import { runService, type Service } from '../../src/process.js';

const [what] = process.argv.slice(2);
// As a real service does, it keeps the process alive until it is stopped.
const work = setInterval(() => undefined, 1000);
const forever = new Promise<never>(() => undefined);

const service: Service = {
  listen: async () => {
    if (what === 'no-database')
      throw new UnavailableError(1000, { cause: new Error('connect ECONNREFUSED 127.0.0.1:1') });
    if (what === 'bug') throw new TypeError('undefined is not a function');
    await Promise.resolve();
  },
  stop: async () => {
    if (what === 'hangs') await forever;
    if (what === 'fails-to-stop') throw new Error('still busy');
    // As npm does after a Ctrl-C that the terminal has given to both.
    if (what === 'echoes') process.kill(process.pid, 'SIGINT');
    await wait(what === 'is-slow' ? 9000 : 100);
    process.stdout.write('finished\n');
    clearInterval(work);
  },
};

await runService(
  async () => {
    if (what === 'starts-for-ever') {
      process.stdout.write('starting\n');
      await forever;
    }
    return service;
  },
  {
    logger: createLineLogger(standardOutput(), { level: 'info' }),
    stopWithinMs: what === 'hangs' ? 500 : 10_000,
    onListening: () => {
      process.stdout.write('listening\n');
      if (what === 'well-unheard') process.stderr.write('listening\n');
      if (what === 'rejects') void Promise.reject(new Error('nobody caught this'));
      if (what === 'throws') setImmediate(() => void JSON.parse('{'));
    },
  },
);

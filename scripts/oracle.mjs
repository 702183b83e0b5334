// `npm run oracle -- [--mutations 2000] [--seed N] [--services]`: anything at random in chats, and whether what people know by
// events alone is what a fresh query tells (test/oracle/run.ts). A failure names its seed, which makes the same choices again.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    mutations: { type: 'string', default: '2000' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    services: { type: 'boolean', default: false },
  },
});

const root = fileURLToPath(new URL('..', import.meta.url));
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
const command = values.services
  ? [join(root, 'scripts', 'test-services.mjs'), 'test/oracle']
  : [vitest, 'run', 'test/oracle'];

console.log(`Seed ${values.seed}, ${values.mutations} mutations`);
const child = spawn(process.execPath, command, {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, ORACLE_MUTATIONS: values.mutations, SEED: values.seed },
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.once('close', (code) => process.exit(code ?? 1));

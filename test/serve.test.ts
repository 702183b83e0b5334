import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { exitCodes } from '../src/exit-codes.js';
import { MORE_FILES } from '../src/open-files.js';

const START = fileURLToPath(new URL('../scripts/start.mjs', import.meta.url));

describe('Starting with settings that are wrong', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'parley-serve-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it('says everything that is wrong, in .env and in the environment, and ends with code 78', async () => {
    writeFileSync(join(folder, '.env'), 'PORT=over there\nMESSAGES_PER_MINUT=5\nDRAIN_SECONDS=-1\n');
    const env = { PATH: process.env.PATH, DRAIN_SECONDS: 'ten', DATABASE_URL: 'mysql://ada:s3cret@localhost/parley' };

    const child = spawn(process.execPath, [START], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const written = { out: '', err: '' };
    child.stdout.on('data', (chunk) => (written.out += String(chunk)));
    child.stderr.on('data', (chunk) => (written.err += String(chunk)));

    expect(await once(child, 'close')).toEqual([78, null]);
    expect(written.out).toBe('');
    expect(written.err).toBe(`4 settings are wrong:
  PORT is "over there"; expected a whole number from 0 to 65535
  DATABASE_URL is mysql://(hidden); expected a URL that begins with postgresql:// or postgres://, with special characters in the password percent-encoded
  TOKEN_SECRET is not set; expected at least 32 bytes, as DATABASE_URL is set
  DRAIN_SECONDS is "ten"; expected a whole number from 0 to 3600
Unknown setting "MESSAGES_PER_MINUT": did you mean MESSAGES_PER_MINUTE?
`);
  });
});

describe('A start', () => {
  it('says that too few files may be open, before anything is loaded, and ends with code 71', async () => {
    const script = 'ulimit -n 40; exec "$0" "$@"';
    const child = spawn('sh', ['-c', script, process.execPath, START], { stdio: ['ignore', 'pipe', 'pipe'] });
    const written = { out: '', err: '' };
    child.stdout.on('data', (chunk) => (written.out += String(chunk)));
    child.stderr.on('data', (chunk) => (written.err += String(chunk)));

    expect(await once(child, 'close')).toEqual([exitCodes.tooFewFiles, null]);
    expect(written.out).toBe('');
    expect(written.err).toMatch(/^Too many open files \(EMFILE; .*\)\. .*\n$/);
    expect(written.err).toContain(MORE_FILES);
  });

  it('says where the metrics are, and how to have what is off where others reach it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'parley-serve-'));
    const env = { PATH: process.env.PATH, DATA_DIR: folder, HOST: '0.0.0.0', PORT: '0', METRICS_PORT: '0' };
    const child = spawn(process.execPath, [START], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
    onTestFinished(() => {
      child.kill('SIGKILL');
      rmSync(folder, { recursive: true });
    });
    let out = '';
    await new Promise<void>((resolve, reject) => {
      child.stdout.on('data', (chunk) => {
        out += String(chunk);
        if (out.includes('create-admin')) resolve();
      });
      child.once('exit', (code) => reject(new Error(`It ended with ${code}: ${out}`)));
    });

    const line = out.split('\n').find((text) => text.includes('"Listening"'));
    const { metrics } = JSON.parse(line!) as { metrics: string };
    expect(await (await fetch(metrics)).text()).toContain('parley_build_info');
    expect(out).toMatch(/^Off, as others than this machine reach it: GRAPHIQL=on and INTROSPECTION=on to have it\.$/m);
  }, 120_000);
});

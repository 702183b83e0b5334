import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

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
  DATABASE_URL is mysql://(hidden); expected a URL that begins with postgresql:// or postgres://, what is special in a password percent-encoded
  TOKEN_SECRET is not set; expected at least 32 bytes, as DATABASE_URL is set
  DRAIN_SECONDS is "ten"; expected a whole number from 0 to 3600
Unknown setting "MESSAGES_PER_MINUT": did you mean MESSAGES_PER_MINUTE?
`);
  });
});

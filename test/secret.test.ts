import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keptSecret, SecretDamagedError } from '../src/secret.js';

const NAME = 'token-secret';

describe('keptSecret', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'parley-secret-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it('makes a secret that only the owner can read, and the folder where it is missing', async () => {
    const secret = await keptSecret(join(folder, 'deeper', 'data'), NAME);

    expect(Buffer.byteLength(secret)).toBeGreaterThanOrEqual(32);
    const path = join(folder, 'deeper', 'data', NAME);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path, 'utf8').trim()).toBe(secret);
  });

  it('gives the same secret ever after, and another one in another folder', async () => {
    const secret = await keptSecret(folder, NAME);

    expect(await keptSecret(folder, NAME)).toBe(secret);
    expect(await keptSecret(join(folder, 'other'), NAME)).not.toBe(secret);
  });

  it('gives everyone who asks at once the same secret, and leaves nothing else behind', async () => {
    const secrets = await Promise.all(Array.from({ length: 50 }, () => keptSecret(folder, NAME)));

    expect(new Set(secrets).size).toBe(1);
    expect(readdirSync(folder)).toEqual([NAME]);
  });

  it('gives processes that start at once the same secret', async () => {
    const program = `import { keptSecret } from ${JSON.stringify(fileURLToPath(new URL('../src/secret.ts', import.meta.url)))};
      process.stdout.write(await keptSecret(${JSON.stringify(folder)}, '${NAME}'));`;
    const start = () =>
      promisify(execFile)(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program]);

    const answers = await Promise.all([start(), start(), start(), start()]);

    expect(new Set(answers.map(({ stdout }) => stdout))).toEqual(new Set([await keptSecret(folder, NAME)]));
    expect(readdirSync(folder)).toEqual([NAME]);
  });

  it('closes a file that a restored copy left open to others', async () => {
    const secret = await keptSecret(folder, NAME);
    chmodSync(join(folder, NAME), 0o644);

    expect(await keptSecret(folder, NAME)).toBe(secret);
    expect(statSync(join(folder, NAME)).mode & 0o777).toBe(0o600);
  });

  it('takes no damaged file for a secret, and does not replace it by itself', async () => {
    writeFileSync(join(folder, NAME), 'short');

    await expect(keptSecret(folder, NAME)).rejects.toThrow(SecretDamagedError);
    expect(readFileSync(join(folder, NAME), 'utf8')).toBe('short');
  });
});

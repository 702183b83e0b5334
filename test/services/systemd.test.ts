/** deploy/systemd/, as systemd itself reads it. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/database.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const units = readdirSync(join(root, 'deploy/systemd'));

/** Where they name what is there, as it is on a server that has been set up. */
const setUp = (change: (text: string) => string = (text) => text): string => {
  const folder = temporaryFolder();
  for (const name of units) {
    const text = readFileSync(join(root, 'deploy/systemd', name), 'utf8')
      .replaceAll('/usr/bin/node', process.execPath)
      .replaceAll('/opt/parley/', root);
    writeFileSync(join(folder, name), change(text));
  }
  return folder;
};

/** @returns what it complains of */
const verify = async (folder: string): Promise<string> => {
  const paths = units.map((name) => join(folder, name));
  const { stdout, stderr } = await promisify(execFile)('systemd-analyze', ['verify', ...paths]).catch(
    (error: { stdout: string; stderr: string }) => error,
  );
  return `${stdout}${stderr}`.trim();
};

describe('The systemd units', () => {
  it('are understood by systemd, every line of them', async () => {
    expect(await verify(setUp())).toBe('');
    // This check does see what is wrong.
    expect(await verify(setUp((text) => text.replace('ProtectHome=', 'ProtectHomes=')))).toContain('ProtectHomes');
  });

  it('leave the server little that it could do', async () => {
    const path = join(setUp(), 'parley.service');

    // 0 to 10; what needs a network is never 0, and 2.0 is the end of what systemd calls OK.
    await promisify(execFile)('systemd-analyze', ['security', '--offline=true', '--threshold=20', path]);
  });
});

/** A node whose log is a file on a volume of its own, which fills up. Needs the right to mount one. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { freePort } from '../../scripts/services.mjs';
import { temporaryFolder } from '../support/database.js';
import { inherited, PARLEY } from '../support/parley.js';

const PATIENCE = { timeout: 200_000, interval: 20 };

/** A disk in memory, of so many KB. */
const smallDisk = (kilobytes: number) => {
  const folder = temporaryFolder();
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', folder]);
  onTestFinished(() => void execFileSync('umount', ['--lazy', folder]));
  return folder;
};

describe('A node whose log fills its volume', { timeout: 300_000 }, () => {
  it('goes on, and writes again once there is room, without a torn line', async () => {
    const disk = smallDisk(256);
    const [log, ballast] = [join(disk, 'log'), join(disk, 'ballast')];
    writeFileSync(ballast, 'x'.repeat(200 * 1024));
    const port = await freePort();
    const file = openSync(log, 'a');
    const child = spawn(process.execPath, [PARLEY, 'serve'], {
      cwd: temporaryFolder(),
      env: { ...inherited(), PORT: `${port}`, DEMO: 'off', LOG_LEVEL: 'debug', DRAIN_SECONDS: '1' },
      stdio: ['ignore', file, file],
    });
    closeSync(file);
    onTestFinished(() => void child.kill('SIGKILL'));
    const ended = once(child, 'exit').then(([code]) => code as number | null);
    const isLive = async () => (await fetch(`http://127.0.0.1:${port}/health/live`)).status;
    await vi.waitFor(async () => expect(await isLive()).toBe(200), PATIENCE);

    for (let number = 0; number < 600; number += 1) expect(await isLive()).toBe(200);
    const full = readFileSync(log, 'utf8').length;
    rmSync(ballast);
    await vi.waitFor(() => expect(readFileSync(log, 'utf8').length).toBeGreaterThan(full), PATIENCE);
    child.kill('SIGTERM');

    expect(await ended).toBe(0);
    expect(full).toBeLessThanOrEqual(56 * 1024);
    const lines = readFileSync(log, 'utf8')
      .split('\n')
      .filter((line) => line.includes('"level"'))
      .map((line) => JSON.parse(line) as { msg: string });
    expect(lines.filter(({ msg }) => msg === 'Request').length).toBeGreaterThanOrEqual(600);
    expect(lines.at(-1)!.msg).toBe('Stopped');
  });
});

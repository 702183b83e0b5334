import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { programOf } from './support/program.js';

const PROGRAM = programOf('service-process');

/** Starts the process and reads what it writes. */
const start = (what: string) => {
  const child = spawn(process.execPath, [PROGRAM, what], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  const written = { out: '', err: '' };
  child.stdout.on('data', (chunk) => (written.out += String(chunk)));
  child.stderr.on('data', (chunk) => (written.err += String(chunk)));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  const says = (text: string) =>
    vi.waitFor(() => expect(written.out).toContain(text), { timeout: 20_000, interval: 10 });
  return { child, written, ended, says };
};

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

describe('A process that serves', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('finishes what it has in hand on %s and ends with code 0', async (signal) => {
    const { child, written, ended, says } = start('well');
    await says('listening');

    child.kill(signal);

    expect(await ended).toBe(0);
    expect(written.out).toMatch(/"Stopping"[^]*finished[^]*"Stopped"/);
    expect(written.err).toBe('');
  });

  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('ends at once on a second signal, %s', async (signal, code) => {
    const { child, written, ended, says } = start('is-slow');
    await says('listening');

    child.kill('SIGTERM');
    await says('"Stopping"');
    // A second Ctrl-C is one that comes later than npm's echo of the first.
    const again = setInterval(() => child.kill(signal), 20);

    expect(await ended).toBe(code);
    clearInterval(again);
    expect(written.out).not.toContain('finished');
  });

  it('takes a Ctrl-C that npm passes on once more for one', async () => {
    const { child, written, ended, says } = start('echoes');
    await says('listening');

    child.kill('SIGINT');

    expect(await ended).toBe(0);
    expect(written.out).toContain('finished');
  });

  it('ends without what does not stop in time, with code 1', async () => {
    const { child, written, ended, says } = start('hangs');
    await says('listening');

    child.kill('SIGTERM');

    expect(await ended).toBe(1);
    expect(written.out).toContain('Stopping took too long');
  });

  it('says so where stopping fails, with code 1', async () => {
    const { child, written, ended, says } = start('fails-to-stop');
    await says('listening');

    child.kill('SIGTERM');

    expect(await ended).toBe(1);
    expect(written.out).toMatch(/Stopping failed/);
  });

  it('can be stopped while it starts, with code 0', async () => {
    const { child, ended, says } = start('starts-for-ever');
    await says('starting');

    child.kill('SIGTERM');

    expect(await ended).toBe(0);
  });

  it('says in one line that there is no database, with code 69', async () => {
    const { written, ended } = start('no-database');

    expect(await ended).toBe(69);
    expect(written.err).toBe('The database is not available: connect ECONNREFUSED 127.0.0.1:1\n');
    expect(written.out).toBe('finished\n'); // what was opened is closed
  });

  it('shows the stack of what nobody foresaw, with code 1', async () => {
    const { written, ended } = start('bug');

    expect(await ended).toBe(1);
    expect(written.err).toMatch(/^Unexpected TypeError: undefined is not a function\n\s+at /);
  });

  it.each([
    ['rejects', 'nobody caught this'],
    ['throws', 'JSON'],
  ])('logs what nobody caught and ends with code 1: one that %s', async (what, message) => {
    const { written, ended } = start(what);

    expect(await ended).toBe(1);
    const last = JSON.parse(written.out.trim().split('\n').at(-1)!) as { level: string; error: { message: string } };
    expect(last.level).toBe('fatal');
    expect(last.error.message).toContain(message);
  });
});

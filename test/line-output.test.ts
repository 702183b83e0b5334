import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createLineOutput } from '../src/line-output.js';
import { createLineLogger } from '../src/logger.js';
import { temporaryFolder } from './support/database.js';

const { O_RDWR, O_RDONLY, O_WRONLY, O_NONBLOCK } = constants;

/** A named pipe: held open by somebody, so that it may be read or not. */
const pipe = () => {
  const path = join(temporaryFolder(), 'pipe');
  execFileSync('mkfifo', [path]);
  const held = openSync(path, O_RDWR | O_NONBLOCK);
  const end = openSync(path, O_WRONLY | O_NONBLOCK);
  let isHeld = true;
  const letGo = () => {
    if (isHeld) closeSync(held);
    isHeld = false;
  };
  onTestFinished(letGo);
  onTestFinished(() => closeSync(end));
  const take = () => {
    const into = Buffer.alloc(1024 * 1024);
    try {
      return into.subarray(0, readSync(held, into)).toString();
    } catch {
      return '';
    }
  };
  return { path, end, take, letGo };
};

const line = (number: number) => `${String(number).padStart(7, '0')} ${'x'.repeat(91)}\n`;
const numbersIn = (text: string) => [...text.matchAll(/^(\d{7}) x{91}$/gm)].map(([, number]) => Number(number));
const upTo = (count: number) => Array.from({ length: count }, (_, number) => number);

describe('createLineOutput', () => {
  it('never waits for a pipe that nobody reads, and gives it everything, in order, once somebody does', async () => {
    const { end, take } = pipe();
    const output = createLineOutput(end);

    for (const number of upTo(5000)) output.write(line(number));

    let taken = '';
    await vi.waitFor(() => expect(numbersIn((taken += take()))).toHaveLength(5000), { timeout: 15_000, interval: 5 });
    expect(numbersIn(taken)).toEqual(upTo(5000));
    expect(taken).toHaveLength(5000 * 100);
    expect(output.dropped()).toBe(0);
  });

  it('drops what comes beyond its bound, and says how much in the place of what is missing', async () => {
    const { end, take } = pipe();
    const output = createLineOutput(end, 50_000);
    output.onGap((lines) => output.write(`${lines} dropped\n`));

    for (const number of upTo(5000)) output.write(line(number));
    const dropped = output.dropped();
    let taken = '';
    await vi.waitFor(() => expect((taken += take())).toContain(' dropped\n'), { timeout: 15_000, interval: 5 });
    output.write(line(9999));
    taken += take();

    const kept = 5000 - dropped;
    expect(dropped).toBeGreaterThan(3000);
    // The pipe's own room comes on top.
    expect(kept).toBeGreaterThanOrEqual(500);
    expect(numbersIn(taken)).toEqual([...upTo(kept), 9999]);
    expect(taken.split('\n').slice(-3)).toEqual([`${dropped} dropped`, line(9999).trim(), '']);
  });

  it('has a logger say how many lines are missing, and keep the one that says why a process ends', async () => {
    const { end, take } = pipe();
    const output = createLineOutput(end, 20_000);
    const logger = createLineLogger(output, { level: 'info' });

    for (const number of upTo(2000)) logger.info({ number }, 'Sent');
    logger.fatal('Unexpected error: ending');
    let taken = '';
    await vi.waitFor(() => expect((taken += take())).toContain('ending'), { timeout: 15_000, interval: 5 });

    const dropped = output.dropped();
    const lines = taken
      .trim()
      .split('\n')
      .map((one) => JSON.parse(one) as { level: string; msg: string; lines?: number });
    expect(dropped).toBeGreaterThan(1000);
    expect(lines.slice(-2)).toMatchObject([
      { level: 'warn', msg: `${dropped} log lines were dropped`, lines: dropped },
      { level: 'fatal', msg: 'Unexpected error: ending' },
    ]);
    expect(lines).toHaveLength(2000 - dropped + 2);
  });

  it('keeps the last line of a process beyond its bound, and ends within its time where nobody reads', () => {
    const { end, take } = pipe();
    const output = createLineOutput(end, 1000);
    for (const number of upTo(2000)) output.write(line(number));

    output.write('the last one\n', true);
    output.flush(100);

    let taken = '';
    while (!taken.endsWith('the last one\n')) {
      const more = take();
      if (more === '') output.flush(1);
      taken += more;
    }
    expect(taken).toContain('the last one\n');
  });

  it('goes on with a full disk and with a reader that has gone, and writes again to the next one', async () => {
    const full = openSync('/dev/full', O_WRONLY);
    onTestFinished(() => closeSync(full));
    const { path, end, letGo } = pipe();
    letGo();

    for (const fd of [full, end]) {
      const output = createLineOutput(fd, 1000);
      for (const number of upTo(100)) output.write(line(number));
      expect(output.dropped()).toBe(90);
      output.flush(50);
    }

    const output = createLineOutput(end);
    output.write(line(1));
    const reader = openSync(path, O_RDONLY | O_NONBLOCK);
    onTestFinished(() => closeSync(reader));
    const into = Buffer.alloc(1000);
    await vi.waitFor(() => expect(readSync(reader, into)).toBe(100), { timeout: 15_000, interval: 5 });
    expect(numbersIn(into.toString())).toEqual([1]);
  });

  it('writes to a file as it comes, so that whoever is killed has lost nothing of it', () => {
    const path = join(temporaryFolder(), 'log');
    const file = openSync(path, 'a');
    onTestFinished(() => closeSync(file));
    const output = createLineOutput(file);

    for (const number of upTo(3)) output.write(line(number));
    writeSync(file, 'after\n');

    expect(readFileSync(path, 'utf8')).toBe(`${upTo(3).map(line).join('')}after\n`);
  });
});

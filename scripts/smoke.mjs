// Starts Parley as somebody does who has just cloned it: `npm start`, no settings, an empty data folder. Twice, for the
// second start finds what the first left behind.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { freePort } from './services.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const START_MS = 60_000;
const STOP_MS = 30_000;

const main = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-smoke-'));
  try {
    await startAskAndStop('first', folder);
    await startAskAndStop('second', folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

const startAskAndStop = async (which, folder) => {
  const port = await freePort();
  const { PATH, HOME } = process.env;
  const child = spawn('npm', ['start'], {
    cwd: root,
    env: { PATH, HOME, PORT: `${port}`, DATA_DIR: folder },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true, // so that all of it can be ended where npm does not
  });
  const ended = new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal })));
  try {
    const begun = performance.now();
    await within(START_MS, `the ${which} start`, Promise.race([readyLine(child), failOnEnd(ended)]));
    console.log(`${which} start: ready after ${Math.round(performance.now() - begun)} ms`);

    await ask(port);

    child.kill('SIGTERM');
    const { code, signal } = await within(STOP_MS, 'SIGTERM', ended);
    if (code !== 0) throw new Error(`SIGTERM ended it with ${signal ?? `code ${code}`} instead of 0`);
  } finally {
    endGroup(child.pid);
  }
};

/** Resolves when the log says that it listens. */
const readyLine = async (child) => {
  const lines = createInterface({ input: child.stdout });
  await new Promise((resolve) => {
    lines.on('line', (line) => {
      console.log(`  ${line}`);
      if (line.includes('"Listening"')) resolve();
    });
  });
};

const failOnEnd = async (ended) => {
  const { code, signal } = await ended;
  throw new Error(`npm start ended with ${signal ?? `code ${code}`} before it was ready`);
};

const ask = async (port) => {
  const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ __typename viewer { id } }' }),
    signal: AbortSignal.timeout(10_000),
  });
  const answer = await response.text();
  const { data } = JSON.parse(answer);
  if (data?.__typename !== 'Query') throw new Error(`GraphQL answered ${response.status}: ${answer}`);
};

const within = async (milliseconds, what, promise) => {
  let timer;
  const late = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took more than ${milliseconds / 1000} s`)), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
};

const endGroup = (pid) => {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself, as it should.
  }
};

await main();

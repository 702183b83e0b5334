/** Databases that cannot be served, each refused at the start, with its code and the way out. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { startPgbouncer } from '../../support/pgbouncer.js';
import { createPostgres, psql, type Postgres } from '../parties/postgres.js';
import type { Run } from '../run.js';

interface Made {
  url: string;
  stop?: () => Promise<void>;
}

interface Case {
  name: string;
  code: number;
  says: RegExp;
  /** @returns its URL, and what to end afterwards */
  make(postgres: Postgres): Made | Promise<Made>;
}

const database = (postgres: Postgres, name: string, ...statements: string[]): Made => {
  for (const sql of [`CREATE DATABASE ${name} TEMPLATE template0`, ...statements]) psql(postgres, sql);
  return { url: postgres.url.replace(/postgres$/, name) };
};

const inEncoding = (encoding: string): Case => ({
  name: `a database in ${encoding}`,
  code: 65,
  says: new RegExp(`is ${encoding}, and it cannot hold what people write.*ENCODING 'UTF8'`),
  make: (postgres) => {
    const name = `in_${encoding.toLowerCase()}`;
    psql(postgres, `CREATE DATABASE ${name} TEMPLATE template0 ENCODING '${encoding}' LC_COLLATE 'C' LC_CTYPE 'C'`);
    return { url: postgres.url.replace(/postgres$/, name) };
  },
});

const cases: readonly Case[] = [
  inEncoding('LATIN1'),
  inEncoding('SQL_ASCII'),
  {
    name: 'a pooler in transaction mode',
    code: 65,
    says: /transaction by transaction.*pool_mode=session/,
    make: (postgres) => startPgbouncer({ url: database(postgres, 'pooled').url, mode: 'transaction' }),
  },
  {
    name: 'synchronous_commit=off',
    code: 65,
    says: /may lose what it has confirmed: synchronous_commit=off/,
    make: (postgres) => database(postgres, 'careless', 'ALTER DATABASE careless SET synchronous_commit = off'),
  },
  {
    name: 'a database that is read only',
    code: 69,
    says: /is read only: default_transaction_read_only is on/,
    make: (postgres) => database(postgres, 'closed', 'ALTER DATABASE closed SET default_transaction_read_only = on'),
  },
];

export const unfit: Run = {
  name: 'unfit',
  isGated: true,
  describe: `each of ${cases.length} databases that cannot be served is refused, untouched`,
  run: async ({ onProgress }) => {
    const postgres = await createPostgres();
    const complaints: string[] = [];
    let done = 0;
    try {
      for (const { name, code: expected, says, make } of cases) {
        const { url, stop } = await make(postgres);
        const { code, output } = await serve(url);
        await stop?.();
        if (code !== expected) complaints.push(`${name}: code ${code} instead of ${expected}: ${output}`);
        if (!says.test(output)) complaints.push(`${name}: it does not say so: ${output}`);
        const { pathname } = new URL(url);
        const past = { url: postgres.url.replace(/\/postgres$/, pathname) };
        const tables = psql(past, `SELECT count(*) FROM pg_tables WHERE schemaname = 'public'`);
        if (tables !== '0') complaints.push(`${name}: ${tables} tables were made`);
        onProgress((done += 1), cases.length);
      }
    } finally {
      await postgres.remove();
    }
    return { anomalies: [], complaints, figures: { refused: done } };
  },
};

const root = fileURLToPath(new URL('../../..', import.meta.url));
const PATIENCE_MS = 60_000;

/** Ended after a minute, if it serves. */
const serve = (url: string): Promise<{ code: number | null; output: string }> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, ['bin/parley.mjs', 'serve'], {
      cwd: root,
      env: {
        PATH: process.env.PATH,
        DATABASE_URL: url,
        TOKEN_SECRET: 'a secret that is only ever used here',
        PORT: '0',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text: Buffer) => (output = (output + text.toString()).slice(-2000)));
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code, output });
    });
  });

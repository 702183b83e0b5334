/** PgBouncer before a PostgreSQL that trusts everyone, on a port of its own, in a folder that goes when it stops. */
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from '../../scripts/services.mjs';

export interface Pgbouncer {
  /** Of the same database, through it. */
  url: string;
  stop(): Promise<void>;
}

export interface PgbouncerOptions {
  /** Of the database, past it. */
  url: string;
  mode: 'session' | 'transaction' | 'statement';
  /** Further lines of its configuration. */
  lines?: readonly string[];
}

const PATIENCE_MS = 10_000;

export const startPgbouncer = async ({ url, mode, lines = [] }: PgbouncerOptions): Promise<Pgbouncer> => {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'pgbouncer-'));
  const target = new URL(url);
  const user = decodeURIComponent(target.username);
  const password = decodeURIComponent(target.password);
  writeFileSync(join(folder, 'users'), `"${user}" ""\n`);
  writeFileSync(
    join(folder, 'pgbouncer.ini'),
    [
      '[databases]',
      `* = host=${target.hostname} port=${target.port || 5432} user=${user}${password === '' ? '' : ` password=${password}`}`,
      '[pgbouncer]',
      'listen_addr = 127.0.0.1',
      `listen_port = ${port}`,
      'unix_socket_dir =',
      'auth_type = any',
      `auth_file = ${join(folder, 'users')}`,
      `pool_mode = ${mode}`,
      ...lines,
    ].join('\n'),
  );
  const owner = unprivileged();
  if (owner !== undefined) chownSync(folder, owner.uid, owner.gid);
  chmodSync(folder, 0o755);

  const child = spawn('pgbouncer', [join(folder, 'pgbouncer.ini')], {
    ...owner,
    env: { PATH: [process.env.PATH, '/usr/sbin'].join(delimiter) }, // where Debian keeps it
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text: Buffer) => (said = (said + text.toString()).slice(-4000)));
  child.once('error', (error) => (said += error.message));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const endWithUs = () => child.kill('SIGTERM');
  process.once('exit', endWithUs);
  const stop = async () => {
    child.kill('SIGTERM'); // at once
    if (child.pid !== undefined) await ended;
    process.off('exit', endWithUs);
    rmSync(folder, { recursive: true, force: true });
  };

  const through = new URL(url);
  through.hostname = '127.0.0.1';
  through.port = String(port);
  const giveUpAt = performance.now() + PATIENCE_MS;
  while (!(await answers(through.href))) {
    if (child.pid === undefined || child.exitCode !== null || performance.now() > giveUpAt) {
      await stop();
      throw new Error(`pgbouncer did not start:\n${said}`);
    }
    await delay(20);
  }
  return { url: through.href, stop };
};

const answers = async (url: string): Promise<boolean> => {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  client.on('error', () => {});
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
};

/** It refuses to run as root. */
const unprivileged = (): { uid: number; gid: number } | undefined => {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
};

/** nginx as deploy/nginx.conf has it, on ports of its own, in a folder that goes when it stops. */
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../scripts/services.mjs';

/** A line of its access log. */
export interface AccessLine {
  status: number;
  path: string;
  /** Those that it asked, `127.0.0.1:4000, 127.0.0.1:4001`. */
  node: string;
  requestId: string;
}

export interface Nginx {
  url: string;
  port: number;
  /** What it has answered so far; streams and sockets once they are over. */
  accessLines(): AccessLine[];
  stop(): Promise<void>;
}

const PATIENCE_MS = 10_000;

/** @param upstreams the ports of node1 and node2 */
export const startNginx = async (upstreams: readonly [number, number]): Promise<Nginx> => {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'nginx-'));
  chmodSync(folder, 0o755); // its workers are somebody else where it is started as root
  const accessLog = join(folder, 'access.log');
  writeFileSync(accessLog, '');
  writeFileSync(join(folder, 'nginx.conf'), configuration(folder, accessLog, port, upstreams));

  const child = spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr', '-g', 'daemon off;'], {
    env: { PATH: [process.env.PATH, '/usr/sbin'].join(delimiter) }, // where Debian keeps it
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (text: Buffer) => (said = (said + text.toString()).slice(-4000)));
  child.once('error', (error) => (said += error.message));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  // At once, with its workers: an nginx that is told to quit waits for open sockets.
  const endWithUs = () => child.kill('SIGTERM');
  process.once('exit', endWithUs);

  const stop = async () => {
    child.kill('SIGTERM');
    if (child.pid !== undefined) await ended;
    process.off('exit', endWithUs);
    rmSync(folder, { recursive: true, force: true });
  };

  const url = `http://127.0.0.1:${port}`;
  const giveUpAt = performance.now() + PATIENCE_MS;
  while (!(await listens(url))) {
    if (child.pid === undefined || child.exitCode !== null || performance.now() > giveUpAt) {
      await stop();
      throw new Error(`nginx did not start:\n${said}`);
    }
    await delay(20);
  }

  return {
    url,
    port,
    accessLines: () =>
      readFileSync(accessLog, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as AccessLine),
    stop,
  };
};

/** The real file; only where things are differs. */
const configuration = (folder: string, accessLog: string, port: number, [one, other]: readonly [number, number]) => {
  let text = readFileSync(new URL('../../deploy/nginx.conf', import.meta.url), 'utf8');
  const replace = (from: string, to: string) => {
    if (text.split(from).length !== 2) throw new Error(`deploy/nginx.conf does not have ${from} exactly once`);
    text = text.replace(from, to);
  };
  replace('listen 8080;', `listen 127.0.0.1:${port};`);
  replace('server node1:4000 ', `server 127.0.0.1:${one} `);
  replace('server node2:4000 ', `server 127.0.0.1:${other} `);
  replace('pid /tmp/nginx.pid;', `pid ${join(folder, 'nginx.pid')};`);
  replace('error_log /dev/stderr ', 'error_log stderr ');
  replace('access_log /dev/stdout ', `access_log ${accessLog} `);
  replace('worker_rlimit_nofile 65536;', '');
  replace('worker_processes auto;', 'worker_processes 2;');
  // Debian's own are root's.
  const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${join(folder, name)};`,
  );
  replace('http {', `http { ${places.join(' ')}`);
  return text;
};

const listens = (url: string): Promise<boolean> =>
  fetch(`${url}/health/live`).then(
    () => true,
    () => false,
  );

/** nginx as deploy/ has it, on ports of its own, in a folder that goes when it stops. */
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
  /** With HTTPS: where that is, where it sends HTTP, and the certificate that it made for itself, in PEM. */
  secure: { url: string; redirectingUrl: string; certificate: string } | undefined;
  /** What it has answered so far; streams and sockets once they are over. */
  accessLines(): AccessLine[];
  stop(): Promise<void>;
}

interface NginxOptions {
  /** With nginx-tls.conf beside it. */
  tls?: boolean;
  /** Further ones, as somebody may write them. */
  locations?: string;
}

const PATIENCE_MS = 10_000;
const PATHS = { PATH: [process.env.PATH, '/usr/sbin'].join(delimiter) }; // where Debian keeps it

/** @param upstreams the ports of node1 and node2 */
export const startNginx = async (
  upstreams: readonly [number, number],
  { tls = false, locations = '' }: NginxOptions = {},
): Promise<Nginx> => {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'nginx-'));
  chmodSync(folder, 0o755); // its workers are somebody else where it is started as root
  const accessLog = join(folder, 'access.log');
  writeFileSync(accessLog, '');
  writeFileSync(join(folder, 'nginx.conf'), configuration(folder, accessLog, port, upstreams));
  writeFileSync(join(folder, 'nginx-parley.conf'), read('nginx-parley.conf') + locations);
  const secure = tls ? await prepareTls(folder) : undefined;

  const child = spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr', '-g', 'daemon off;'], {
    env: PATHS,
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
    secure,
    accessLines: () =>
      readFileSync(accessLog, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as AccessLine),
    stop,
  };
};

const read = (name: string) => readFileSync(new URL(`../../deploy/${name}`, import.meta.url), 'utf8');

/** Puts something else in the place of what must be there exactly once. */
const replacing = (name: string) => {
  let text = read(name);
  return {
    replace: (from: string, to: string) => {
      if (text.split(from).length !== 2) throw new Error(`deploy/${name} does not have ${from} exactly once`);
      text = text.replace(from, to);
    },
    text: () => text,
  };
};

/** HTTPS, with a certificate of its own for 127.0.0.1 and localhost, and a file for Certbot, `of-ours`. */
const prepareTls = async (folder: string) => {
  const [port, redirectingPort] = [await freePort(), await freePort()];
  const { replace, text } = replacing('nginx-tls.conf');
  replace('listen 8443 ssl;', `listen 127.0.0.1:${port} ssl${isOld() ? ' http2' : ''};`);
  if (isOld()) replace('\n  http2 on;\n', '\n');
  replace('listen 8081;', `listen 127.0.0.1:${redirectingPort};`);
  replace('https://$host$', `https://$host:${port}$`);
  replace('root /var/www/acme;', `root ${join(folder, 'acme')};`);
  writeFileSync(join(folder, 'nginx-tls.conf'), text());

  const challenges = join(folder, 'acme', '.well-known', 'acme-challenge');
  mkdirSync(challenges, { recursive: true });
  writeFileSync(join(challenges, 'of-ours'), 'the answer');

  const certificates = join(folder, 'certificate');
  mkdirSync(certificates);
  const files = ['-keyout', join(certificates, 'privkey.pem'), '-out', join(certificates, 'fullchain.pem')];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...files, ...names], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return {
    url: `https://127.0.0.1:${port}`,
    redirectingUrl: `http://127.0.0.1:${redirectingPort}`,
    certificate: readFileSync(join(certificates, 'fullchain.pem'), 'utf8'),
  };
};

/** Debian's may be one to which HTTP/2 is said as nginx-tls.conf says for it. */
const isOld = (): boolean => {
  // It says so on standard error.
  const said = execFileSync('sh', ['-c', 'nginx -v 2>&1'], { env: PATHS, encoding: 'utf8' });
  const [, major, minor] = /nginx\/(\d+)\.(\d+)/.exec(said)!.map(Number);
  return major! < 1 || (major === 1 && minor! < 25);
};

/** The real file; only where things are differs. */
const configuration = (folder: string, accessLog: string, port: number, [one, other]: readonly [number, number]) => {
  const { replace, text } = replacing('nginx.conf');
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
  return text();
};

const listens = (url: string): Promise<boolean> =>
  fetch(`${url}/health/live`).then(
    () => true,
    () => false,
  );

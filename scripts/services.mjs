// PostgreSQL and Redis of one's own: on a free port of 127.0.0.1, in a folder that goes when they stop, from whatever is
// installed. For tests and benchmarks; what is in them is not meant to survive.
import { execFileSync, spawn } from 'node:child_process';
import { accessSync, chownSync, constants, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import pg from 'pg';

const PATIENCE_MS = 20_000;

/**
 * @typedef {object} Service
 * @property {string} url
 * @property {number} port
 * @property {number} pid
 * @property {string} folder its own; PostgreSQL's socket is there
 * @property {() => Promise<void>} stop ends the process and removes its folder
 */

/**
 * Starts a PostgreSQL server that trusts everyone on this machine.
 *
 * @param {{ port?: number, settings?: Record<string, string | number>, standbyOf?: string }} [options] a free port by default;
 * `settings` as in postgresql.conf; `standbyOf` is the URL of the server whose standby it is
 * @returns {Promise<Service>} ready; `url` is the superuser's, for the database `postgres`
 */
export const startPostgres = async ({ port, settings = {}, standbyOf } = {}) => {
  const ownPort = port ?? (await freePort());
  const { folder, data, user } = newCluster(tmpdir(), standbyOf);
  const given = Object.entries({ fsync: 'off', max_connections: 200, ...settings });
  const url = `postgresql://parley@127.0.0.1:${ownPort}/postgres`;
  return startService({
    command: binary('postgres'),
    args: [
      '-D',
      data,
      '-p',
      `${ownPort}`,
      '-h',
      '127.0.0.1',
      '-k',
      folder,
      ...given.flatMap(([k, v]) => ['-c', `${k}=${v}`]),
    ],
    options: { ...user, cwd: folder },
    folder,
    stopSignal: 'SIGQUIT', // at once: its folder goes anyway
    url,
    port: ownPort,
    isReady: () => canUsePostgres(url),
  });
};

/**
 * Makes an empty cluster that trusts everyone on this machine.
 *
 * @param {string} [parent] where; among the temporary files unless given
 * @param {string} [standbyOf] the URL of a server: then it is that one's standby
 * @returns {{ folder: string, data: string, user: { uid?: number, gid?: number } }} its data in a folder that is the
 * caller's to remove, and who must run it
 */
export const newCluster = (parent = tmpdir(), standbyOf) => {
  const user = unprivilegedUser();
  const folder = mkdtempSync(join(parent, 'parley-postgres-'));
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  try {
    const [program, args] =
      standbyOf === undefined
        ? ['initdb', ['-U', 'parley', '--auth=trust', '--encoding=UTF8', '--locale=C']]
        : ['pg_basebackup', ['-d', standbyOf, '-R', '-X', 'stream', '--checkpoint=fast']];
    execFileSync(binary(program), ['-D', data, ...args, '--no-sync'], {
      ...user,
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return { folder, data, user };
};

/**
 * Starts a Redis server that writes nothing to disk.
 *
 * @param {{ port?: number, args?: string[], settings?: string, password?: string }} [options] a free port by default;
 * `settings` as in redis.conf, in a file that a Sentinel may write to
 * @returns {Promise<Service>} ready
 */
export const startRedis = async ({ port, args = [], settings, password } = {}) => {
  const ownPort = port ?? (await freePort());
  const folder = mkdtempSync(join(tmpdir(), 'parley-redis-'));
  const file = join(folder, 'redis.conf');
  if (settings) writeFileSync(file, `port ${ownPort}\nbind 127.0.0.1\ndir ${folder}\n${settings}\n`);
  const url = `redis://${password ? `:${encodeURIComponent(password)}@` : ''}127.0.0.1:${ownPort}`;
  const locked = password ? ['--requirepass', password, '--masterauth', password] : [];
  return startService({
    command: binary('redis-server'),
    args: settings
      ? [file, ...args]
      : [
          '--port',
          `${ownPort}`,
          '--bind',
          '127.0.0.1',
          '--dir',
          folder,
          '--save',
          '',
          '--appendonly',
          'no',
          ...locked,
          ...args,
        ],
    options: { cwd: folder },
    folder,
    stopSignal: 'SIGTERM',
    url,
    port: ownPort,
    isReady: () => canUseRedis(url),
  });
};

/** @returns {Promise<boolean>} whether `url` leads to a PostgreSQL server where databases may be created */
export const canUsePostgres = async (url) => {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query(
      'SELECT rolcreatedb OR rolsuper AS can FROM pg_roles WHERE rolname = current_user',
    );
    return rows[0]?.can === true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
};

/** @returns {Promise<boolean>} whether a Redis server answers there */
export const canUseRedis = async (url) => {
  const redis = new Redis(url, { lazyConnect: true, connectTimeout: 2000, commandTimeout: 2000, retryStrategy: null });
  redis.on('error', () => {});
  try {
    await redis.connect();
    return (await redis.ping()) === 'PONG';
  } catch {
    return false;
  } finally {
    redis.disconnect();
  }
};

/**
 * Below the ports that systems give to outgoing connections: one of those could have it by the time that a server comes back to it.
 *
 * @returns {Promise<number>} a port of 127.0.0.1 that was free a moment ago, another one each time
 */
export const freePort = async () => {
  for (;;) {
    const port = 10_240 + Math.floor(Math.random() * (32_768 - 10_240));
    if (!handedOut.has(port) && (await isFree(port))) {
      handedOut.add(port);
      return port;
    }
  }
};

const handedOut = new Set();

/** @param {number} port */
const isFree = (port) =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

const startService = async ({ command, args, options, folder, stopSignal, url, port, isReady }) => {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text) => (output = (output + text).slice(-4000)));
  child.on('error', (error) => (output += error.message));
  const ended = new Promise((resolve) => child.once('close', resolve));
  const endWithUs = () => child.kill(stopSignal);
  process.once('exit', endWithUs);

  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill(stopSignal);
    await ended;
    process.off('exit', endWithUs);
    rmSync(folder, { recursive: true, force: true });
  };

  const giveUpAt = Date.now() + PATIENCE_MS;
  while (!(await isReady())) {
    if (child.exitCode === null && child.signalCode === null && child.pid && Date.now() < giveUpAt) await delay(50);
    else {
      await stop();
      throw new Error(`${command} did not start:\n${output}`);
    }
  }
  return { url, port, pid: child.pid, folder, stop };
};

/**
 * Debian keeps PostgreSQL's programs away from PATH.
 *
 * @returns {string} the program's path
 */
export const binary = (name) => {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...(process.env.PATH ?? '').split(delimiter),
    ...versions.map((version) => join(debian, version, 'bin')),
  ];
  const found = folders.map((folder) => join(folder, name)).find(isExecutable);
  if (!found) throw new Error(`${name} is not installed`);
  return found;
};

const isExecutable = (path) => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** PostgreSQL refuses to run as root. */
const unprivilegedUser = () => {
  if (process.getuid?.() !== 0) return {};
  const id = (flag) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
};

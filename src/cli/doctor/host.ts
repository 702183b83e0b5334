/** Checks this machine: open files, disk space, ports. */
import { createServer } from 'node:net';
import type { Config } from '../../config.js';
import { exitCodes } from '../../exit-codes.js';
import { ok, type Finding } from '../../finding.js';
import { checkOpenFiles, checkRoom } from '../../machine.js';
import { attempt, type Check } from './check.js';
import { fetchWithin } from './fetch-within.js';

export async function* checkHost({ databaseUrl, tokenSecret, dataDir }: Partial<Config>): AsyncGenerator<Check> {
  yield attempt('open files', () => checkOpenFiles());
  // Otherwise the folder is not used.
  if (dataDir !== undefined && (databaseUrl === undefined || tokenSecret === undefined))
    yield attempt('disk', () => checkRoom(dataDir));
}

interface Address {
  /** The settings of its host and its port. */
  settings: [host: string, port: string];
  host: string | undefined;
  port: number | undefined;
  /** What should listen there, and how to recognise a Parley that already does. */
  what: string;
  isOurs: (origin: string) => Promise<boolean>;
}

export async function* checkListening(config: Partial<Config>): AsyncGenerator<Check> {
  const { host, port, metricsHost, metricsPort } = config;
  yield* checkOne('address', { settings: ['HOST', 'PORT'], host, port, what: 'Parley is', isOurs: isParley });
  const metrics = { host: metricsHost, port: metricsPort, what: 'The metrics of Parley are', isOurs: hasMetrics };
  yield* checkOne('metrics', { settings: ['METRICS_HOST', 'METRICS_PORT'], ...metrics });
}

async function* checkOne(name: string, address: Address): AsyncGenerator<Check> {
  const { settings, host, port } = address;
  if (host === undefined || port === undefined || port === 0) return;
  yield attempt(name, () => checkAddress({ ...address, host, port }), {
    code: exitCodes.addressUnavailable,
    remedy: `Set ${settings[0]} to an address of this machine, and ${settings[1]} to a port that this user may listen on`,
  });
}

const checkAddress = async ({
  settings,
  host,
  port,
  what,
  isOurs,
}: Address & { host: string; port: number }): Promise<Finding> => {
  const error = await tryListening(host, port);
  if (error === undefined) return ok(`${host}:${port} is free`);
  if (error.code !== 'EADDRINUSE') throw error;
  const reached = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : host.includes(':') ? `[${host}]` : host;
  if (await isOurs(`http://${reached}:${port}`)) return ok(`${what} running already at ${host}:${port}`);
  return {
    outcome: 'refusal',
    sentence: `Another program listens on ${host}:${port}`,
    remedy: `Stop it, or set ${settings[1]} to another port`,
  };
};

const tryListening = (host: string, port: number): Promise<NodeJS.ErrnoException | undefined> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', resolve);
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });

const ANSWERS_WITHIN_MS = 2000;

const ask = (url: string) => fetchWithin(url, ANSWERS_WITHIN_MS);

const isParley = async (origin: string): Promise<boolean> => {
  try {
    const { headers, text } = await ask(`${origin}/health/live`);
    return headers.has('x-request-id') && (JSON.parse(text) as { status?: unknown }).status === 'ok';
  } catch {
    return false;
  }
};

const hasMetrics = async (origin: string): Promise<boolean> => {
  try {
    return (await ask(`${origin}/metrics`)).text.includes('parley_build_info');
  } catch {
    return false;
  }
};

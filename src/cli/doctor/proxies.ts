/** What stands between clients and a node, asked from the clients' side. A start does not depend on it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../../config.js';
import { DOCTOR_HEADER, proveDoctor, type Arrival } from '../../doctor-proof.js';
import { ok, type Finding } from '../../finding.js';
import { tokenSecretFile } from '../../secret.js';
import { attempt, type Check } from './check.js';
import { fetchWithin } from './fetch-within.js';
import { checkWebSocket } from './web-socket.js';

const ANSWERS_WITHIN_MS = 10_000;
/** Of nobody (RFC 5737): what is left of it, and after it, tells what proxies have done. */
const MARK = '192.0.2.77';

export async function* checkProxies(config: Partial<Config>, url: URL): AsyncGenerator<Check> {
  const base = url.href.replace(/\/(graphql\/?)?$/, '');
  const secret = await secretOf(config);
  const arrival = await attempt('url', () => ask(`${base}/health/live`, secret));
  yield arrival;
  if (arrival.outcome !== 'ok') return;
  if (secret !== undefined) yield attempt('proxies', () => checkForwarded(`${base}/health/live`, secret));
  yield attempt('origin', () => checkOrigin(`${base}/graphql`, url.origin));
  yield attempt('websocket', () => checkWebSocket(`${base}/graphql`, ANSWERS_WITHIN_MS));
}

/** As the nodes have it. */
const secretOf = async ({ tokenSecret, dataDir }: Partial<Config>): Promise<string | undefined> =>
  tokenSecret ?? (await readFile(join(dataDir ?? '.', tokenSecretFile), 'utf8').catch(() => undefined))?.trim();

const send = (url: string, init?: RequestInit) => fetchWithin(url, ANSWERS_WITHIN_MS, init);

const ask = async (url: string, secret: string | undefined): Promise<Finding> => {
  try {
    const { status } = await send(url);
    if (status !== 200) {
      return {
        outcome: 'warning',
        sentence: `${url} is answered with ${status} instead of 200`,
        remedy:
          'Let what stands in front hand on all paths, /health and /graphql among them, and give --url what clients use',
      };
    }
    if (secret === undefined) return ok(`${url} answers; with TOKEN_SECRET here it would also be asked about proxies`);
    return ok(`${url} answers`);
  } catch (error) {
    return {
      outcome: 'warning',
      sentence: `${url} cannot be reached: ${reasonOf(error)}`,
      remedy: 'Look at its name, its certificate, and what stands in front',
    };
  }
};

const reasonOf = (error: unknown): string => {
  const { cause, message } = error as Error;
  return (cause instanceof Error ? cause.message : message).replace(/\s+/g, ' ').trim();
};

const checkForwarded = async (url: string, secret: string): Promise<Finding> => {
  const { headers } = await send(url, {
    headers: { [DOCTOR_HEADER]: proveDoctor(secret, Date.now()), 'X-Forwarded-For': MARK },
  });
  const told = headers.get(DOCTOR_HEADER);
  if (told === null) {
    return {
      outcome: 'warning',
      sentence:
        'The node there does not know this TOKEN_SECRET, or is older than this version, or what stands in front hands no headers on',
      remedy: 'Run this with the settings that the nodes have',
    };
  }
  const { forwarded, trustProxy } = JSON.parse(told) as Arrival;
  return judgeForwarded(forwarded, trustProxy);
};

/** @param forwarded X-Forwarded-For as a node saw it, of a request that brought `MARK` in it */
export const judgeForwarded = (forwarded: readonly string[], trustProxy: number): Finding => {
  const at = forwarded.indexOf(MARK);
  // Whoever comes first may well throw away what clients claim.
  const proxies = forwarded.length - 1 - at;
  const added = `${proxies === 0 ? 'No proxy adds' : proxies === 1 ? 'One proxy adds' : `${proxies} proxies add`} to X-Forwarded-For`;
  if (proxies === trustProxy) return ok(`${added}, as TRUST_PROXY=${trustProxy} has it`);
  return {
    outcome: 'warning',
    sentence:
      proxies > trustProxy
        ? `${added}, and TRUST_PROXY is ${trustProxy}: all people have the address of a proxy, and share its limits`
        : `${added}, and TRUST_PROXY is ${trustProxy}: anybody can claim any address, and so have no limits`,
    remedy: `Set TRUST_PROXY=${proxies} for the nodes, if all clients come by this URL`,
  };
};

const checkOrigin = async (url: string, origin: string): Promise<Finding> => {
  const { status } = await send(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Origin: origin },
    body: '{"query":"{ __typename }"}',
  });
  if (status === 200) return ok(`Pages of ${origin} may use it`);
  if (status !== 403)
    return {
      outcome: 'warning',
      sentence: `${url} answers a query with ${status} instead of 200`,
      remedy: 'Look at what stands in front',
    };
  return {
    outcome: 'warning',
    sentence: `Pages of ${origin} may not use it: what stands in front does not hand on Host as the browser sent it, or ALLOWED_ORIGINS lacks them`,
    remedy: `Have it hand on Host, or add ${origin} to ALLOWED_ORIGINS`,
  };
};

/** Checks the proxies between clients and a node from the clients' side. A start does not depend on them. */
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
/** An address that nobody has (RFC 5737). What follows it in X-Forwarded-For was added by proxies. */
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

/** The secret of the nodes, if it is known here. */
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
          'Make the proxy in front forward all paths, including /health and /graphql, and give --url the URL that clients use',
      };
    }
    if (secret === undefined) return ok(`${url} answers; proxies are only checked if TOKEN_SECRET is set here`);
    return ok(`${url} answers`);
  } catch (error) {
    return {
      outcome: 'warning',
      sentence: `${url} cannot be reached: ${reasonOf(error)}`,
      remedy: 'Check its name, its certificate and the proxies in front',
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
        'The node does not have this TOKEN_SECRET, or is older than this version, or a proxy in front drops headers',
      remedy: "Run this with the nodes' settings",
    };
  }
  const { forwarded, trustProxy } = JSON.parse(told) as Arrival;
  return judgeForwarded(forwarded, trustProxy);
};

/** @param forwarded X-Forwarded-For as a node saw it, of a request sent with `MARK` in it */
export const judgeForwarded = (forwarded: readonly string[], trustProxy: number): Finding => {
  const at = forwarded.indexOf(MARK);
  // The outermost proxy may discard the client's value.
  const proxies = forwarded.length - 1 - at;
  const added = `${proxies === 0 ? 'No proxy adds' : proxies === 1 ? 'One proxy adds' : `${proxies} proxies add`} to X-Forwarded-For`;
  if (proxies === trustProxy) return ok(`${added}, which matches TRUST_PROXY=${trustProxy}`);
  return {
    outcome: 'warning',
    sentence:
      proxies > trustProxy
        ? `${added}, but TRUST_PROXY is ${trustProxy}: all clients count as the address of a proxy, and share its limits`
        : `${added}, but TRUST_PROXY is ${trustProxy}: a client can claim any address, and so evade the limits`,
    remedy: `Set TRUST_PROXY=${proxies} on the nodes, if all clients use this URL`,
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
      remedy: 'Check the proxies in front',
    };
  return {
    outcome: 'warning',
    sentence: `Pages of ${origin} may not use it: a proxy in front does not forward Host as the browser sent it, or ALLOWED_ORIGINS lacks the origin`,
    remedy: `Make the proxy forward Host, or add ${origin} to ALLOWED_ORIGINS`,
  };
};

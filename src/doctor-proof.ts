/**
 * How `parley doctor --url` and a node behind that URL know each other: by TOKEN_SECRET, which both have and nobody else. So the
 * node tells how a request has reached it to nobody but whoever runs it.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** Of the request a proof, of the answer an `Arrival`. */
export const DOCTOR_HEADER = 'x-parley-doctor';

/** How a request has reached a node. */
export interface Arrival {
  version: string;
  /** The node's TRUST_PROXY. */
  trustProxy: number;
  /** X-Forwarded-For, as it came. */
  forwarded: string[];
}

const GOOD_FOR_MS = 300_000;

/** @param at milliseconds since 1970: a proof is good for five minutes before and after */
export const proveDoctor = (secret: string, at: number): string => `${at}.${signatureOf(secret, at)}`;

export const isDoctor = (secret: string, proof: string, now: number): boolean => {
  const [, at, signature] = /^(\d{1,16})\.([\w-]{43})$/.exec(proof) ?? [];
  if (at === undefined || Math.abs(now - Number(at)) > GOOD_FOR_MS) return false;
  return timingSafeEqual(Buffer.from(signature!), Buffer.from(signatureOf(secret, Number(at))));
};

const signatureOf = (secret: string, at: number) =>
  createHmac('sha256', secret).update(`parley doctor ${at}`).digest('base64url');

/**
 * How `parley doctor --url` proves itself to a node behind that URL: by TOKEN_SECRET, which only the two have. So the node tells
 * only its operator how a request reached it.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** Carries the proof in the request, and an `Arrival` in the answer. */
export const DOCTOR_HEADER = 'x-parley-doctor';

/** How a request has reached a node. */
export interface Arrival {
  version: string;
  /** The node's TRUST_PROXY. */
  trustProxy: number;
  /** X-Forwarded-For, as received. */
  forwarded: string[];
}

const GOOD_FOR_MS = 300_000;

/** @param at milliseconds since 1970. A proof is valid for five minutes before and after */
export const proveDoctor = (secret: string, at: number): string => `${at}.${signatureOf(secret, at)}`;

export const isDoctor = (secret: string, proof: string, now: number): boolean => {
  const [, at, signature] = /^(\d{1,16})\.([\w-]{43})$/.exec(proof) ?? [];
  if (at === undefined || Math.abs(now - Number(at)) > GOOD_FOR_MS) return false;
  return timingSafeEqual(Buffer.from(signature!), Buffer.from(signatureOf(secret, Number(at))));
};

const signatureOf = (secret: string, at: number) =>
  createHmac('sha256', secret).update(`parley doctor ${at}`).digest('base64url');

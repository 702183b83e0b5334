/** Tells `parley doctor --url`, and nobody else, how its request reached this node. */
import type { IncomingMessage } from 'node:http';
import { DOCTOR_HEADER, isDoctor, type Arrival } from '../doctor-proof.js';

export interface ArrivalOptions {
  /** The secrets that sign or signed the node's tokens. */
  secrets: readonly string[];
  version: string;
  trustProxy: number;
}

/** @returns the value of `DOCTOR_HEADER`, or undefined for any other client */
export type TellArrival = (request: IncomingMessage) => string | undefined;

export const createTellArrival =
  ({ secrets, version, trustProxy }: ArrivalOptions): TellArrival =>
  (request) => {
    const proof = request.headers[DOCTOR_HEADER];
    if (typeof proof !== 'string' || !secrets.some((secret) => isDoctor(secret, proof, Date.now()))) return undefined;
    const forwarded = [request.headers['x-forwarded-for'] ?? []].flat().join(',').split(',');
    const arrival: Arrival = {
      version,
      trustProxy,
      // The last 20 are enough; a header can hold far more.
      forwarded: forwarded
        .map((address) => address.trim().slice(0, 64))
        .filter(Boolean)
        .slice(-20),
    };
    return JSON.stringify(arrival).replaceAll(/[^\x20-\x7e]/g, '?');
  };

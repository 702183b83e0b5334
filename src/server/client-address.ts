/** The client's address, behind the proxies in front. */
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

/**
 * @param proxies how many stand in front, each appending the address it saw to X-Forwarded-For; anything further left in that
 *   header may be forged
 * @returns null if the connection is already gone
 */
export const clientAddress = (request: IncomingMessage, proxies: number): string | null => {
  const peer = request.socket.remoteAddress ?? null;
  if (proxies === 0) return peer;
  const forwarded = [request.headers['x-forwarded-for'] ?? []].flat().join(',').split(',');
  const seen = forwarded.map(withoutPort).filter((address) => address !== '');
  const address = seen.at(-Math.min(proxies, seen.length)) ?? '';
  return isIP(address) === 0 ? peer : address;
};

/** Removes the port that some proxies write: `203.0.113.9:4711`, `[2001:db8::1]:4711`. */
const withoutPort = (written: string): string => {
  const text = written.trim();
  const bracketed = /^\[([^\]]*)\](:\d+)?$/.exec(text);
  if (bracketed) return bracketed[1]!;
  return /^[^:]+:\d+$/.test(text) ? text.slice(0, text.indexOf(':')) : text;
};

/** Where a request comes from, seen past the proxies in front. */
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

/**
 * @param proxies how many stand in front, each adding the address that it saw to X-Forwarded-For; what is further left
 *   in that header anyone may have written
 * @returns null where the connection is gone already
 */
export const clientAddress = (request: IncomingMessage, proxies: number): string | null => {
  const peer = request.socket.remoteAddress ?? null;
  if (proxies === 0) return peer;
  const forwarded = [request.headers['x-forwarded-for'] ?? []].flat().join(',').split(',');
  const seen = forwarded.map(withoutPort).filter((address) => address !== '');
  const address = seen.at(-Math.min(proxies, seen.length)) ?? '';
  return isIP(address) === 0 ? peer : address;
};

/** `203.0.113.9:4711` and `[2001:db8::1]:4711`, as some proxies write them, without the port. */
const withoutPort = (written: string): string => {
  const text = written.trim();
  const bracketed = /^\[([^\]]*)\](:\d+)?$/.exec(text);
  if (bracketed) return bracketed[1]!;
  return /^[^:]+:\d+$/.test(text) ? text.slice(0, text.indexOf(':')) : text;
};

/**
 * Which web pages may use this server, over HTTP and WebSocket. Cookies are never credentials, so the check protects the
 * visitor's position in the network, not their session.
 */
import type { IncomingMessage } from 'node:http';

export interface OriginOptions {
  /** `*`, a list of origins as browsers write them, or undefined: the server's own. */
  allowedOrigins: '*' | readonly string[] | undefined;
  /** Whether only this machine can reach the server. */
  isLoopback: boolean;
  /** Whether a proxy stands in front. Then Host is the server's public name. */
  isProxied: boolean;
}

/** @returns whether its Origin may use this server. A request without Origin is not from a page, and is allowed (C13) */
export type OriginCheck = (request: IncomingMessage) => boolean;

export const createOriginCheck = ({ allowedOrigins, isLoopback, isProxied }: OriginOptions): OriginCheck => {
  const isOwn = (origin: URL, request: IncomingMessage) => {
    if (isLoopback && isLocal(origin.hostname)) return true;
    // Any name can resolve to 127.0.0.1 (DNS rebinding), so on loopback Host proves nothing.
    return (!isLoopback || isProxied) && isSameHost(origin, request.headers.host);
  };

  return (request) => {
    const { origin } = request.headers;
    if (origin === undefined || allowedOrigins === '*') return true;
    if (allowedOrigins !== undefined) return allowedOrigins.includes(origin.toLowerCase());
    // "null" (a sandboxed frame, a file) never equals the server's own origin.
    return URL.canParse(origin) && isOwn(new URL(origin), request);
  };
};

/** Whether a name always resolves to this machine. */
export const isLocal = (hostname: string) =>
  /^(localhost|([a-z0-9-]+\.)+localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);

const isSameHost = (origin: URL, host: string | undefined): boolean => {
  // Parsed with the origin's scheme, so that its default port and no port are equal.
  const own = `${origin.protocol}//${host}`;
  return /^https?:$/.test(origin.protocol) && URL.canParse(own) && new URL(own).host === origin.host;
};

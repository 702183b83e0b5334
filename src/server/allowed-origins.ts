/**
 * Which web pages may use this server, by HTTP and by WebSocket. No cookie is ever a credential, so this keeps a page from
 * using the visitor's network place, not their rights.
 */
import type { IncomingMessage } from 'node:http';

export interface OriginOptions {
  /** `*`, a list as browsers write them, or undefined: the server's own. */
  allowedOrigins: '*' | readonly string[] | undefined;
  /** Whether only this machine can reach the server. */
  isLoopback: boolean;
  /** Whether a proxy stands in front, whose Host then is the server's name. */
  isProxied: boolean;
}

/** @returns whether its Origin may use this server; one that sends none is no page, and may (C13) */
export type OriginCheck = (request: IncomingMessage) => boolean;

export const createOriginCheck = ({ allowedOrigins, isLoopback, isProxied }: OriginOptions): OriginCheck => {
  const isOwn = (origin: URL, request: IncomingMessage) => {
    if (isLoopback && isLocal(origin.hostname)) return true;
    // Any name can be made to lead to 127.0.0.1 (DNS rebinding), so there the Host proves nothing.
    return (!isLoopback || isProxied) && isSameHost(origin, request.headers.host);
  };

  return (request) => {
    const { origin } = request.headers;
    if (origin === undefined || allowedOrigins === '*') return true;
    if (allowedOrigins !== undefined) return allowedOrigins.includes(origin.toLowerCase());
    // "null" (a sandboxed frame, a file) is nobody's own.
    return URL.canParse(origin) && isOwn(new URL(origin), request);
  };
};

/** Whether a name always leads to this machine. */
export const isLocal = (hostname: string) =>
  /^(localhost|([a-z0-9-]+\.)+localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);

const isSameHost = (origin: URL, host: string | undefined): boolean => {
  // Parsed by the origin's own scheme, so that :443 and nothing are the same.
  const own = `${origin.protocol}//${host}`;
  return /^https?:$/.test(origin.protocol) && URL.canParse(own) && new URL(own).host === origin.host;
};

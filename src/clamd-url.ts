/** CLAMD_URL: where the virus scanner listens. */

/** For `net.connect`. */
export type ClamdWay = { host: string; port: number } | { path: string };

const PORT = 3310;

/** @returns undefined if the URL is malformed */
export const readClamdUrl = (written: string): ClamdWay | undefined => {
  if (!URL.canParse(written)) return undefined;
  const { protocol, hostname, port, pathname } = new URL(written);
  if (protocol === 'unix:')
    return hostname === '' && pathname.length > 1 ? { path: decodeURIComponent(pathname) } : undefined;
  if (protocol !== 'tcp:' || hostname === '' || !/^\/?$/.test(pathname)) return undefined;
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: port === '' ? PORT : Number(port) };
};

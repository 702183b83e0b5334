/** Warns once about a proxy in front that TRUST_PROXY does not count. */
import type { IncomingMessage } from 'node:http';
import type { Logger } from '../log-line.js';

/** @returns call it with every request, including those that become sockets */
export const createProxyNotice = (trustProxy: number, logger: Logger): ((request: IncomingMessage) => void) => {
  let isOver = trustProxy > 0;
  return ({ headers }) => {
    if (isOver || headers['x-forwarded-for'] === undefined) return;
    isOver = true;
    logger.warn(
      { setting: 'TRUST_PROXY', value: trustProxy },
      'A request has X-Forwarded-For, but TRUST_PROXY is 0: all clients behind that proxy count as one address, and share its limits for ' +
        'signing in and registering. Set TRUST_PROXY to the number of proxies in front. If there is none, a client set the header, ' +
        'and there is nothing to do',
    );
  };
};

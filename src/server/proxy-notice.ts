/** Says once that a proxy seems to stand in front of which the settings know nothing. */
import type { IncomingMessage } from 'node:http';
import type { Logger } from '../log-line.js';

/** @returns to be shown every request, and every one that becomes a socket */
export const createProxyNotice = (trustProxy: number, logger: Logger): ((request: IncomingMessage) => void) => {
  let isOver = trustProxy > 0;
  return ({ headers }) => {
    if (isOver || headers['x-forwarded-for'] === undefined) return;
    isOver = true;
    logger.warn(
      { setting: 'TRUST_PROXY', value: trustProxy },
      'A request has X-Forwarded-For, and TRUST_PROXY is 0: all people behind that proxy count as one address, and share its limits of ' +
        'signing in and registering. Set TRUST_PROXY to the number of proxies in front; where there is none, a client wrote the header, ' +
        'and nothing need be done',
    );
  };
};

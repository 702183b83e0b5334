/** Logs an operator's changes to accounts on standard error. Standard output is for the operator. */
import { standardError } from '../line-output.js';
import type { LogFields } from '../log-line.js';
import { createLineLogger } from '../logger.js';

export const audit = (act: string, outcome: string, about: LogFields): void => {
  const logger = createLineLogger(standardError(), { level: 'info', isPretty: process.stderr.isTTY });
  logger.info({ audit: act, outcome, by: 'operator', uid: process.getuid?.(), about }, 'Audit');
};

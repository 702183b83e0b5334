/** What an operator did to accounts, as a log line on standard error: beside what they are told on standard output. */
import { standardError } from '../line-output.js';
import type { LogFields } from '../log-line.js';
import { createLineLogger } from '../logger.js';

export const audit = (act: string, outcome: string, about: LogFields): void => {
  const logger = createLineLogger(standardError(), { level: 'info', isPretty: process.stderr.isTTY });
  logger.info({ audit: act, outcome, by: 'operator', uid: process.getuid?.(), about }, 'Audit');
};

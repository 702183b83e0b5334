/** A logger that counts the lines that should alert an operator. */
import type { Logger, WriteLogLine } from './log-line.js';
import type { Tally } from './meters.js';

/** @param tally counts `Fault` and `Unavailable`, by these names */
export const countLines = (logger: Logger, tally: Tally): Logger => ({
  ...logger,
  warn: counting(logger.warn, 'Unavailable', tally),
  error: counting(logger.error, 'Fault', tally),
  child: (fields) => countLines(logger.child(fields), tally),
});

const counting = (write: WriteLogLine, message: string, tally: Tally): WriteLogLine =>
  ((...line: [string]) => {
    if (line.at(-1) === message) tally.add(message);
    write(...line);
  }) as WriteLogLine;

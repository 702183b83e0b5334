/** Log lines: JSON for machines, pretty on a terminal; secrets and people's words hidden in both. */
import { destination, pino, stdTimeFunctions, type DestinationStream, type Logger as PinoLogger } from 'pino';
import { isColorSupported, prettyFactory } from 'pino-pretty';
import type { Logger } from './log-line.js';
import { withoutSecrets } from './redact.js';
import type { LogLevel } from './setting.js';

export interface LoggerOptions {
  level: LogLevel;
  isPretty?: boolean;
  /** Where lines go; standard output unless told. */
  stream?: DestinationStream;
}

export const createLogger = ({ level, isPretty = false, stream = standardOutput() }: LoggerOptions): Logger =>
  asLogger(
    pino(
      {
        level,
        timestamp: stdTimeFunctions.isoTime,
        // Errors were described by withoutSecrets; pino's own serializer would look at them again.
        serializers: { err: (error: unknown) => error },
        formatters: { level: (label) => ({ level: label }), log: withoutSecrets },
      },
      isPretty ? pretty(stream) : stream,
    ),
  );

// In step with the process, without a worker thread: the last line before an exit is the one that matters.
const standardOutput = () => destination({ dest: 1, sync: true });

// pino shows the fields of a child to no formatter.
const asLogger = (lines: PinoLogger): Logger => ({
  debug: lines.debug.bind(lines),
  info: lines.info.bind(lines),
  warn: lines.warn.bind(lines),
  error: lines.error.bind(lines),
  fatal: lines.fatal.bind(lines),
  child: (fields) => asLogger(lines.child(withoutSecrets(fields))),
});

const pretty = (stream: DestinationStream): DestinationStream => {
  const prettify = prettyFactory({ colorize: isColorSupported, translateTime: 'SYS:HH:MM:ss', ignore: 'pid,hostname' });
  return { write: (line) => stream.write(prettify(line)) };
};

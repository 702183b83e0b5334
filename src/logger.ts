/** Log lines: JSON for machines, pretty on a terminal. Secrets and message texts are hidden in both. */
import { pino, stdTimeFunctions, type DestinationStream, type Logger as PinoLogger } from 'pino';
import { isColorSupported, prettyFactory } from 'pino-pretty';
import type { LineOutput } from './line-output.js';
import type { Logger } from './log-line.js';
import { withoutSecrets } from './redact.js';
import type { LogLevel } from './setting.js';

export interface LoggerOptions {
  level: LogLevel;
  isPretty?: boolean;
  /** Where lines go. */
  stream: DestinationStream;
}

export const createLogger = ({ level, isPretty = false, stream }: LoggerOptions): Logger =>
  asLogger(
    pino(
      {
        level,
        timestamp: stdTimeFunctions.isoTime,
        // withoutSecrets has already described errors; pino's own serializer would process them again.
        serializers: { err: (error: unknown) => error },
        formatters: { level: (label) => ({ level: label }), log: withoutSecrets },
      },
      isPretty ? pretty(stream) : stream,
    ),
  );

/** A logger on standard output or standard error that also reports there how many lines were dropped. */
export const createLineLogger = (output: LineOutput, options: Pick<LoggerOptions, 'level' | 'isPretty'>): Logger => {
  const stream = {
    // Makes pino set `lastLevel`.
    [Symbol.for('pino.metadata')]: true,
    lastLevel: 0,
    write(line: string) {
      output.write(line, this.lastLevel >= FATAL);
    },
  };
  const logger = createLogger({ ...options, stream });
  output.onGap((lines) => logger.warn({ lines }, `${lines} log ${lines === 1 ? 'line was' : 'lines were'} dropped`));
  return logger;
};

const FATAL = 60;

// pino does not pass the fields of a child to formatters.
const asLogger = (lines: PinoLogger): Logger => ({
  debug: lines.debug.bind(lines),
  info: lines.info.bind(lines),
  warn: lines.warn.bind(lines),
  error: lines.error.bind(lines),
  fatal: lines.fatal.bind(lines),
  isEnabled: (level) => lines.isLevelEnabled(level),
  child: (fields) => asLogger(lines.child(withoutSecrets(fields))),
});

const pretty = (stream: DestinationStream): DestinationStream => {
  const prettify = prettyFactory({ colorize: isColorSupported, translateTime: 'SYS:HH:MM:ss', ignore: 'pid,hostname' });
  // The inherited metadata symbol lets pino set the level here too.
  return Object.assign(Object.create(stream) as DestinationStream, {
    write: (line: string) => stream.write(prettify(line)),
  });
};

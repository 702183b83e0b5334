/** The logging interface of all layers, so that none of them depends on the library. */

/** Facts, not sentences: ids, counts, reasons, durations with their unit in the name; an error as `error`. */
export type LogFields = Record<string, unknown>;

export interface WriteLogLine {
  (fields: LogFields, message: string): void;
  (message: string): void;
}

export type Level = 'debug' | 'info' | 'warn' | 'error' | 'fatal';

/** Writes log lines. Values under the names of passwords, tokens and message texts are hidden. */
export interface Logger {
  debug: WriteLogLine;
  info: WriteLogLine;
  warn: WriteLogLine;
  error: WriteLogLine;
  fatal: WriteLogLine;
  /** Whether lines of this level are written. */
  isEnabled(level: Level): boolean;
  /** A logger that adds `fields` to every line: the id of a request, a user, a socket. */
  child(fields: LogFields): Logger;
}

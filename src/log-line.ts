/** What the layers know of logging: a port, so that none of them depends on the library. */

/** Facts, not sentences: ids, counts, reasons, durations with their unit in the name; an error as `error`. */
export type LogFields = Record<string, unknown>;

export interface WriteLogLine {
  (fields: LogFields, message: string): void;
  (message: string): void;
}

/** Writes log lines. Never a password, a token or the text of a message: what is under such a name is hidden. */
export interface Logger {
  debug: WriteLogLine;
  info: WriteLogLine;
  warn: WriteLogLine;
  error: WriteLogLine;
  fatal: WriteLogLine;
  /** One whose lines all carry `fields` too: a request's id, a user's, a socket's. */
  child(fields: LogFields): Logger;
}

/** A logger with fields of its own, created when the first line is written: most operations write none. */
import type { Level, LogFields, Logger, WriteLogLine } from '../log-line.js';

/** @param fieldsOf called once, at the first line */
export const lazyLogger = (logger: Logger, fieldsOf: () => LogFields): Logger => {
  let child: Logger | undefined;
  const own = () => (child ??= logger.child(fieldsOf()));
  const write =
    (level: Level): WriteLogLine =>
    (fields: LogFields | string, message?: string) => {
      if (!logger.isEnabled(level)) return;
      if (typeof fields === 'string') own()[level](fields);
      else own()[level](fields, message!);
    };
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    fatal: write('fatal'),
    isEnabled: (level) => logger.isEnabled(level),
    child: (fields) => own().child(fields),
  };
};

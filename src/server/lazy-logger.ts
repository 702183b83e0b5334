/** A logger with fields of its own, created when the first line is written: most operations write none. */
import type { LogFields, Logger, WriteLogLine } from '../log-line.js';

type Level = Exclude<keyof Logger, 'child'>;

/** @param fieldsOf called once, at the first line */
export const lazyLogger = (logger: Logger, fieldsOf: () => LogFields): Logger => {
  let child: Logger | undefined;
  const own = () => (child ??= logger.child(fieldsOf()));
  const write =
    (level: Level): WriteLogLine =>
    (fields: LogFields | string, message?: string) =>
      typeof fields === 'string' ? own()[level](fields) : own()[level](fields, message!);
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    fatal: write('fatal'),
    child: (fields) => own().child(fields),
  };
};

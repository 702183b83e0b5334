/** The process's limit of open files: each socket is one, and each connection to a database. */

const OUT_OF_FILES = ['EMFILE', 'ENFILE'];

/** Whether that is what an error comes from, however deep. */
export const isOutOfFiles = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false;
  if (OUT_OF_FILES.includes((error as NodeJS.ErrnoException).code ?? '') || /\b(EMFILE|ENFILE)\b/.test(error.message))
    return true;
  const beneath: unknown[] = error instanceof AggregateError ? error.errors : [error.cause];
  return beneath.some(isOutOfFiles);
};

/** The way out, as a sentence without its full stop. */
export const MORE_FILES = 'Raise the limit to 65536 (ulimit -n, LimitNOFILE= of systemd, ulimits: of Docker)';

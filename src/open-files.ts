/** The process's limit of open files. Each socket and each database connection counts. */

const OUT_OF_FILES = ['EMFILE', 'ENFILE'];

/** Whether this limit caused an error, at any depth of its causes. */
export const isOutOfFiles = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false;
  if (OUT_OF_FILES.includes((error as NodeJS.ErrnoException).code ?? '') || /\b(EMFILE|ENFILE)\b/.test(error.message))
    return true;
  const beneath: unknown[] = error instanceof AggregateError ? error.errors : [error.cause];
  return beneath.some(isOutOfFiles);
};

/** The remedy, as a sentence without a full stop. */
export const MORE_FILES = 'Raise the limit to 65536 (ulimit -n, LimitNOFILE= of systemd, ulimits: of Docker)';

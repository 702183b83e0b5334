/** How what went wrong is told to whoever started the process: one clear line and an exit code that means something. */
import { exitCodes } from './exit-codes.js';
import { isOutOfFiles, MORE_FILES } from './open-files.js';
import { frames } from './redact.js';

export interface Failure {
  line: string;
  exitCode: number;
}

// By name, so that nothing has to be loaded in order to fail.
const known = new Map<string, number>([
  ['ConfigError', exitCodes.config],
  ['DatabaseDamagedError', exitCodes.databaseState],
  ['FolderInUseError', exitCodes.folderInUse],
  ['MigrationError', exitCodes.databaseState],
  // It may be promoted, or take writes again.
  ['ReadOnlyDatabaseError', exitCodes.databaseUnavailable],
  ['SecretDamagedError', exitCodes.folderUnusable],
  ['ServerTooOldError', exitCodes.databaseState],
  ['UnavailableError', exitCodes.databaseUnavailable],
  ['UnfitDatabaseError', exitCodes.databaseState],
]);

/** Only what nobody foresaw comes with its stack. */
export const asFailure = (error: unknown): Failure => {
  if (!(error instanceof Error)) return { line: `Unexpected: ${String(error)}`, exitCode: exitCodes.unexpected };
  const { syscall, path, code } = error as NodeJS.ErrnoException;

  // Before anything else: whatever it was that could not be opened is not to blame.
  if (isOutOfFiles(error)) {
    return { line: `Too many open files (${withCause(error)}). ${MORE_FILES}`, exitCode: exitCodes.tooFewFiles };
  }
  const exitCode = known.get(error.name);
  if (exitCode !== undefined) return { line: withCause(error), exitCode };
  if (syscall === 'listen' || syscall === 'getaddrinfo') {
    return { line: `Cannot listen: ${error.message}`, exitCode: exitCodes.addressUnavailable };
  }
  if (syscall !== undefined && path !== undefined) {
    return { line: `Cannot use the data folder: ${error.message}`, exitCode: exitCodes.folderUnusable };
  }
  if (isRefusedByPostgresql(code)) {
    return { line: `PostgreSQL refuses: ${error.message}`, exitCode: exitCodes.databaseUnavailable };
  }
  return { line: `Unexpected ${error.name}: ${error.message}\n${frames(error) ?? ''}`, exitCode: exitCodes.unexpected };
};

/** Wrong user or password, no such database, no right to it. */
const isRefusedByPostgresql = (code: string | undefined) => /^(28...|3D000|42501)$/.test(code ?? '');

/** The reason underneath as well; where several addresses were tried, that of the first. */
const withCause = (error: Error): string => {
  const cause: unknown = error.cause instanceof AggregateError ? error.cause.errors[0] : error.cause;
  return cause instanceof Error && cause.message !== '' ? `${error.message}: ${cause.message}` : error.message;
};

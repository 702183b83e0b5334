/** Reports a fatal error to the person who started the process: one clear line and a meaningful exit code. */
import { exitCodes } from './exit-codes.js';
import { isOutOfFiles, MORE_FILES } from './open-files.js';
import { frames } from './redact.js';

export interface Failure {
  line: string;
  exitCode: number;
}

// By name, so that failing does not load the modules of these errors.
const known = new Map<string, number>([
  ['ConfigError', exitCodes.config],
  ['DatabaseDamagedError', exitCodes.databaseState],
  ['FolderInUseError', exitCodes.folderInUse],
  ['MigrationError', exitCodes.databaseState],
  // A standby may be promoted, or the server accept writes again.
  ['ReadOnlyDatabaseError', exitCodes.databaseUnavailable],
  ['ScannerUnavailableError', exitCodes.storeUnavailable],
  ['SecretDamagedError', exitCodes.folderUnusable],
  ['ServerTooOldError', exitCodes.databaseState],
  ['StoreUnavailableError', exitCodes.storeUnavailable],
  ['UnavailableError', exitCodes.databaseUnavailable],
  ['UnfitDatabaseError', exitCodes.databaseState],
]);

/** Only unforeseen errors include a stack. */
export const asFailure = (error: unknown): Failure => {
  if (!(error instanceof Error)) return { line: `Unexpected: ${String(error)}`, exitCode: exitCodes.unexpected };
  const { syscall, path, code } = error as NodeJS.ErrnoException;

  // Checked first: the file that could not be opened is not to blame.
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

/** Wrong user or password, no such database, or insufficient privilege. */
const isRefusedByPostgresql = (code: string | undefined) => /^(28...|3D000|42501)$/.test(code ?? '');

/** With the message of its cause. If several addresses were tried, that of the first. */
const withCause = (error: Error): string => {
  const cause: unknown = error.cause instanceof AggregateError ? error.cause.errors[0] : error.cause;
  return cause instanceof Error && cause.message !== '' ? `${error.message}: ${cause.message}` : error.message;
};

/**
 * The exit codes of our processes, as in BSD's sysexits where it has a fitting one.
 * A restart can help only with `unexpected` and `databaseUnavailable`.
 */
export const exitCodes = {
  done: 0,
  /** A bug, or a shutdown that took too long. */
  unexpected: 1,
  /** `parley doctor` only: the server would start, but something should be fixed. */
  warned: 2,
  /** The command line was not understood. */
  usage: 64,
  /** The database is unsuitable: its server, its configuration, its migrations, or data where there must be none. */
  databaseState: 65,
  /** An input file holds bad data. */
  inputData: 65,
  /** An input file cannot be read. */
  noInput: 66,
  /** The database cannot be reached. */
  databaseUnavailable: 69,
  /** The store of files cannot be reached, or is full. */
  storeUnavailable: 69,
  /** The server cannot listen on the address or port. */
  addressUnavailable: 71,
  /** The process has run out of open files. */
  tooFewFiles: 71,
  /** The data folder or a file in it cannot be read or written. */
  folderUnusable: 73,
  /** Another process has the data folder open. */
  folderInUse: 75,
  /** `parley chat` only: the server refused the sign-in. It repeats the number, because it imports nothing of the server. */
  signInRefused: 77,
  /** The settings are wrong. */
  config: 78,
} as const;

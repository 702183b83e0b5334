/**
 * How a process of ours ends, as in BSD's sysexits where that has a word for it.
 * None but `unexpected` and `databaseUnavailable` is mended by starting again.
 */
export const exitCodes = {
  done: 0,
  /** A bug, or a shutdown that took too long. */
  unexpected: 1,
  /** `parley doctor` only: it starts, and something should be mended. */
  warned: 2,
  /** The command line was not understood. */
  usage: 64,
  /** The database does not fit: its server, how that is set, its migrations, or data where none may be. */
  databaseState: 65,
  /** A file that was given holds something bad. */
  inputData: 65,
  /** A file that was given cannot be read. */
  noInput: 66,
  /** The database cannot be reached. */
  databaseUnavailable: 69,
  /** The address or port cannot be listened on. */
  addressUnavailable: 71,
  /** The process may open too few files. */
  tooFewFiles: 71,
  /** The data folder or a file in it cannot be read or written. */
  folderUnusable: 73,
  /** Another process has the data folder open. */
  folderInUse: 75,
  /** `parley chat` only, which imports nothing of ours: signing in was refused. */
  signInRefused: 77,
  /** The settings are wrong. */
  config: 78,
} as const;

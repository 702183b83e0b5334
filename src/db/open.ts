/** The one place that picks the database. */
import { databaseChecks, type CheckSettings, type DatabaseCheck } from './checks.js';
import { type Database } from './database.js';
import { createEmbedded } from './embedded.js';
import { ReadOnlyDatabaseError, tell, UnfitDatabaseError } from './finding.js';
import { createPostgresql } from './postgresql.js';

export interface DatabaseConfig {
  databaseUrl?: string | undefined;
  /** Connections kept to PostgreSQL, at most. */
  databasePoolSize?: number | undefined;
  /** Where the embedded database is, unless there is a `databaseUrl`. */
  dataDir: string;
}

/**
 * Opens the database and sees that it answers and can hold what Parley stores. It still has to be migrated.
 *
 * @param onConnectionLost told of a connection to PostgreSQL that was lost while nobody used it
 * @throws UnavailableError, ServerTooOldError or UnfitDatabaseError; FolderInUseError, DatabaseDamagedError or the file
 *   system's own errors
 */
export const openDatabase = async (
  config: DatabaseConfig,
  onConnectionLost?: (error: Error) => void,
): Promise<Database> => {
  const database = await openUnchecked(config, onConnectionLost);
  try {
    await mustPass(database, ['pooler', 'encoding']);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
};

/** Opens it as it is, for whoever makes the checks one by one. Of PostgreSQL it is not known yet whether it answers. */
export const openUnchecked = async (
  { databaseUrl, databasePoolSize, dataDir }: DatabaseConfig,
  onConnectionLost?: (error: Error) => void,
): Promise<Database> =>
  databaseUrl === undefined
    ? createEmbedded(dataDir)
    : createPostgresql({ url: databaseUrl, poolSize: databasePoolSize, onConnectionLost });

/**
 * Makes these checks.
 *
 * @param onWarning told what was found that stops nobody
 * @throws ReadOnlyDatabaseError, UnfitDatabaseError, UnavailableError
 */
export const mustPass = async (
  database: Database,
  names: readonly DatabaseCheck['name'][],
  settings: Partial<CheckSettings> = {},
  onWarning?: (text: string) => void,
): Promise<void> => {
  const { databasePoolSize = 10, allowUnsafeDatabase = false } = settings;
  for (const check of databaseChecks.filter(({ name }) => names.includes(name))) {
    const finding = await check.run(database, { databasePoolSize, allowUnsafeDatabase });
    if (finding.outcome === 'warning') onWarning?.(tell(finding));
    if (finding.outcome !== 'refusal') continue;
    const Refusal = check.name === 'read only' ? ReadOnlyDatabaseError : UnfitDatabaseError;
    throw new Refusal(tell(finding));
  }
};

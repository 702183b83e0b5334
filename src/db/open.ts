/** The one place that chooses the database. */
import { databaseChecks, type CheckSettings, type DatabaseCheck } from './checks.js';
import { type Database } from './database.js';
import { createEmbedded } from './embedded.js';
import { ReadOnlyDatabaseError, tell, UnfitDatabaseError } from './finding.js';
import { createPostgresql } from './postgresql.js';

export interface DatabaseConfig {
  databaseUrl?: string | undefined;
  /** The most connections kept to PostgreSQL. */
  databasePoolSize?: number | undefined;
  /** The embedded database's folder, unless there is a `databaseUrl`. */
  dataDir: string;
}

/**
 * Opens the database, and makes sure that it answers and can store what Parley needs. It still has to be migrated.
 *
 * @param onConnectionLost called when an idle connection to PostgreSQL is lost
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

/** Opens it without checks, for callers that run them one by one. Does not find out whether PostgreSQL answers. */
export const openUnchecked = async (
  { databaseUrl, databasePoolSize, dataDir }: DatabaseConfig,
  onConnectionLost?: (error: Error) => void,
): Promise<Database> =>
  databaseUrl === undefined
    ? createEmbedded(dataDir)
    : createPostgresql({ url: databaseUrl, poolSize: databasePoolSize, onConnectionLost });

/**
 * Runs these checks.
 *
 * @param onWarning called with findings that do not stop the start
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

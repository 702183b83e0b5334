/** The one place that picks the database. */
import type { Database } from './database.js';
import { createEmbedded } from './embedded.js';
import { createPostgresql } from './postgresql.js';

export interface DatabaseConfig {
  databaseUrl?: string | undefined;
  /** Connections kept to PostgreSQL, at most. */
  databasePoolSize?: number | undefined;
  /** Where the embedded database is, unless there is a `databaseUrl`. */
  dataDir: string;
}

/**
 * Opens the database and sees that it answers. It still has to be migrated.
 *
 * @param onConnectionLost told of a connection to PostgreSQL that was lost while nobody used it
 * @throws UnavailableError or ServerTooOldError; FolderInUseError, DatabaseDamagedError or the file system's own errors
 */
export const openDatabase = async (
  { databaseUrl, databasePoolSize, dataDir }: DatabaseConfig,
  onConnectionLost?: (error: Error) => void,
): Promise<Database> => {
  if (databaseUrl === undefined) return createEmbedded(dataDir);
  const database = createPostgresql({ url: databaseUrl, poolSize: databasePoolSize, onConnectionLost });
  try {
    await database.query('SELECT 1');
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
};

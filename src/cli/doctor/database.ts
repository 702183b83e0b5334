/** Checks the database. */
import type { Config } from '../../config.js';
import { databaseChecks } from '../../db/checks.js';
import { checkClock } from '../../db/clock.js';
import type { Database } from '../../db/database.js';
import { FolderInUseError } from '../../db/folder-lock.js';
import { migrationStatus } from '../../db/migrations.js';
import { openUnchecked } from '../../db/open.js';
import { checkRights } from '../../db/rights.js';
import { compareSecrets, OTHER_SECRET, type TokenSecrets } from '../../domain/accounts/token-secrets.js';
import { exitCodes } from '../../exit-codes.js';
import { ok, type Finding } from '../../finding.js';
import { hasEmbedded } from '../database.js';
import { attempt, type Check } from './check.js';

const name = 'database';

const REACH_REMEDY =
  'Check that it runs, accepts connections from this machine and matches DATABASE_URL: host, port, user, password (percent-encoded), name';
const FOLDER_REMEDY = 'Check that DATA_DIR names the right folder, and that this user may read and write it';

export async function* checkDatabase(config: Partial<Config>): AsyncGenerator<Check> {
  const { dataDir, databaseUrl, databasePoolSize = 10, allowUnsafeDatabase = false } = config;
  if (dataDir === undefined || !('databaseUrl' in config)) return;
  if (databaseUrl === undefined && !hasEmbedded(dataDir)) {
    yield { name, ...ok(`There is none in ${dataDir} yet: the first start creates an embedded one`) };
    return;
  }

  const opened = await open({ dataDir, databaseUrl, databasePoolSize: 2 });
  if ('outcome' in opened) {
    yield opened;
    return;
  }
  const db = opened;
  try {
    const reached = await reach(db);
    yield reached;
    if (reached.outcome === 'refusal') return;
    if (db.kind === 'postgresql') {
      for (const check of databaseChecks) {
        const look = () => check.run(db, { databasePoolSize, allowUnsafeDatabase });
        // A standby may be promoted, so the start may be retried.
        const code = check.name === 'read only' ? exitCodes.databaseUnavailable : exitCodes.databaseState;
        const found = await attempt(check.name, look, { code });
        yield found;
        // Through a transaction pooler, further queries could reach several connections.
        if (check.name === 'pooler' && found.outcome === 'refusal') return;
      }
      yield attempt('rights', () => checkRights(db));
      yield attempt('clock', () => checkClock(db));
    }
    yield attempt('migrations', () => checkMigrations(db));
    const { tokenSecret: secret, tokenSecretOld: oldSecret } = config;
    if (secret !== undefined && (await hasTable(db, 'installation')))
      yield attempt('secret', () => checkSecret(db, { secret, oldSecret }));
  } finally {
    await db.close();
  }
}

const open = async (config: Parameters<typeof openUnchecked>[0]): Promise<Database | Check> => {
  try {
    return await openUnchecked(config);
  } catch (error) {
    // A server is running on this folder, so nothing is wrong.
    if (error instanceof FolderInUseError)
      return { name, ...ok(`A running server has the folder ${error.folder} open, so its database was not checked`) };
    const rethrow = () => {
      throw error;
    };
    return attempt(name, rethrow, { remedy: FOLDER_REMEDY });
  }
};

const reach = (db: Database): Promise<Check> =>
  attempt(
    name,
    async () => {
      const [row] = await db.query<{ version: string }>(`SELECT current_setting('server_version') AS version`);
      return ok(db.kind === 'embedded' ? 'The embedded database opens' : `PostgreSQL ${row!.version} answers`);
    },
    { remedy: REACH_REMEDY },
  );

const hasTable = async (db: Database, table: string): Promise<boolean> =>
  (await db.query<{ is: boolean }>('SELECT to_regclass($1) IS NOT NULL AS is', [table]))[0]!.is;

const checkSecret = async (db: Database, secrets: TokenSecrets): Promise<Finding> => {
  switch (await compareSecrets(db, secrets)) {
    case 'first':
      return ok('No node has started here yet, so any TOKEN_SECRET will do');
    case 'same':
      return ok('TOKEN_SECRET is that of the node that started last');
    case 'replaced':
      return ok('TOKEN_SECRET replaces TOKEN_SECRET_OLD, which is that of the node that started last');
    case 'other':
      return { outcome: 'warning', sentence: OTHER_SECRET };
  }
};

const checkMigrations = async (db: Database): Promise<Finding> => {
  const { applied, pending, changed, unknown, unfinished } = await migrationStatus(db);
  const refusal = (sentence: string, remedy: string): Finding => ({ outcome: 'refusal', sentence, remedy });
  if (unknown.length > 0)
    return refusal(
      `A newer version of Parley has migrated the database: ${unknown.join(', ')}`,
      'Run that version, or restore the backup from before the migration',
    );
  if (unfinished.length > 0)
    return refusal(`Left unfinished: ${unfinished.join(', ')}`, 'See `prisma migrate resolve`');
  if (changed.length > 0)
    return refusal(`Applied, but changed since: ${changed.join(', ')}`, 'Run the version as published');
  if (pending.length === 0) return ok('The database is up to date');
  if (applied.length === 0) return ok('The database is empty: the first start creates its tables');
  return {
    outcome: 'warning',
    sentence: `The next start applies ${pending.join(', ')}`,
    remedy: 'Make a backup first: migrations cannot be reverted',
  };
};

/**
 * Whether all nodes sign with the same secret, and how another takes its place without anybody noticing. The database has the fingerprint
 * of the one that the last node started with.
 */
import { scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { UnavailableError, type Database } from '../../db/database.js';
import { makeInstallation } from '../../db/identity.js';

export interface TokenSecrets {
  secret: string;
  /** The one before. */
  oldSecret: string | undefined;
}

export interface AgreedSecrets {
  /** How the secrets stand to that of the node that started last: `replaced` is one where there was the old one, `other` was neither. */
  outcome: 'first' | 'same' | 'replaced' | 'other';
  /**
   * For how long the old secret signs yet: until the nodes that know nothing of the new one are replaced too, for they would refuse
   * what it has signed.
   */
  oldSignsForMs: number;
}

/** In which one node after the other is restarted. */
const HANDOVER_MS = 3_600_000;
const TRIES = 5;

const READ = `
SELECT id::text AS id, secret_fingerprint AS fingerprint, extract(epoch FROM now() - secret_since)::float8 * 1000 AS "sinceMs"
FROM installation`;
// Of two nodes at once the second finds another fingerprint than it has read, and reads again.
const WRITE = `
UPDATE installation SET secret_fingerprint = $1::bytea, secret_since = now()
WHERE secret_fingerprint IS NOT DISTINCT FROM $2::bytea RETURNING id`;

interface Row {
  id: string;
  fingerprint: Uint8Array | null;
  sinceMs: number | null;
}

/** Compares, and leaves this node's fingerprint. */
export const agreeOnSecrets = async (db: Database, { secret, oldSecret }: TokenSecrets): Promise<AgreedSecrets> => {
  for (let tries = 1; ; tries++) {
    const [row] = await db.query<Row>(READ);
    if (row === undefined) {
      await makeInstallation(db);
      continue;
    }
    const known = row.fingerprint && Buffer.from(row.fingerprint);
    const own = await fingerprintOf(secret, row.id);
    const isSame = known?.equals(own) ?? false;
    if (!isSame && !(await write(db, own, known)) && tries < TRIES) continue;
    const isReplaced =
      known !== null && oldSecret !== undefined && known.equals(await fingerprintOf(oldSecret, row.id));
    const left = HANDOVER_MS - (isSame ? (row.sinceMs ?? HANDOVER_MS) : 0);
    return {
      outcome: isSame ? 'same' : known === null ? 'first' : isReplaced ? 'replaced' : 'other',
      oldSignsForMs: oldSecret === undefined ? 0 : Math.max(left, 0),
    };
  }
};

/** Compares only, as a node would that started now; the database has its tables. */
export const compareSecrets = async (
  db: Database,
  { secret, oldSecret }: TokenSecrets,
): Promise<AgreedSecrets['outcome']> => {
  const [row] = await db.query<Row>(READ);
  const known = row?.fingerprint && Buffer.from(row.fingerprint);
  if (row === undefined || !known) return 'first';
  if (known.equals(await fingerprintOf(secret, row.id))) return 'same';
  return oldSecret !== undefined && known.equals(await fingerprintOf(oldSecret, row.id)) ? 'replaced' : 'other';
};

/** @returns false where another node was faster */
const write = async (db: Database, own: Buffer, known: Buffer | null): Promise<boolean> => {
  try {
    return (await db.query(WRITE, [own, known])).length > 0;
  } catch (error) {
    // Whoever cannot write it starts all the same.
    if (error instanceof UnavailableError) return true;
    throw error;
  }
};

const derive = promisify<string, string, number, object, Buffer>(scrypt);

/** Slow to try secrets against, for whoever reads the database: 80 ms for each. The salt is the database's own. */
const fingerprintOf = (secret: string, salt: string): Promise<Buffer> =>
  derive(secret, salt, 32, { N: 2 ** 15, r: 8, p: 1, maxmem: 2 ** 26 });

export const OTHER_SECRET =
  'TOKEN_SECRET is another one than that of the node that started last on this database. Where both run, each refuses what the other has ' +
  'signed: give all nodes the same. To replace it so that nobody notices, set TOKEN_SECRET_OLD to the one before. On a copy, or where ' +
  'the one before is not to be trusted, nothing need be done: programs get new access tokens by themselves';

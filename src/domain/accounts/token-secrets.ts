/**
 * Whether all nodes sign with the same secret, and how a new secret replaces it without interruption. The database has the fingerprint
 * of the secret that the last node started with.
 */
import { scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { UnavailableError, type Database } from '../../db/database.js';
import { makeInstallation } from '../../db/identity.js';

export interface TokenSecrets {
  secret: string;
  /** The previous secret. */
  oldSecret: string | undefined;
}

export interface AgreedSecrets {
  /** Compared with the node that started last: `replaced` means that it had the old secret, `other` that it had neither. */
  outcome: 'first' | 'same' | 'replaced' | 'other';
  /**
   * How long the old secret still signs: until the nodes that do not know the new secret are restarted too, since they would refuse
   * tokens that it has signed.
   */
  oldSignsForMs: number;
}

/** The time for restarting one node after the other. */
const HANDOVER_MS = 3_600_000;
const TRIES = 5;

const READ = `
SELECT id::text AS id, secret_fingerprint AS fingerprint, extract(epoch FROM now() - secret_since)::float8 * 1000 AS "sinceMs"
FROM installation`;
// Of two concurrent nodes the second finds another fingerprint than it has read, and reads again.
const WRITE = `
UPDATE installation SET secret_fingerprint = $1::bytea, secret_since = now()
WHERE secret_fingerprint IS NOT DISTINCT FROM $2::bytea RETURNING id`;

interface Row {
  id: string;
  fingerprint: Uint8Array | null;
  sinceMs: number | null;
}

/** Compares, and stores this node's fingerprint. */
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

/** Only compares, as a node would that started now; the database must have its tables. */
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

/** @returns false if another node was faster */
const write = async (db: Database, own: Buffer, known: Buffer | null): Promise<boolean> => {
  try {
    return (await db.query(WRITE, [own, known])).length > 0;
  } catch (error) {
    // A node that cannot write it starts all the same.
    if (error instanceof UnavailableError) return true;
    throw error;
  }
};

const derive = promisify<string, string, number, object, Buffer>(scrypt);

/** Slow, so that whoever reads the database cannot try many secrets: 80 ms for each. The salt is unique to the database. */
const fingerprintOf = (secret: string, salt: string): Promise<Buffer> =>
  derive(secret, salt, 32, { N: 2 ** 15, r: 8, p: 1, maxmem: 2 ** 26 });

export const OTHER_SECRET =
  'TOKEN_SECRET is another one than that of the node that started last on this database. Where both run, each refuses what the other has ' +
  'signed: give all nodes the same. To replace it so that nobody notices, set TOKEN_SECRET_OLD to the one before. On a copy, or where ' +
  'the one before is not to be trusted, nothing need be done: programs get new access tokens by themselves';

/** Between naming bytes in a row and deleting bytes that no row names. */
import type { Queryable } from '../../db/database.js';

/** An arbitrary number that nothing else locks; the second is the hash's. */
const LOCK = 4_100_073;

/** Held to the end of the transaction. */
export const lockHash = async (tx: Queryable, hash: Uint8Array): Promise<void> => {
  await tx.query(
    `SELECT pg_advisory_xact_lock(${LOCK}, ('x' || encode(substr($1::bytea, 1, 4), 'hex'))::bit(32)::int)`,
    [hash],
  );
};

/** How much a user may hold, sent and not yet sent. */
import type { Queryable } from '../../db/database.js';
import { InvalidInputError, type Problem } from '../errors.js';
import { IS_THERE } from './upload-row.js';

export const MB = 1_048_576;

const MAX_UNUSED = 100;

// Of two concurrent calls, on any nodes, the second waits and counts the first one's file.
const LOCK_OWNER = `SELECT FROM "user" WHERE id = $1::bigint FOR NO KEY UPDATE`;
const HELD = `
SELECT coalesce(sum(byte_size), 0)::float8 AS bytes, count(*) FILTER (WHERE expires_at IS NOT NULL)::int AS unused
FROM upload WHERE owner_id = $1::bigint AND ${IS_THERE}`;

export const sizeProblem = (byteSize: number, maxBytes: number): Problem | undefined =>
  byteSize < 1 || byteSize > maxBytes
    ? ({ code: 'OUT_OF_RANGE', reason: `must be from 1 to ${maxBytes} bytes`, limit: maxBytes } as const)
    : undefined;

/**
 * Locks the owner until the transaction ends.
 *
 * @param maxBytes of all files of the owner
 * @throws InvalidInputError
 */
export const checkRoom = async (tx: Queryable, ownerId: bigint, byteSize: number, maxBytes: number) => {
  await tx.query(LOCK_OWNER, [ownerId]);
  const [held] = await tx.query<{ bytes: number; unused: number }>(HELD, [ownerId]);
  if (held!.unused >= MAX_UNUSED) {
    const reason = `is that of one too many: ${MAX_UNUSED} uploads are not sent yet, send or delete some first`;
    throw new InvalidInputError([{ path: ['filename'], code: 'TOO_MANY', reason, limit: MAX_UNUSED }]);
  }
  const left = Math.max(maxBytes - held!.bytes, 0);
  if (byteSize > left) {
    const reason = `is more than the ${left} bytes that are left of the ${maxBytes / MB} MB for your files`;
    throw new InvalidInputError([{ path: ['byteSize'], code: 'NOT_ALLOWED', reason, limit: left }]);
  }
};

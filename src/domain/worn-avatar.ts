/** Whose picture an upload is: users and chats wear it, and it is in use as long as they do. */
import type { Queryable } from '../db/database.js';
import type { Problem } from './errors.js';

export const NO_AVATAR: Problem = {
  code: 'NOT_FOUND',
  reason: 'must be an upload of yours for an AVATAR whose bytes are stored and that nobody has yet',
};

/** Whose it is to be. */
export type Wearer = { table: 'user' | 'chat'; id: bigint };

const LOCK = `SELECT upload.id, wearer.id AS "userId" FROM upload LEFT JOIN "user" wearer ON wearer.avatar_upload_id = upload.id AND wearer.id = ANY($3::bigint[])
  WHERE upload.id = ANY($2::bigint[]) AND purpose = 'AVATAR' AND stored_at IS NOT NULL
    AND (owner_id = $1::bigint AND expires_at > now() OR wearer.id IS NOT NULL) ORDER BY upload.id FOR NO KEY UPDATE OF upload`;

/**
 * @param userIds some users whose rows are locked
 * @returns by which of them each of these uploads is worn, null for those that are the owner's and free; others are left out
 */
export const lockAvatars = async (
  tx: Queryable,
  ownerId: bigint,
  ids: readonly bigint[],
  userIds: readonly bigint[],
): Promise<Map<bigint, bigint | null>> => {
  const rows = await tx.query<{ id: bigint; userId: bigint | null }>(LOCK, [ownerId, ids, userIds]);
  return new Map(rows.map(({ id, userId }) => [id, userId]));
};

/** `$3`: null takes the picture away. */
const WEAR = ({ table }: Wearer) => `WITH worn AS (
    SELECT avatar_upload_id AS id FROM "${table}" WHERE id = $1::bigint
  ), taken AS (
    UPDATE upload SET expires_at = NULL WHERE id = $3::bigint AND purpose = 'AVATAR' AND stored_at IS NOT NULL
      AND (owner_id = $2::bigint AND expires_at > now() OR id = (SELECT id FROM worn)) RETURNING hash
  ), dropped AS (
    UPDATE upload SET expires_at = now()
    WHERE id = (SELECT id FROM worn) AND id IS DISTINCT FROM $3::bigint AND ($3::bigint IS NULL OR EXISTS (SELECT FROM taken))
  )
  UPDATE "${table}" SET avatar = (SELECT encode(hash, 'hex') FROM taken), avatar_upload_id = $3::bigint
  WHERE id = $1::bigint AND ($3::bigint IS NULL OR EXISTS (SELECT FROM taken)) RETURNING (SELECT id FROM worn) IS DISTINCT FROM $3::bigint AS "isChanged"`;

/**
 * In one statement. The caller has locked the wearer's row.
 *
 * @param uploadId null: no picture from now on
 * @returns whether it is another one than before; undefined if there is no such upload: nothing is changed
 */
export const wear = async (
  tx: Queryable,
  wearer: Wearer,
  ownerId: bigint,
  uploadId: bigint | null,
): Promise<boolean | undefined> => {
  const [row] = await tx.query<{ isChanged: boolean }>(WEAR(wearer), [wearer.id, ownerId, uploadId]);
  return row?.isChanged;
};

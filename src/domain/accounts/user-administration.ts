/** What administrators do to accounts: set roles, activate and deactivate. At least one administrator always remains. */
import type { Database, Queryable } from '../../db/database.js';
import type { Role } from '../../generated/prisma/enums.js';
import { ForbiddenError, InvalidInputError, NotFoundError, type InvalidField } from '../errors.js';
import type { Sessions } from './sessions.js';
import { USER_COLUMNS, type UserRow } from './users.js';
import { mustAdminister, type Viewer } from '../viewer.js';

/** User ids are null if the client's id did not decode. Idempotent. */
export interface UserAdministration {
  /**
   * The new role takes effect for open sockets and subscriptions too, on every node within 5 s.
   *
   * @throws NotFoundError, ForbiddenError; InvalidInputError if no administrator would remain
   */
  setRole(viewer: Viewer, userId: bigint | null, role: Role): Promise<UserRow>;
  /**
   * A deactivated account loses its sessions and sockets on every node within 5 s; its messages and memberships stay.
   *
   * @throws as `setRole`
   */
  setActive(viewer: Viewer, userId: bigint | null, isActive: boolean): Promise<UserRow>;
}

/** In one order, so that if two administrators demote each other the second finds that only one is left. */
export const LOCK_ADMINISTRATORS = `SELECT id FROM "user" WHERE role = 'ADMIN' AND deactivated_at IS NULL ORDER BY id FOR NO KEY UPDATE`;
const LOCK_USER = `SELECT ${USER_COLUMNS} FROM "user" u WHERE u.id = $1 FOR NO KEY UPDATE`;
const SET_ROLE = `UPDATE "user" u SET role = $2::role, xid = pg_current_xact_id() WHERE u.id = $1 RETURNING ${USER_COLUMNS}`;
const SET_ACTIVE = `UPDATE "user" u SET deactivated_at = CASE WHEN $2::boolean THEN NULL ELSE now() END, xid = pg_current_xact_id()
  WHERE u.id = $1 RETURNING ${USER_COLUMNS}`;

/** BEGIN, two statements, one more for a change, another one to end sessions, COMMIT. */
export const createUserAdministration = ({
  db,
  sessions,
}: {
  db: Database;
  sessions: Pick<Sessions, 'endWithin' | 'announce'>;
}): UserAdministration => {
  const change = async (
    viewer: Viewer,
    userId: bigint | null,
    work: (tx: Queryable, user: UserRow, isLast: boolean) => Promise<{ user: UserRow; ended?: string[] } | null>,
  ): Promise<UserRow> => {
    if (userId === null) throw new NotFoundError('User');
    const { user, changed } = await db.transaction(async (tx) => {
      const administrators = await tx.query<{ id: bigint }>(LOCK_ADMINISTRATORS);
      const [before] = await tx.query<UserRow>(LOCK_USER, [userId]);
      if (before === undefined) throw new NotFoundError('User');
      mustAdminister(viewer);
      if (!administrators.some(({ id }) => id === viewer.id)) throw new ForbiddenError('Only administrators do this');
      const isLast = administrators.length === 1 && administrators[0]!.id === userId;
      const done = await work(tx, before, isLast);
      return { user: done?.user ?? before, changed: done };
    });
    if (changed !== null) sessions.announce({ sessionIds: changed.ended ?? [], userIds: [userId] });
    return user;
  };

  return {
    setRole: (viewer, userId, role) =>
      change(viewer, userId, async (tx, before, isLast) => {
        if (before.role === role) return null;
        if (isLast) throw lastAdministrator('role');
        const [user] = await tx.query<UserRow>(SET_ROLE, [userId, role]);
        return { user: user! };
      }),

    setActive: (viewer, userId, isActive) =>
      change(viewer, userId, async (tx, before, isLast) => {
        if ((before.deactivatedAt === null) === isActive) return null;
        if (isLast) throw lastAdministrator('isActive');
        const [user] = await tx.query<UserRow>(SET_ACTIVE, [userId, isActive]);
        return { user: user!, ended: isActive ? [] : await sessions.endWithin(tx, [before.id]) };
      }),
  };
};

const lastAdministrator = (field: 'role' | 'isActive') => new InvalidInputError([lastAdministratorField(field)]);

export const lastAdministratorField = (field: 'role' | 'isActive'): InvalidField => ({
  path: [field],
  code: 'NOT_ALLOWED',
  reason: 'must stay as it is: this is the last administrator',
});

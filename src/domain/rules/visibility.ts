/**
 * `policy.canSee` in SQL, for statements that read many chats at once. `$1` is the viewer's id, `$2` whether they are an
 * administrator; `own` is the viewer's member row, null if they are not a member.
 */
import { isAdmin, type Viewer } from '../viewer.js';
import type { Right } from './kinds.js';
import { rightSql } from './right-sql.js';

/** For use after FROM or JOIN … ON. */
export const OWN = `member own ON own.chat_id = chat.id AND own.user_id = $1::bigint`;

/** All chats, visible or not; narrow them by `CAN_SEE`. */
export const CHAT_AND_OWN = `chat LEFT JOIN ${OWN}`;

/** @param isAdmin the SQL expression for whether the viewer is an administrator */
export const canSeeSql = (isAdmin: string): string => rightOfOwnSql('see', isAdmin);

/** As `canSeeSql`. */
export const canInviteSql = (isAdmin: string): string => rightOfOwnSql('invite', isAdmin);

const rightOfOwnSql = (right: Right, isAdmin: string): string =>
  rightSql(right, {
    kind: 'chat.kind',
    isMember: 'own.user_id IS NOT NULL',
    hasBusiness: 'chat.has_business',
    isBlocked: 'chat.is_blocked',
    hasRole: (roles) => {
      if (roles.join() !== 'ADMIN') throw new Error(`A statement knows of no more than ADMIN, not of ${roles.join()}`);
      return isAdmin;
    },
    hasChatRole: (roles) => `own.role IN (${roles.map((role) => `'${role}'`).join(', ')})`,
  });

export const CAN_SEE = canSeeSql('$2::boolean');

export const viewerParams = (viewer: Viewer): [bigint, boolean] => [viewer.id, isAdmin(viewer)];

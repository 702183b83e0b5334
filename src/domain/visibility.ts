/**
 * `policy.canSee` in SQL, for statements that read many chats at once. `$1` is the viewer's id, `$2` whether they are an
 * administrator; `own` is their member's row, null where they are no member.
 */
import { isAdmin, type Viewer } from './viewer.js';

/** To follow FROM or JOIN … ON. */
export const OWN = `member own ON own.chat_id = chat.id AND own.user_id = $1::bigint`;

/** Chats whether visible or not; narrow them by `CAN_SEE`. */
export const CHAT_AND_OWN = `chat LEFT JOIN ${OWN}`;

export const CAN_SEE = `(own.user_id IS NOT NULL OR ($2::boolean AND chat.kind <> 'DIRECT'))`;

export const viewerParams = (viewer: Viewer): [bigint, boolean] => [viewer.id, isAdmin(viewer)];

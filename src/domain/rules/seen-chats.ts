/** A viewer's access to a chat, with the chat. */
import type { Queryable } from '../../db/database.js';
import type { ChatRole } from '../../generated/prisma/enums.js';
import { CHAT_COLUMNS, type ChatRow } from '../../log/event.js';
import { ASKED_CAN_SEE, ASKED_CHATS, askedParams, gatherAsked, type Asking } from './asked-chats.js';

export interface SeenChat {
  /** One object for all who ask at once. */
  readonly chat: Readonly<ChatRow>;
  isMember: boolean;
  /** Null if the viewer is not a member. */
  chatRole: ChatRole | null;
  /** Whether the viewer may see the chat's current state, at the time of the statement. */
  isSeen: boolean;
}

export interface SeenChats {
  /** @returns null if the chat does not exist */
  read(viewer: Asking, chatId: bigint): Promise<SeenChat | null>;
}

const SEEN = `SELECT ${CHAT_COLUMNS}, array_agg(asked.n::int) AS "askedBy", array_agg(own.user_id IS NOT NULL) AS "areMembers",
    array_agg(own.role::text) AS "chatRoles",
    array_agg(coalesce(${ASKED_CAN_SEE}, false)) AS "areSeen"
  FROM ${ASKED_CHATS} GROUP BY chat.id`;

interface SeenRow extends ChatRow {
  /** As `n` of those who asked; the others in the same order. */
  askedBy: number[];
  areMembers: boolean[];
  chatRoles: (ChatRole | null)[];
  areSeen: boolean[];
}

export const createSeenChats = (db: Queryable): SeenChats => ({
  read: gatherAsked(async (asked) => {
    const rows = await db.query<SeenRow>(SEEN, askedParams(asked));
    const found = asked.map((): SeenChat | null => null);
    for (const { askedBy, areMembers, chatRoles, areSeen, ...chat } of rows) {
      for (const [index, n] of askedBy.entries()) {
        const [isMember, chatRole] = [areMembers[index]!, chatRoles[index]!];
        found[n - 1] = { chat, isMember, chatRole, isSeen: areSeen[index]! };
      }
    }
    return found;
  }),
});

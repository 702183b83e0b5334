/** Who reacted to messages, as a viewer sees it: one statement for all that is asked for in one turn of the event loop. */
import type { Queryable } from '../../db/database.js';
import { gather } from '../../db/gather.js';
import { BadUserInputError } from '../bad-user-input.js';
import { ASKED_CAN_SEE, toEach } from '../rules/asked-chats.js';
import {
  ASKED_MESSAGES,
  askedMessageParams,
  gatherMessages,
  type AskedMessage,
  type MessageKey,
} from '../rules/asked-messages.js';
import { isAdmin, type Viewer } from '../viewer.js';

export interface ReactionReads {
  /** The emoji that the viewer reacted with; none if they may not see the chat. */
  ofViewer(viewer: Viewer, key: MessageKey): Promise<ReadonlySet<string>>;
  /**
   * The ids of those who were the first to react so; empty if the viewer may not see the chat.
   *
   * @param most 0 to 50
   * @throws BadUserInputError
   */
  usersOf(viewer: Viewer, key: MessageKey, emoji: string, most: number): Promise<bigint[]>;
}

const MOST_USERS = 50;

const OF_VIEWERS = `SELECT asked.n::int AS n, array_agg(reaction.emoji) AS emojis FROM ${ASKED_MESSAGES}
  JOIN reaction ON reaction.chat_id = asked.id AND reaction.message_seq = asked.seq AND reaction.user_id = asked.viewer_id
  WHERE ${ASKED_CAN_SEE} GROUP BY asked.n`;

const USERS = `SELECT group_of.seen_by AS "seenBy", ARRAY(
    SELECT reaction.user_id FROM reaction WHERE reaction.chat_id = group_of.id AND reaction.message_seq = group_of.seq
      AND reaction.emoji = group_of.emoji ORDER BY reaction.seq LIMIT group_of.most
  ) AS "userIds"
  FROM (
    SELECT asked.id, asked.seq, of.emoji, of.most, array_agg(asked.n::int) AS seen_by FROM ${ASKED_MESSAGES}
    JOIN unnest((SELECT $5::text[]), (SELECT $6::int[])) WITH ORDINALITY AS of(emoji, most, n) ON of.n = asked.n
    WHERE ${ASKED_CAN_SEE} GROUP BY asked.id, asked.seq, of.emoji, of.most
  ) group_of`;

type AskedGroup = AskedMessage & { emoji: string; most: number };

export const createReactionReads = (db: Queryable): ReactionReads => {
  const users = gather<AskedGroup, bigint[]>(
    async (asked) => {
      const params = [...askedMessageParams(asked), asked.map(({ emoji }) => emoji), asked.map(({ most }) => most)];
      const rows = await db.query<{ seenBy: number[]; userIds: bigint[] }>(USERS, params);
      return toEach<(typeof rows)[number], bigint[]>(asked, rows, [], ({ userIds }) => userIds);
    },
    { keyOf: ({ viewer, id, seq, emoji, most }) => `${viewer.id} ${isAdmin(viewer)} ${id} ${seq} ${emoji} ${most}` },
  );

  return {
    ofViewer: gatherMessages(async (asked) => {
      const rows = await db.query<{ n: number; emojis: string[] }>(OF_VIEWERS, askedMessageParams(asked));
      const found = asked.map((): ReadonlySet<string> => new Set());
      for (const { n, emojis } of rows) found[n - 1] = new Set(emojis);
      return found;
    }),

    usersOf: (viewer, { chatId: id, seq }, emoji, most) => {
      if (most < 0 || most > MOST_USERS) throw new BadUserInputError(`first must be 0 to ${MOST_USERS}`);
      return users({ viewer, id, seq, emoji, most });
    },
  };
};

/** Messages as their viewers see them: as `asked-chats.ts`, for pairs of a viewer and a message. */
import { gather } from '../../db/gather.js';
import { isAdmin } from '../viewer.js';
import { ASKED_CAN_SEE, askedParams, OWN_OF_ASKED, type Asked, type Asking } from './asked-chats.js';

export interface MessageKey {
  chatId: bigint;
  seq: number;
}

export type AskedMessage = Asked & { seq: number };

/** For FROM: all pairs, visible or not; narrow them by `ASKED_CAN_SEE`. Not known to the planner as in `ASKED`. */
export const ASKED_MESSAGES = `unnest((SELECT $1::bigint[]), (SELECT $2::boolean[]), (SELECT $3::bigint[]), (SELECT $4::int[]))
  WITH ORDINALITY AS asked(viewer_id, is_admin, id, seq, n) JOIN chat ON chat.id = asked.id LEFT JOIN ${OWN_OF_ASKED}`;

/** For FROM: each message in a chat that somebody who asks may see, once; `seen_by` has the numbers of those who do. */
export const SEEN_MESSAGES = `(SELECT asked.id AS chat_id, asked.seq, array_agg(asked.n::int) AS seen_by
  FROM ${ASKED_MESSAGES} WHERE ${ASKED_CAN_SEE} GROUP BY asked.id, asked.seq) asked`;

export const askedMessageParams = (asked: readonly AskedMessage[]): [bigint[], boolean[], bigint[], number[]] => [
  ...askedParams(asked),
  asked.map(({ seq }) => seq),
];

/** @param read answers in the order in which they were asked */
export const gatherMessages = <Value>(
  read: (asked: readonly AskedMessage[]) => Promise<Value[]>,
): ((viewer: Asking, key: MessageKey) => Promise<Value>) => {
  const readOne = gather<AskedMessage, Value>(read, {
    keyOf: ({ viewer, id, seq }) => `${viewer.id} ${isAdmin(viewer)} ${id} ${seq}`,
  });
  return (viewer, { chatId, seq }) => readOne({ viewer, id: chatId, seq });
};

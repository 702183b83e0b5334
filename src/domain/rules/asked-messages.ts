/** Messages as their viewers see them: as `asked-chats.ts`, for pairs of a viewer and a message. */
import { gather } from '../../db/gather.js';
import { isAdmin } from '../viewer.js';
import {
  ASKED_CAN_SEE,
  askedParams,
  forEachPart,
  inChunks,
  OWN_OF_ASKED,
  toEachGroup,
  type Asked,
  type Asking,
} from './asked-chats.js';

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

/** For SELECT, of rows that belong to a message of `SEEN_MESSAGES`: only one of them says who sees it, which may be long. */
export const SEEN_MESSAGE = `asked.chat_id AS "askedChatId", asked.seq AS "askedSeq",
  CASE WHEN row_number() OVER (PARTITION BY asked.chat_id, asked.seq) = 1 THEN asked.seen_by END AS "seenBy"`;

export interface SeenOfMessage {
  askedChatId: bigint;
  askedSeq: number;
  seenBy: number[] | null;
}

/** @returns what each gets who asked, of any number of rows for each message */
export const toEachMessage = <Row extends SeenOfMessage, Value>(
  asked: readonly AskedMessage[],
  rows: readonly Row[],
  toValue: (rows: Row[]) => Value,
): Value[] => toEachGroup(asked, rows, ({ askedChatId, askedSeq }) => `${askedChatId} ${askedSeq}`, toValue);

/** As `gatherMessages`, of a part of each: one statement for all who ask for the same part, of at most 100 messages. */
export const gatherMessageParts = <Part extends object, Value>(
  read: (asked: readonly AskedMessage[], part: Part) => Promise<Value[]>,
): ((viewer: Asking, key: MessageKey, part: Part) => Promise<Value>) => {
  const ofPart = forEachPart<Part, (viewer: Asking, key: MessageKey) => Promise<Value>>((part, onRead) =>
    gatherMessages((asked) => {
      onRead();
      return inChunks(
        asked,
        ({ id, seq }) => `${id} ${seq}`,
        (chunk) => read(chunk, part),
      );
    }),
  );
  return (viewer, key, part) => ofPart(part)(viewer, key);
};

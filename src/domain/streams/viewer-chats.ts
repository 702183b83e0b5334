/** The chats a viewer is in, with the position from which to follow each. */
import type { Bus, Unsubscribe } from '../../bus/bus.js';
import type { Queryable } from '../../db/database.js';
import { userTopic } from '../../log/doorbell.js';
import type { LogPosition } from '../../log/cursor.js';
import { CHAT_COLUMNS, type ChatRow } from '../../log/event.js';
import type { Rounds } from '../../log/rounds.js';

export interface ViewerChat {
  chat: ChatRow;
  /** Their MEMBER_ADDED event, or row 0; null if the log no longer reaches back to it. */
  joined: LogPosition | null;
}

const MINE = `SELECT ${CHAT_COLUMNS}, own.joined_seq AS "joinedSeq", joined.mark AS "joinedMark"
  FROM member own JOIN chat ON chat.id = own.chat_id
  LEFT JOIN event joined ON joined.chat_id = own.chat_id AND joined.seq = own.joined_seq
  WHERE own.user_id = $1 AND ($2::bigint[] IS NULL OR own.chat_id = ANY($2::bigint[]))`;

/** @param chatIds only these; null: all. One statement */
export const readViewerChats = async (
  db: Queryable,
  userId: bigint,
  chatIds: readonly bigint[] | null,
): Promise<ViewerChat[]> => {
  const rows = await db.query<ChatRow & { joinedSeq: number; joinedMark: number | null }>(MINE, [userId, chatIds]);
  return rows.map(({ joinedSeq, joinedMark, ...chat }) => ({
    chat,
    joined: joinedMark === null ? null : { seq: joinedSeq, mark: joinedMark },
  }));
};

export interface Memberships {
  /**
   * Reports the chats in which something may have changed for a user: at once by the bell, within a second without.
   *
   * @param onChange null: any chat
   * @returns once every later commit is sure to be reported
   */
  watch(userId: bigint, onChange: (chatIds: readonly bigint[] | null) => void): Promise<Unsubscribe>;
  close(): void;
}

const AMONG = `SELECT user_id AS "userId", chat_id AS "chatId" FROM member
  WHERE chat_id = ANY($1::bigint[]) AND user_id = ANY($2::bigint[])`;

/** One check for all who watch on this node, and only if somebody was added or a chat was created. */
export const createMemberships = (
  { db, bus, rounds }: { db: Queryable; bus: Bus; rounds: Rounds },
  onError: (error: unknown) => void,
): Memberships => {
  type Listener = (chatIds: readonly bigint[] | null) => void;
  const watchers = new Map<bigint, Set<Listener>>();
  let isClosed = false;

  const tellAll = () => {
    for (const listeners of watchers.values()) for (const listener of listeners) listener(null);
  };

  const tellMembers = async (chatIds: readonly bigint[]) => {
    const rows = await db.query<{ userId: bigint; chatId: bigint }>(AMONG, [chatIds, [...watchers.keys()]]);
    for (const { userId, chatId } of rows) for (const listener of watchers.get(userId) ?? []) listener([chatId]);
  };

  const stopListening = rounds.onMoved(({ regroupedChatIds, isAfterFailure }) => {
    if (watchers.size === 0) return;
    if (isAfterFailure) tellAll();
    if (regroupedChatIds.length === 0) return;
    tellMembers(regroupedChatIds).catch((error: unknown) => {
      if (isClosed) return;
      onError(error);
      tellAll(); // each of them retries until it is answered
    });
  });

  return {
    watch: async (userId, onChange) => {
      const listeners = watchers.get(userId) ?? new Set();
      watchers.set(userId, listeners.add(onChange));
      const unsubscribe = await bus.subscribe(userTopic(userId), ({ chatIds }) => onChange(chatIds.map(BigInt)));
      return () => {
        unsubscribe();
        listeners.delete(onChange);
        if (listeners.size === 0 && watchers.get(userId) === listeners) watchers.delete(userId);
      };
    },
    close: () => {
      isClosed = true;
      stopListening();
    },
  };
};

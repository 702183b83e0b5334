/** Dialogs: one chat for each pair of users, whoever opens it, and from however many sides at once. */
import type { Bus } from '../bus/bus.js';
import type { Database } from '../db/database.js';
import { CHAT_COLUMNS } from '../log/append.js';
import type { ChatRow } from '../log/event.js';
import type { Log } from '../log/log.js';
import { InvalidInputError, NotFoundError, RateLimitedError } from './errors.js';
import { directKey, insertChat, KeyTakenError } from './new-chat.js';
import type { RateLimits } from './rate-limits.js';
import { ringUsers } from './user-bell.js';
import type { Viewer } from './viewer.js';

export interface DirectChats {
  /**
   * Opens the dialog with another user, or finds it; only a new one counts for the limit.
   *
   * @param userId null where the id did not decode
   * @throws InvalidInputError for oneself; NotFoundError where there is no such active user; RateLimitedError
   */
  openDirect(viewer: Viewer, userId: bigint | null): Promise<{ chat: ChatRow; created: boolean }>;
}

const ACTIVE_USER = `SELECT 1 FROM "user" WHERE id = $1 AND deactivated_at IS NULL`;
const BY_KEY = `SELECT ${CHAT_COLUMNS} FROM chat_key JOIN chat ON chat.id = chat_key.chat_id WHERE chat_key.key = $1`;

export interface DirectChatsOptions {
  db: Database;
  log: Log;
  bus: Bus;
  limits: RateLimits;
}

/** Where the chat is there: two statements. Where it is not: BEGIN, five, COMMIT besides. */
export const createDirectChats = ({ db, log, bus, limits }: DirectChatsOptions): DirectChats => {
  const find = async (key: string) => (await db.query<ChatRow>(BY_KEY, [key]))[0];

  const make = async (viewer: Viewer, userId: bigint, key: string): Promise<ChatRow | undefined> => {
    const memberIds = [viewer.id, userId];
    try {
      const chat = await db.transaction((tx) =>
        insertChat(tx, log, { kind: 'DIRECT', keys: [key], memberIds, actorId: viewer.id }),
      );
      ringUsers(bus, memberIds, [chat.id]);
      return chat;
    } catch (error) {
      if (error instanceof KeyTakenError) return undefined; // the other side was faster
      throw error;
    }
  };

  return {
    openDirect: async (viewer, userId) => {
      if (userId === viewer.id) throw new InvalidInputError([{ path: ['userId'], reason: 'must be somebody else' }]);
      if (userId === null || (await db.query(ACTIVE_USER, [userId])).length === 0) throw new NotFoundError('User');
      const key = directKey(viewer.id, userId);
      const existing = await find(key);
      if (existing !== undefined) return { chat: existing, created: false };

      const taken = await limits.take('directChat', String(viewer.id));
      if (!taken.allowed) throw new RateLimitedError(taken.retryAfterMs);
      const made = await make(viewer, userId, key);
      if (made !== undefined) return { chat: made, created: true };
      taken.giveBack();
      return { chat: (await find(key))!, created: false };
    },
  };
};

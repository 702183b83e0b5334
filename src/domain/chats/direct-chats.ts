/** Direct chats: one chat for each pair of users, even if both open it at once. */
import type { Bus } from '../../bus/bus.js';
import type { Database } from '../../db/database.js';
import type { ChatRow } from '../../log/event.js';
import type { Log } from '../../log/log.js';
import { ForbiddenError, InvalidInputError, NotFoundError, RateLimitedError } from '../errors.js';
import { holdUnblocked } from './blocks.js';
import { findByKey, makeOrFind } from './find-or-make.js';
import { directKey, insertChat } from './new-chat.js';
import { canOpenDirect, type DirectChatOpeners } from '../rules/policy.js';
import type { RateLimits } from '../rate-limits.js';
import { blockedError } from '../rules/write-refusals.js';
import { ringUsers } from '../user-bell.js';
import type { Users } from '../accounts/users.js';
import type { Viewer } from '../viewer.js';

export type { DirectChatOpeners } from '../rules/policy.js';

export interface DirectChats {
  /**
   * Opens the direct chat with another user, or finds it; only a new one counts for the limit.
   *
   * @param userId null if the id did not decode
   * @throws InvalidInputError for oneself; NotFoundError if the viewer cannot find that user; if the chat does not exist yet,
   *   NotFoundError also for a deactivated user, and ForbiddenError if the viewer may not open it; ForbiddenError while one of the two
   *   has blocked the other; RateLimitedError
   */
  openDirect(viewer: Viewer, userId: bigint | null): Promise<{ chat: ChatRow; created: boolean }>;
}

export interface DirectChatsOptions {
  db: Database;
  log: Log;
  bus: Bus;
  limits: RateLimits;
  users: Pick<Users, 'byIds'>;
  openers: DirectChatOpeners;
}

/** If the chat exists: two statements. Otherwise in addition BEGIN, seven, COMMIT. */
export const createDirectChats = ({ db, log, bus, limits, users, openers }: DirectChatsOptions): DirectChats => ({
  openDirect: async (viewer, userId) => {
    if (userId === viewer.id) {
      throw new InvalidInputError([{ path: ['userId'], code: 'NOT_ALLOWED', reason: 'must be somebody else' }]);
    }
    const [other] = userId === null ? [] : await users.byIds(viewer, [userId]);
    if (!other) throw new NotFoundError('User');
    const key = directKey(viewer.id, other.id);
    const existing = await findByKey(db, key);
    if (existing !== undefined) return { chat: unblocked(existing), created: false };
    if (other.deactivatedAt !== null) throw new NotFoundError('User');
    if (!canOpenDirect(viewer, openers)) throw new ForbiddenError('You may not open direct chats here');

    const taken = await limits.take('directChat', String(viewer.id));
    if (!taken.allowed) throw new RateLimitedError(taken.retryAfterMs);
    const memberIds = [viewer.id, other.id];
    const make = async () => {
      const chat = await db.transaction(async (tx) => {
        if (!(await holdUnblocked(tx, viewer.id, other.id))) throw blockedError();
        return insertChat(tx, log, { kind: 'DIRECT', keys: [key], memberIds, actorId: viewer.id });
      });
      ringUsers(bus, memberIds, [chat.id]);
      return chat;
    };
    try {
      const opened = await makeOrFind(db, key, make);
      if (!opened.created) taken.giveBack();
      return { ...opened, chat: unblocked(opened.chat) };
    } catch (error) {
      if (error instanceof ForbiddenError) taken.giveBack();
      throw error;
    }
  },
});

const unblocked = (chat: ChatRow): ChatRow => {
  if (chat.isBlocked) throw blockedError();
  return chat;
};

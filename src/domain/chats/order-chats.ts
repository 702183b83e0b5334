/** Order chats: one for each order, found by its reference, even if several people open it at once. */
import type { Bus } from '../../bus/bus.js';
import type { Database, Queryable } from '../../db/database.js';
import type { Role } from '../../generated/prisma/enums.js';
import type { ChatRow } from '../../log/event.js';
import type { Log } from '../../log/log.js';
import { requireActiveUsers } from './active-users.js';
import type { SeenChats } from '../rules/seen-chats.js';
import { nameProblem, trimmedName } from '../chat-names.js';
import { ForbiddenError, NotFoundError, refuseProblems, type Problem } from '../errors.js';
import { findByKey, makeOrFind } from './find-or-make.js';
import { insertChat, orderKey } from './new-chat.js';
import { canOpenOrder } from '../rules/policy.js';
import { ringUsers } from '../user-bell.js';
import type { Viewer } from '../viewer.js';

export interface NewOrderChat {
  orderRef: string;
  /** If absent, the order's reference. */
  name?: string | null;
  /** In addition to the viewer, at most 1,000; duplicates count once; null if an id did not decode. */
  memberIds: readonly (bigint | null)[];
}

export interface OrderChats {
  /**
   * Creates the chat of an order with the viewer as a member, or finds it; then only the reference in the input is used.
   *
   * @throws InvalidInputError; NotFoundError if a member is no active user; ForbiddenError, also if the chat exists
   *   and the viewer is a manager who is not a member
   */
  openOrder(viewer: Viewer, order: NewOrderChat): Promise<{ chat: ChatRow; created: boolean }>;
}

interface OrderChatsOptions {
  db: Database;
  log: Log;
  bus: Bus;
  seenChats: SeenChats;
}

const MAX_MEMBERS = 1000;

/** For a new chat's first members. */
export const membersProblem = (memberIds: readonly unknown[]): Problem | undefined =>
  memberIds.length > MAX_MEMBERS
    ? { code: 'TOO_MANY', reason: `must be at most ${MAX_MEMBERS}`, limit: MAX_MEMBERS }
    : undefined;

const ROLE = `SELECT role::text AS role FROM "user" WHERE id = $1`;

/** If the chat exists: three statements. Otherwise in addition BEGIN, six, COMMIT. */
export const createOrderChats = ({ db, log, bus, seenChats }: OrderChatsOptions): OrderChats => {
  const open = (viewer: Viewer, key: string, { orderRef, name, memberIds }: NewOrderChat) =>
    makeOrFind(db, key, async () => {
      const ids = [...new Set([viewer.id, ...memberIds.filter((id) => id !== null)])];
      const chat = await db.transaction((tx) =>
        insertChat(tx, log, {
          kind: 'ORDER',
          orderRef: trimmedName(orderRef),
          name: trimmedName(name ?? orderRef),
          keys: [key],
          memberIds: ids,
          actorId: viewer.id,
        }),
      );
      ringUsers(bus, ids, [chat.id]);
      return chat;
    });

  return {
    openOrder: async (viewer, order) => {
      const { orderRef, memberIds } = order;
      refuseInput(order);
      const key = orderKey(trimmedName(orderRef));
      const existing = await findByKey(db, key);
      if (existing === undefined) await mustBeActive(db, memberIds);
      if (!(await mayOpen(db, viewer))) throw new ForbiddenError('Only managers and administrators open order chats');
      const opened = existing === undefined ? await open(viewer, key, order) : { chat: existing, created: false };
      if (opened.created || (await seenChats.read(viewer, opened.chat.id))?.isSeen) return opened;
      throw new ForbiddenError('This order has a chat already, and you are not in it');
    },
  };
};

const mayOpen = async (db: Queryable, viewer: Viewer): Promise<boolean> => {
  const [actor] = await db.query<{ role: Role }>(ROLE, [viewer.id]);
  return actor !== undefined && canOpenOrder(actor);
};

const mustBeActive = async (db: Queryable, memberIds: readonly (bigint | null)[]): Promise<void> => {
  if (memberIds.includes(null)) throw new NotFoundError('User');
  await requireActiveUsers(
    db,
    [...new Set(memberIds)].filter((id) => id !== null),
  );
};

const refuseInput = ({ orderRef, name, memberIds }: NewOrderChat): void => {
  refuseProblems({
    orderRef: nameProblem(orderRef),
    name: name === null || name === undefined ? undefined : nameProblem(name),
    memberIds: membersProblem(memberIds),
  });
};

/** Why a user may not write, the first reason that applies: no right, closed chat, a block, missing plan, not present. */
import { ChatClosedError, ForbiddenError, NotJoinedError, PlanRequiredError } from '../errors.js';
import {
  canDeleteOthers,
  canDeleteOwn,
  canWrite,
  isBlockedFrom,
  lacksPresence,
  lacksPlan,
  type Actor,
  type ChatFacts,
} from './policy.js';

/** The same for both, so that neither is told who has blocked whom. */
export const blockedError = (): ForbiddenError => new ForbiddenError('Messages between you two are not possible');

/** For sending, editing, reacting and typing. @throws ForbiddenError, ChatClosedError, PlanRequiredError, NotJoinedError */
export const refuseWriting = (actor: Actor, chat: ChatFacts): void => {
  if (!canWrite(actor, chat)) throw new ForbiddenError('You may not write in this chat');
  if (chat.closedAt !== null) throw new ChatClosedError(chat.closedAt);
  if (isBlockedFrom('write', actor, chat)) throw blockedError();
  if (lacksPlan('write', actor, chat)) throw new PlanRequiredError();
  if (lacksPresence(actor, chat)) throw new NotJoinedError();
};

/**
 * For deleting messages that the user has the right to delete.
 *
 * @param areAllOwn if false they delete as an administrator, as in a closed chat
 * @throws as `refuseWriting`
 */
export const refuseDeleting = (actor: Actor, chat: ChatFacts, areAllOwn: boolean): void => {
  if (!canDeleteOwn(actor, chat)) throw new ForbiddenError('You may not delete messages in this chat');
  if (chat.closedAt !== null && !canDeleteOthers(actor, chat)) throw new ChatClosedError(chat.closedAt);
  const right = areAllOwn && chat.closedAt === null ? 'write' : 'deleteOthers';
  if (lacksPlan(right, actor, chat)) throw new PlanRequiredError();
  if (lacksPresence(actor, chat)) throw new NotJoinedError();
};

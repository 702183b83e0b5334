/**
 * Who may do what: in a chat by its kind (`kinds.ts`), and besides. Every read, write and live event asks here, or by the same
 * table in SQL (`right-sql.ts`); resolvers never decide.
 */
import type { ChatKind, Role } from '../../generated/prisma/enums.js';
import { kinds, type Grant, type Right } from './kinds.js';

/** What a decision rests on. Take them from rows that the transaction has locked where it writes. */
export interface ChatFacts {
  kind: ChatKind;
  closedAt: Date | null;
  /** Whether a brand of this MATCH has the BUSINESS plan. */
  hasBusiness: boolean;
}

export interface Actor {
  id: bigint;
  role: Role;
  /** Whether they are a member of the chat in question. */
  isMember: boolean;
  /** Whether they follow it by `chatEvents` now, on any node; asked where the kind needs presence. */
  isPresent: boolean;
}

const holds = (actor: Actor, { roles, isMember }: Grant): boolean =>
  (!isMember || actor.isMember) && (!roles || roles.includes(actor.role));

/** Whether they have a right, or would have it if a brand had the plan. */
const mayAtAll = (right: Right, actor: Actor, chat: ChatFacts): boolean =>
  kinds[chat.kind][right].some((grant) => holds(actor, grant));

const may = (right: Right, actor: Actor, chat: ChatFacts): boolean =>
  kinds[chat.kind][right].some((grant) => holds(actor, grant) && (!grant.needsPlan || chat.hasBusiness));

/** Whether nothing but the plan is missing. */
export const lacksPlan = (right: Right, actor: Actor, chat: ChatFacts): boolean =>
  mayAtAll(right, actor, chat) && !may(right, actor, chat);

export const needsPresence = ({ kind }: Pick<ChatFacts, 'kind'>): boolean => kinds[kind].needsPresence;

export const lacksPresence = (actor: Actor, chat: ChatFacts): boolean => needsPresence(chat) && !actor.isPresent;

export const canSee = (actor: Actor, chat: ChatFacts): boolean => may('see', actor, chat);

/** Whether they may write here at all; `refuseWriting` says what may still be in the way. */
export const canWrite = (actor: Actor, chat: ChatFacts): boolean => mayAtAll('write', actor, chat);

/** `refuseDeleting` says what may still be in the way. */
export const canDeleteOthers = (actor: Actor, chat: ChatFacts): boolean => mayAtAll('deleteOthers', actor, chat);

/** Whether there is any message here that they may delete. In a closed chat only administrators. */
export const canDeleteOwn = (actor: Actor, chat: ChatFacts): boolean =>
  canWrite(actor, chat) || canDeleteOthers(actor, chat);

export const canDelete = (actor: Actor, chat: ChatFacts, message: { senderId: bigint }): boolean =>
  message.senderId === actor.id ? canDeleteOwn(actor, chat) : canDeleteOthers(actor, chat);

export const canManageMembers = (actor: Actor, chat: ChatFacts): boolean => may('manageMembers', actor, chat);

export const canLeave = (actor: Actor, chat: ChatFacts): boolean => may('leave', actor, chat);

export const canRename = (actor: Actor, chat: ChatFacts): boolean => may('rename', actor, chat);

export const canClose = (actor: Actor, chat: ChatFacts): boolean => may('close', actor, chat);

export const canMarkRead = (actor: Actor, chat: ChatFacts): boolean => may('markRead', actor, chat);

export const canCreateGroup = (actor: { role: Role }): boolean => actor.role === 'ADMIN';

export const canManageBrands = canCreateGroup;

export const canCreateMatch = canCreateGroup;

/** Who may open dialogs: everyone, managers and administrators (with anyone), or nobody. Those that there are stay. */
export type DirectChatOpeners = 'everyone' | 'staff' | 'off';

export const canOpenDirect = (actor: { role: Role }, openers: DirectChatOpeners): boolean =>
  openers === 'everyone' || (openers === 'staff' && actor.role !== 'USER');

export const canBeManager = (user: { role: Role }): boolean => user.role !== 'USER';

/** Managers make, change and delete the relations in which they are the manager. */
export const canChangeRelation = (actor: { id: bigint; role: Role }, managerId: bigint): boolean =>
  actor.role === 'ADMIN' || (actor.role === 'MANAGER' && actor.id === managerId);

export const canOpenOrder = (actor: { role: Role }): boolean => actor.role !== 'USER';

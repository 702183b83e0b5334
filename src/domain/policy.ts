/**
 * Who may do what, by kind of chat. Every read, write and live event asks here; resolvers never decide.
 * Reads like the table in ARCHITECTURE.md.
 */
import type { ChatKind, Role } from '../generated/prisma/enums.js';

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
  /** Whether they follow it by `chatEvents` now, on any node; asked of MATCH alone. */
  isJoined: boolean;
}

const isAdmin = (actor: Actor) => actor.role === 'ADMIN';

/** Administrators see every chat except other people's dialogs. */
export const canSee = (actor: Actor, chat: ChatFacts): boolean =>
  actor.isMember || (isAdmin(actor) && chat.kind !== 'DIRECT');

/** Whether they may write here at all; `refuseWriting` says what may still be in the way. */
export const canWrite = (actor: Actor, chat: ChatFacts): boolean =>
  actor.isMember || (chat.kind === 'MATCH' && isAdmin(actor));

/** Administrators, who are no member, write in a MATCH only where a brand pays for it. */
export const lacksPlan = (actor: Actor, chat: ChatFacts): boolean =>
  chat.kind === 'MATCH' && !actor.isMember && !chat.hasBusiness;

export const lacksJoining = (actor: Actor, chat: ChatFacts): boolean => chat.kind === 'MATCH' && !actor.isJoined;

export const canType = canWrite;

export const canMarkRead = (actor: Actor, _chat: ChatFacts): boolean => actor.isMember;

/** Own messages, in all kinds, where one may write. */
export const canEdit = (actor: Actor, chat: ChatFacts, message: { senderId: bigint }): boolean =>
  canWrite(actor, chat) && message.senderId === actor.id;

/** Whether there is any message here that they may delete. In a closed chat only administrators. */
export const canDeleteOwn = (actor: Actor, chat: ChatFacts): boolean =>
  canWrite(actor, chat) || canDeleteOthers(actor, chat);

/** An administrator's right; in a MATCH where a brand pays for it (`refuseDeleting`). */
export const canDeleteOthers = (actor: Actor, chat: ChatFacts): boolean => isAdmin(actor) && chat.kind !== 'DIRECT';

export const canDelete = (actor: Actor, chat: ChatFacts, message: { senderId: bigint }): boolean =>
  message.senderId === actor.id ? canDeleteOwn(actor, chat) : canDeleteOthers(actor, chat);

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

/** Brings people in and takes them out. */
export const canManageMembers = (actor: Actor, chat: ChatFacts): boolean =>
  (chat.kind === 'GROUP' && isAdmin(actor)) ||
  (chat.kind === 'ORDER' && (isAdmin(actor) || (actor.role === 'MANAGER' && actor.isMember)));

/** Clients do not leave an order's chat. */
export const canLeave = (actor: Actor, chat: ChatFacts): boolean =>
  actor.isMember && (chat.kind === 'GROUP' || (chat.kind === 'ORDER' && actor.role !== 'USER'));

export const canRename = (actor: Actor, chat: ChatFacts): boolean =>
  canManageMembers(actor, chat) || (chat.kind === 'MATCH' && isAdmin(actor));

export const canClose = canRename;

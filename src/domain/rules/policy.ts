/**
 * Who may do what: in a chat by its kind (`kinds.ts`), and outside chats. Every read, write and live event is decided here, or by
 * the same table in SQL (`right-sql.ts`); resolvers never decide.
 */
import type { ChatAccess, ChatKind, ChatRole, Role } from '../../generated/prisma/enums.js';
import { kinds, type Grant, type Right } from './kinds.js';

/** The facts that a decision depends on. For a write, take them from rows that the transaction has locked. */
export interface ChatFacts {
  kind: ChatKind;
  closedAt: Date | null;
  /** Whether a brand of this MATCH has the BUSINESS plan. */
  hasBusiness: boolean;
  /** Whether one of the two of this DIRECT chat has blocked the other. */
  isBlocked: boolean;
}

export interface Actor {
  id: bigint;
  role: Role;
  /** Whether they are a member of this chat. */
  isMember: boolean;
  /** Their role in it. Only managing it depends on that; where it is not known, they manage nothing. */
  chatRole?: ChatRole | null;
  /** Whether they follow it by `chatEvents` now, on any node; needed only if the kind needs presence. */
  isPresent: boolean;
}

const holds = (actor: Actor, { roles, isMember, chatRoles }: Grant): boolean =>
  (!isMember || actor.isMember) &&
  (!roles || roles.includes(actor.role)) &&
  (!chatRoles || (actor.isMember && chatRoles.some((role) => role === actor.chatRole)));

/** Whether they have the right, or would have it if a brand had the plan and nobody had blocked anybody. */
const mayAtAll = (right: Right, actor: Actor, chat: ChatFacts): boolean =>
  kinds[chat.kind][right].some((grant) => holds(actor, grant));

const may = (right: Right, actor: Actor, chat: ChatFacts): boolean =>
  kinds[chat.kind][right].some(
    (grant) => holds(actor, grant) && (!grant.needsPlan || chat.hasBusiness) && (!grant.notBlocked || !chat.isBlocked),
  );

/** Whether only the plan is missing. */
export const lacksPlan = (right: Right, actor: Actor, chat: ChatFacts): boolean =>
  mayAtAll(right, actor, chat) && !may(right, actor, { ...chat, isBlocked: false });

/** Whether only a block stands against it. */
export const isBlockedFrom = (right: Right, actor: Actor, chat: ChatFacts): boolean =>
  mayAtAll(right, actor, chat) && !may(right, actor, { ...chat, hasBusiness: true });

export const needsPresence = ({ kind }: Pick<ChatFacts, 'kind'>): boolean => kinds[kind].needsPresence;

export const lacksPresence = (actor: Actor, chat: ChatFacts): boolean => needsPresence(chat) && !actor.isPresent;

export const canSee = (actor: Actor, chat: ChatFacts): boolean => may('see', actor, chat);

/** Whether they may write here at all; `refuseWriting` checks the remaining conditions. */
export const canWrite = (actor: Actor, chat: ChatFacts): boolean => mayAtAll('write', actor, chat);

/** `refuseDeleting` checks the remaining conditions. */
export const canDeleteOthers = (actor: Actor, chat: ChatFacts): boolean => mayAtAll('deleteOthers', actor, chat);

/** Whether they may delete any of their messages here. In a closed chat only administrators may. */
export const canDeleteOwn = (actor: Actor, chat: ChatFacts): boolean =>
  canWrite(actor, chat) || canDeleteOthers(actor, chat);

export const canDelete = (actor: Actor, chat: ChatFacts, message: { senderId: bigint }): boolean =>
  message.senderId === actor.id ? canDeleteOwn(actor, chat) : canDeleteOthers(actor, chat);

export const canManageMembers = (actor: Actor, chat: ChatFacts): boolean => may('manageMembers', actor, chat);

export const canLeave = (actor: Actor, chat: ChatFacts): boolean => may('leave', actor, chat);

export const canRename = (actor: Actor, chat: ChatFacts): boolean => may('rename', actor, chat);

export const canClose = (actor: Actor, chat: ChatFacts): boolean => may('close', actor, chat);

export const canMarkRead = (actor: Actor, chat: ChatFacts): boolean => may('markRead', actor, chat);

export const canPin = (actor: Actor, chat: ChatFacts): boolean => may('pin', actor, chat);

export const canMentionEveryone = (actor: Actor, chat: ChatFacts): boolean => may('mentionEveryone', actor, chat);

export const canInvite = (actor: Actor, chat: ChatFacts): boolean => may('invite', actor, chat);

export const canSetRoles = (actor: Actor, chat: ChatFacts): boolean => may('setRoles', actor, chat);

/** An owner is removed by those alone who could take that role away. */
export const canRemove = (actor: Actor, chat: ChatFacts, member: Actor): boolean =>
  canManageMembers(actor, chat) && (member.chatRole !== 'OWNER' || canSetRoles(actor, chat));

export const mayBeOpen = (kind: ChatKind): boolean => kinds[kind].mayBeOpen;

/** Whether every user finds it, sees its name, description and size, and may join it. */
export const isOpen = ({ kind, access }: { kind: ChatKind; access: ChatAccess }): boolean =>
  access === 'OPEN' && mayBeOpen(kind);

/** Who makes groups: administrators, who are no members of them; or managers or everyone too, and then the maker is the owner. */
export type GroupCreators = 'admins' | 'staff' | 'everyone';

export const canCreateGroup = (actor: { role: Role }, creators: GroupCreators): boolean =>
  actor.role === 'ADMIN' || creators === 'everyone' || (creators === 'staff' && actor.role === 'MANAGER');

export const canManageBrands = (actor: { role: Role }): boolean => actor.role === 'ADMIN';

export const canCreateMatch = canManageBrands;

/** Who may open direct chats: everyone, managers and administrators (with anyone), or nobody. Existing ones stay. */
export type DirectChatOpeners = 'everyone' | 'staff' | 'off';

export const canOpenDirect = (actor: { role: Role }, openers: DirectChatOpeners): boolean =>
  openers === 'everyone' || (openers === 'staff' && actor.role !== 'USER');

export const canBeManager = (user: { role: Role }): boolean => user.role !== 'USER';

/** Managers create, change and delete the relations in which they are the manager. */
export const canChangeRelation = (actor: { id: bigint; role: Role }, managerId: bigint): boolean =>
  actor.role === 'ADMIN' || (actor.role === 'MANAGER' && actor.id === managerId);

export const canOpenOrder = (actor: { role: Role }): boolean => actor.role !== 'USER';

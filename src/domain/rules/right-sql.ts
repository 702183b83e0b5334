/** The rights of `kinds.ts` as SQL conditions, for statements that decide about many rows at once. */
import type { ChatKind, ChatRole, Role } from '../../generated/prisma/enums.js';
import { kinds, type Grant, type Right } from './kinds.js';

/** The statement's SQL expressions for the facts that a right depends on. */
export interface RightColumns {
  kind: string;
  isMember: string;
  hasRole(roles: readonly Role[]): string;
  hasChatRole(roles: readonly ChatRole[]): string;
  hasBusiness: string;
  isBlocked: string;
}

/** The shorter of the two conditions; nothing if all kinds are meant. */
const isOneOf = (column: string, those: readonly ChatKind[]): string[] => {
  const others = (Object.keys(kinds) as ChatKind[]).filter((kind) => !those.includes(kind));
  if (others.length === 0) return [];
  const list = (some: readonly ChatKind[]) => some.map((kind) => `'${kind}'`).join(', ');
  return [others.length < those.length ? `${column} NOT IN (${list(others)})` : `${column} IN (${list(those)})`];
};

/** @returns true if they have the right; otherwise false or null */
export const rightSql = (right: Right, columns: RightColumns): string => {
  const kindsOf = new Map<Grant, ChatKind[]>();
  for (const [kind, { [right]: grants }] of Object.entries(kinds) as [ChatKind, (typeof kinds)[ChatKind]][]) {
    for (const grant of grants) kindsOf.set(grant, [...(kindsOf.get(grant) ?? []), kind]);
  }
  const ways = [...kindsOf].map(([{ isMember, roles, chatRoles, needsPlan, notBlocked }, those]) => {
    const all = [
      ...(isMember ? [columns.isMember] : []),
      ...(roles ? [columns.hasRole(roles)] : []),
      ...(chatRoles ? [columns.hasChatRole(chatRoles)] : []),
      ...(needsPlan ? [columns.hasBusiness] : []),
      ...(notBlocked ? [`NOT ${columns.isBlocked}`] : []),
      ...isOneOf(columns.kind, those),
    ];
    return `(${all.join(' AND ')})`;
  });
  return ways.length === 0 ? 'false' : `(${ways.join(' OR ')})`;
};

/** Whether the chat's kind allows writing without following it, or `isPresent`. */
const presenceSql = (kind: string, isPresent: string): string => {
  const those = (Object.keys(kinds) as ChatKind[]).filter((one) => !kinds[one].needsPresence);
  return `(${[...isOneOf(kind, those), isPresent].join(' OR ')})`;
};

/** For `chat` and its `access`: whether every user finds it and may join it. */
export const IS_OPEN = `(chat.access = 'OPEN' AND ${isOneOf(
  'chat.kind',
  (Object.keys(kinds) as ChatKind[]).filter((kind) => kinds[kind].mayBeOpen),
).join(' AND ')})`;

const listOf = (names: readonly string[]) => names.map((name) => `'${name}'`).join(', ');

/** Of the rows that the sending statement has locked. */
const LOCKED: RightColumns = {
  kind: 'locked_chat.kind',
  isMember: 'locked_member.user_id IS NOT NULL',
  hasRole: (roles) => `sender.role IN (${listOf(roles)})`,
  hasChatRole: (roles) => `locked_member.role IN (${listOf(roles)})`,
  hasBusiness: 'locked_chat.has_business',
  isBlocked: 'locked_chat.is_blocked',
};

/** For the log. */
export const MAY_MENTION_EVERYONE = rightSql('mentionEveryone', LOCKED);

/** Who may send, for the log. */
export const MAY_SEND = `${rightSql('write', LOCKED)} AND ${presenceSql('locked_chat.kind', 'input.is_present')}`;

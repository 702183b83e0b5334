/** The rights of `kinds.ts` as conditions in SQL, for statements that judge many at once. */
import type { ChatKind, Role } from '../../generated/prisma/enums.js';
import { kinds, type Grant, type Right } from './kinds.js';

/** What a statement calls what a right rests on, each as an expression in SQL. */
export interface RightColumns {
  kind: string;
  isMember: string;
  hasRole(roles: readonly Role[]): string;
  hasBusiness: string;
}

/** The shorter way to say it; nothing where all are meant. */
const isOneOf = (column: string, those: readonly ChatKind[]): string[] => {
  const others = (Object.keys(kinds) as ChatKind[]).filter((kind) => !those.includes(kind));
  if (others.length === 0) return [];
  const list = (some: readonly ChatKind[]) => some.map((kind) => `'${kind}'`).join(', ');
  return [others.length < those.length ? `${column} NOT IN (${list(others)})` : `${column} IN (${list(those)})`];
};

/** @returns true where they have the right; otherwise false or null */
export const rightSql = (right: Right, columns: RightColumns): string => {
  const kindsOf = new Map<Grant, ChatKind[]>();
  for (const [kind, { [right]: grants }] of Object.entries(kinds) as [ChatKind, (typeof kinds)[ChatKind]][]) {
    for (const grant of grants) kindsOf.set(grant, [...(kindsOf.get(grant) ?? []), kind]);
  }
  const ways = [...kindsOf].map(([{ isMember, roles, needsPlan }, those]) => {
    const all = [
      ...(isMember ? [columns.isMember] : []),
      ...(roles ? [columns.hasRole(roles)] : []),
      ...(needsPlan ? [columns.hasBusiness] : []),
      ...isOneOf(columns.kind, those),
    ];
    return `(${all.join(' AND ')})`;
  });
  return ways.length === 0 ? 'false' : `(${ways.join(' OR ')})`;
};

/** Whether the chat is of a kind in which one need not follow it in order to write, or `isPresent`. */
const presenceSql = (kind: string, isPresent: string): string => {
  const those = (Object.keys(kinds) as ChatKind[]).filter((one) => !kinds[one].needsPresence);
  return `(${[...isOneOf(kind, those), isPresent].join(' OR ')})`;
};

/** Who may send, for the log: it names what its statement has locked. */
export const MAY_SEND = `${rightSql('write', {
  kind: 'locked_chat.kind',
  isMember: 'locked_member.user_id IS NOT NULL',
  hasRole: (roles) => `sender.role IN (${roles.map((role) => `'${role}'`).join(', ')})`,
  hasBusiness: 'locked_chat.has_business',
})} AND ${presenceSql('locked_chat.kind', 'input.is_present')}`;

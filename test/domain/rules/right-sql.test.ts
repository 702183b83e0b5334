import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { kinds } from '../../../src/domain/rules/kinds.js';
import {
  canInvite,
  canMentionEveryone,
  canSee,
  canWrite,
  isBlockedFrom,
  isOpen,
  lacksPresence,
  lacksPlan,
  type Actor,
  type ChatFacts,
} from '../../../src/domain/rules/policy.js';
import { IS_OPEN, MAY_MENTION_EVERYONE, MAY_SEND } from '../../../src/domain/rules/right-sql.js';
import { CAN_SEE, canInviteSql } from '../../../src/domain/rules/visibility.js';
import type { ChatAccess, ChatKind, ChatRole, Role } from '../../../src/generated/prisma/enums.js';
import { ownDatabase } from '../../support/own-database.js';

const database = ownDatabase();

const either = [false, true];
const roles: readonly Role[] = ['USER', 'MANAGER', 'ADMIN'];
const chatRoles: readonly (ChatRole | null)[] = ['OWNER', 'MODERATOR', 'MEMBER', null];

/** Whoever meets whatever chat. */
const cases = (Object.keys(kinds) as ChatKind[]).flatMap((kind) =>
  roles.flatMap((role) =>
    chatRoles.flatMap((chatRole) =>
      either.flatMap((isPresent) =>
        either.flatMap((hasBusiness) =>
          either.map((isBlocked) => ({
            chat: { kind, hasBusiness, isBlocked, closedAt: null } satisfies ChatFacts,
            actor: { id: 7n, role, isMember: chatRole !== null, chatRole, isPresent } satisfies Actor,
          })),
        ),
      ),
    ),
  ),
);

/** What a condition says of one case, whose rows are here what the statement joins. */
const sqlOf = async (condition: string, { chat, actor }: (typeof cases)[number]): Promise<boolean> => {
  const rows = `
    (SELECT $3::chat_kind AS kind, $4::boolean AS has_business, $8::boolean AS is_blocked) chat
    CROSS JOIN (SELECT $3::chat_kind AS kind, $4::boolean AS has_business, $8::boolean AS is_blocked) locked_chat
    CROSS JOIN (SELECT CASE WHEN $5::chat_role IS NOT NULL THEN $1::bigint END AS user_id, $5::chat_role AS role) own
    CROSS JOIN (SELECT CASE WHEN $5::chat_role IS NOT NULL THEN $1::bigint END AS user_id, $5::chat_role AS role) locked_member
    CROSS JOIN (SELECT $6::role AS role) sender
    CROSS JOIN (SELECT $7::boolean AS is_present) input
    CROSS JOIN (SELECT $2::boolean) administrator`;
  const [row] = await database.current.query<{ isSo: boolean | null }>(`SELECT ${condition} AS "isSo" FROM ${rows}`, [
    actor.id,
    actor.role === 'ADMIN',
    chat.kind,
    chat.hasBusiness,
    actor.chatRole,
    actor.role,
    actor.isPresent,
    chat.isBlocked,
  ]);
  return row!.isSo === true;
};

const nameOf = ({ chat, actor }: (typeof cases)[number]) =>
  `${chat.kind} ${actor.role}${actor.chatRole ? ` ${actor.chatRole.toLowerCase()}` : ''}${actor.isPresent ? ' joined' : ''}${chat.hasBusiness ? ' business' : ''}${chat.isBlocked ? ' blocked' : ''}`;

it('statements see the chats that the policy lets be seen, for each kind, role and membership', async () => {
  expect(cases).toHaveLength(5 * 3 * 4 * 8);
  for (const one of cases)
    expect(`${nameOf(one)}: ${await sqlOf(CAN_SEE, one)}`).toBe(`${nameOf(one)}: ${canSee(one.actor, one.chat)}`);
});

it('the statement that sends takes the messages that the policy lets be written, with plan, presence and no block', async () => {
  const mayWrite = ({ actor, chat }: (typeof cases)[number]) =>
    canWrite(actor, chat) &&
    !isBlockedFrom('write', actor, chat) &&
    !lacksPlan('write', actor, chat) &&
    !lacksPresence(actor, chat);

  expect(cases.filter(mayWrite).length).toBeGreaterThan(80);
  for (const one of cases)
    expect(`${nameOf(one)}: ${await sqlOf(MAY_SEND, one)}`).toBe(`${nameOf(one)}: ${mayWrite(one)}`);
});

it('statements know who may mention everyone and who may invite as the policy does, by the role in the chat', async () => {
  for (const one of cases) {
    const { actor, chat } = one;
    const asked = [await sqlOf(MAY_MENTION_EVERYONE, one), await sqlOf(canInviteSql('$2::boolean'), one)];
    expect([nameOf(one), ...asked]).toEqual([nameOf(one), canMentionEveryone(actor, chat), canInvite(actor, chat)]);
  }
});

it('statements find the open groups that the policy calls open', async () => {
  for (const kind of Object.keys(kinds) as ChatKind[]) {
    for (const access of ['OPEN', 'CLOSED'] satisfies ChatAccess[]) {
      const [row] = await database.current.query<{ isSo: boolean }>(
        `SELECT ${IS_OPEN} AS "isSo" FROM (SELECT $1::chat_kind AS kind, $2::chat_access AS access) chat`,
        [kind, access],
      );
      expect([kind, access, row!.isSo]).toEqual([kind, access, isOpen({ kind, access })]);
    }
  }
});

it('the log names no kind of chat', () => {
  const folder = new URL('../../../src/log/', import.meta.url);
  const text = readdirSync(folder)
    .map((name) => readFileSync(new URL(name, folder), 'utf8'))
    .join('\n');

  expect(text).toMatch(/\blocked_chat\b/);
  expect(text).not.toMatch(/'(GROUP|DIRECT|RELATION|MATCH|ORDER)'/);
});

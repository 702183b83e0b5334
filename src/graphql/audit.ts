/**
 * The audit log: a line for each act that somebody may have to account for, with who did what to whom, from where, and its outcome.
 * Only ids and enumerated choices, never what people write.
 */
import { mayAdminister } from '../domain/viewer.js';
import type { LogFields } from '../log-line.js';
import type { Context } from './context.js';
import { decodeGlobalId } from './global-id.js';

interface Audited {
  /** The input fields to log: ids, roles, flags. */
  input?: readonly string[];
  /** What to log of the answer. */
  answer?: (answer: never) => LogFields;
}

/** By mutation: what to log, or null for everyday use. */
export const AUDITED: Readonly<Record<string, Audited | null>> = {
  // Signing in and out
  register: { answer: ({ user, session }: SignedIn) => ({ userId: user.id, sessionId: session.sessionId }) },
  logIn: { answer: ({ user, session }: SignedIn) => ({ userId: user.id, sessionId: session.sessionId }) },
  logOut: { input: ['everywhere'], answer: ({ endedSessions }: { endedSessions: number }) => ({ endedSessions }) },
  changePassword: {},
  updateProfile: {},
  createApiToken: {
    input: ['scopes', 'expiresAt'],
    answer: ({ apiToken }: { apiToken: HasId }) => ({ apiTokenId: apiToken.id }),
  },
  revokeApiToken: { input: ['apiTokenId'] },
  refreshSession: null,
  renewConnection: null,

  // Accounts
  setUserRole: { input: ['userId', 'role'] },
  setUserActive: { input: ['userId', 'isActive'] },
  createUserToken: {
    input: ['userId', 'minutes'],
    answer: ({ expiresAt }: { expiresAt: Date }) => ({ expiresAt }),
  },
  upsertUsers: {
    answer: ({ users, refused }: { users: readonly HasId[]; refused: readonly unknown[] }) => ({
      userIds: users.map(({ id }) => id),
      refused: refused.length,
    }),
  },

  // Chats and members
  createChat: { input: ['memberIds', 'access'], answer: ofChat },
  updateChat: { input: ['chatId', 'access'] },
  closeChat: { input: ['chatId'] },
  reopenChat: { input: ['chatId'] },
  openOrderChat: { input: ['memberIds'], answer: ofChat },
  addChatMember: { input: ['chatId', 'userId'] },
  addChatMembers: { input: ['chatId', 'userIds'] },
  removeChatMember: { input: ['chatId', 'userId'] },
  setChatMemberRole: { input: ['chatId', 'userId', 'role'] },
  joinChat: null,
  createInvite: {
    input: ['chatId', 'expiresAt', 'maxUses'],
    answer: ({ invite }: { invite: HasId }) => ({ inviteId: invite.id }),
  },
  revokeInvite: { input: ['inviteId'] },
  acceptInvite: null,
  leaveChat: null,
  openDirectChat: null,
  createRelation: { input: ['managerId', 'clientId'] },
  updateRelation: { input: ['relationId', 'clientId'] },
  deleteRelation: { input: ['relationId'] },
  createBrand: { input: ['ownerId', 'plan'], answer: ({ brand }: { brand: HasId }) => ({ brandId: brand.id }) },
  setBrandPlan: { input: ['brandId', 'plan'] },
  createMatch: { input: ['brandIds'], answer: ofChat },

  // Messages
  sendMessage: null,
  editMessage: null,
  deleteMessages: { input: ['chatId', 'messageIds'] },
  addReaction: null,
  removeReaction: null,
  pinMessage: null,
  unpinMessage: null,
  setTyping: null,
  markRead: null,
  updateChatSettings: null,
  blockUser: null,
  unblockUser: null,
  createUpload: null,
  deleteUpload: null,
  markNotificationsRead: null,
  reportMessage: null,
  resolveReport: { input: ['reportId', 'status'] },
};

type HasId = { id: bigint };
type SignedIn = { user: HasId; session: { sessionId: string } };

function ofChat({ chat }: { chat: HasId }): LogFields {
  return { chatId: chat.id };
}

/**
 * Writes the line, if the mutation is audited.
 *
 * @param outcome `success`, the name of a domain error, or `unavailable` or `fault`: unknown whether it was done
 * @param answer the result of a success, or the error that was thrown
 * @returns whether it was written
 */
export const audit = (ctx: Context, mutation: string, outcome: string, args: object, answer: unknown): boolean => {
  const audited = AUDITED[mutation];
  if (audited === undefined || audited === null) return false;
  const { input = {} } = args as { input?: Record<string, unknown> };
  const told = (audited.input ?? []).flatMap((name) => (isAbsent(input[name]) ? [] : [[name, readable(input[name])]]));
  const about: LogFields = {
    ...(Object.fromEntries(told) as LogFields),
    ...(outcome === 'success' ? audited.answer?.(answer as never) : accountOf(answer)),
  };
  const { viewer, address, transport, logger } = ctx;
  logger.info({ audit: mutation, outcome, by: viewer?.credential.kind, about, address, transport }, 'Audit');
  return true;
};

/**
 * Writes the line for an administrator who reads what is not theirs.
 *
 * @param field that gives it
 */
export const auditRead = ({ viewer, address, transport, logger }: Context, field: string, about: LogFields): void => {
  if (viewer === null || !mayAdminister(viewer)) return;
  logger.info({ audit: field, outcome: 'success', by: viewer.credential.kind, about, address, transport }, 'Audit');
};

/** The account whose password was wrong. */
const accountOf = (error: unknown): LogFields =>
  error instanceof Error && 'userId' in error && typeof error.userId === 'bigint' ? { userId: error.userId } : {};

const MAX_IDS = 100;

/** Ids as in the rest of the log, and not too many for a line. */
const readable = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.slice(0, MAX_IDS).map(readable);
  // Text that is not an id stays out of the log: it may hold whatever a client wrote.
  return typeof value === 'string' && !/^[A-Z_]{1,32}$/.test(value) ? (decodeGlobalId(value)?.key ?? 'unknown') : value;
};

const isAbsent = (value: unknown) => value === undefined || value === null;

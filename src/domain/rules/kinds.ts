/**
 * Who may do what in a chat: a row for each kind, a column for each right. `policy.ts` applies it to one person and one
 * chat, and `right-sql.ts` turns it into the same conditions in SQL.
 */
import type { ChatKind, ChatRole, Role } from '../../generated/prisma/enums.js';

/** One way to have a right: all of its conditions must hold. */
export interface Grant {
  /** They must have one of these roles. */
  roles?: readonly Role[];
  /** They must be a member. */
  isMember?: true;
  /** They must be a member with one of these roles in the chat. */
  chatRoles?: readonly ChatRole[];
  /** A brand of the chat must have the BUSINESS plan; if none has, the user is told that the plan is missing. */
  needsPlan?: true;
  /** Neither of a dialog's two may have blocked the other; otherwise the user is told that messages are not possible. */
  notBlocked?: true;
}

export interface Rights {
  see: readonly Grant[];
  /** Sends, types, edits and deletes their own messages. */
  write: readonly Grant[];
  deleteOthers: readonly Grant[];
  /** Adds and removes members. */
  manageMembers: readonly Grant[];
  leave: readonly Grant[];
  rename: readonly Grant[];
  /** And reopens it. */
  close: readonly Grant[];
  markRead: readonly Grant[];
  /** Pins messages, and unpins them. */
  pin: readonly Grant[];
  mentionEveryone: readonly Grant[];
  /** Makes invites, sees and revokes them. */
  invite: readonly Grant[];
  /** Says who is owner, who is moderator. */
  setRoles: readonly Grant[];
}

export type Right = keyof Rights;

export interface KindRules extends Rights {
  /** Whether a user must follow the chat by `chatEvents`, on any node, to write or delete in it. */
  needsPresence: boolean;
  /** Whether it may be OPEN: every user finds it, sees its name, description and size, and may join it. */
  mayBeOpen: boolean;
}

const member: Grant = { isMember: true };
const unblockedMember: Grant = { isMember: true, notBlocked: true };
const administrator: Grant = { roles: ['ADMIN'] };
const administratorWithPlan: Grant = { roles: ['ADMIN'], needsPlan: true };
const managingMember: Grant = { roles: ['MANAGER'], isMember: true };
const groupManager: Grant = { chatRoles: ['OWNER', 'MODERATOR'] };
const groupOwner: Grant = { chatRoles: ['OWNER'] };
const staffMember: Grant = { roles: ['MANAGER', 'ADMIN'], isMember: true };

export const kinds: Record<ChatKind, KindRules> = {
  GROUP: {
    see: [member, administrator],
    write: [member],
    deleteOthers: [administrator, groupManager],
    manageMembers: [administrator, groupManager],
    leave: [member],
    rename: [administrator, groupManager],
    close: [administrator, groupOwner],
    markRead: [member],
    pin: [administrator, groupManager],
    mentionEveryone: [administrator, groupManager],
    invite: [administrator, groupManager],
    setRoles: [administrator, groupOwner],
    needsPresence: false,
    mayBeOpen: true,
  },
  DIRECT: {
    see: [member],
    write: [unblockedMember],
    deleteOthers: [],
    manageMembers: [],
    leave: [],
    rename: [],
    close: [],
    markRead: [member],
    pin: [unblockedMember],
    mentionEveryone: [],
    invite: [],
    setRoles: [],
    needsPresence: false,
    mayBeOpen: false,
  },
  RELATION: {
    see: [member, administrator],
    write: [member],
    deleteOthers: [administrator],
    manageMembers: [],
    leave: [],
    rename: [],
    close: [],
    markRead: [member],
    pin: [member],
    mentionEveryone: [],
    invite: [],
    setRoles: [],
    needsPresence: false,
    mayBeOpen: false,
  },
  MATCH: {
    see: [member, administrator],
    write: [member, administratorWithPlan],
    deleteOthers: [administratorWithPlan],
    manageMembers: [],
    leave: [],
    rename: [administrator],
    close: [administrator],
    markRead: [member],
    pin: [administrator],
    mentionEveryone: [administrator],
    invite: [],
    setRoles: [],
    needsPresence: true,
    mayBeOpen: false,
  },
  ORDER: {
    see: [member, administrator],
    write: [member],
    deleteOthers: [administrator],
    manageMembers: [administrator, managingMember],
    leave: [staffMember],
    rename: [administrator, managingMember],
    close: [administrator, managingMember],
    markRead: [member],
    pin: [administrator, managingMember],
    mentionEveryone: [administrator, managingMember],
    invite: [],
    setRoles: [],
    needsPresence: false,
    mayBeOpen: false,
  },
};

/** What a client knows of one chat, and how the contract's events change it. Knows the contract alone. */

/** So many messages of a chat are compared one by one. */
export const NEWEST = 20;

/** What is asked of a chat, in a query and wherever an event has one. */
export const CHAT_FIELDS = /* GraphQL */ `
  fragment ChatState on Chat {
    id
    kind
    name
    slug
    orderRef
    description
    access
    createdAt
    closedAt
    hasBusiness
    cursor
    headSeq
    relation {
      id
      client {
        id
      }
    }
    brands {
      id
      plan
    }
    permissions {
      canSend
      canDeleteOthers
      canManageMembers
      canInvite
      canClose
    }
  }
  fragment MessageState on Message {
    id
    seq
    text
    isEdited
    isDeleted
    createdAt
    sender {
      id
    }
    replyTo {
      id
    }
    mentions {
      id
    }
    mentionsEveryone
    pinnedAt
    reactions {
      emoji
      count
    }
  }
`;

export interface MessageState {
  id: string;
  seq: number;
  text: string | null;
  isEdited: boolean;
  isDeleted: boolean;
  createdAt: string;
  sender: { id: string };
  replyTo: { id: string } | null;
  mentions: { id: string }[];
  mentionsEveryone: boolean;
  pinnedAt: string | null;
  reactions: { emoji: string; count: number }[];
}

/** What stands on the entity itself: taken as it comes with an event, for it is as it is when that is delivered. */
export interface ChatFields {
  id: string;
  kind: string;
  name: string | null;
  slug: string | null;
  orderRef: string | null;
  description: string | null;
  access: string;
  createdAt: string;
  closedAt: string | null;
  hasBusiness: boolean;
  cursor: string;
  headSeq: number;
  relation: { id: string; client: { id: string } } | null;
  brands: { id: string; plan: string }[];
  permissions: Record<'canSend' | 'canDeleteOthers' | 'canManageMembers' | 'canInvite' | 'canClose', boolean>;
}

/** A chat with all that is in it, as a query has it. */
export interface WholeChat extends ChatFields {
  members: { nodes: { user: { id: string }; lastReadSeq: number; role: string }[] };
  messages: { nodes: MessageState[] };
}

export interface ChatEvent {
  __typename: string;
  chatId?: string;
  seq?: number;
  cursor?: string;
  headSeq?: number;
  chat?: ChatFields;
  message?: MessageState;
  messages?: MessageState[];
  user?: { id: string };
  member?: { user: { id: string }; role: string };
  lastReadSeq?: number;
}

/** What is compared with a fresh query. */
export interface ChatView {
  fields: Omit<ChatFields, 'cursor' | 'headSeq'>;
  headSeq: number;
  activityAt: string;
  unreadCount: number;
  unreadMentionCount: number;
  lastMessage: { id: string; text: string | null } | null;
  members: Record<string, number>;
  roles: Record<string, string>;
  messages: Record<string, string>;
}

export interface ChatState {
  apply(event: ChatEvent): void;
  /** What can be seen only by asking: rights, after one's role has changed or one has joined; read positions, after one was away. */
  refresh(now: ChatFields & Pick<WholeChat, 'members'>): void;
  readonly cursor: string;
  view(): ChatView;
}

/** @param viewerId whose unread messages are counted: those of others after their read position, deleted ones not */
export const createChatState = (viewerId: string, whole: WholeChat): ChatState => {
  let fields: ChatFields = whole;
  let { cursor, headSeq } = whole;
  const members = new Map(whole.members.nodes.map(({ user, lastReadSeq }) => [user.id, lastReadSeq]));
  const roles = new Map(whole.members.nodes.map(({ user, role }) => [user.id, role]));
  const messages = new Map(whole.messages.nodes.map((message) => [message.id, message]));

  const put = (changed: readonly MessageState[]) => {
    for (const message of changed) messages.set(message.id, message);
  };

  return {
    get cursor() {
      return cursor;
    },
    refresh: (now) => {
      fields = now;
      for (const { user, lastReadSeq } of now.members.nodes) {
        const before = members.get(user.id);
        if (before !== undefined) members.set(user.id, Math.max(before, lastReadSeq));
      }
    },

    apply: (event) => {
      // `chat` is as it is when the event is delivered, so the last one is the newest.
      if (event.chat !== undefined) fields = event.chat;
      if (event.__typename === 'MessagesRead') {
        const before = members.get(event.user!.id);
        if (before !== undefined) members.set(event.user!.id, Math.max(before, event.lastReadSeq!));
        return;
      }
      if (event.cursor !== undefined) cursor = event.cursor;
      if (event.seq !== undefined) {
        // Replayed events may be older than what the chat was read with: they are applied by id all the same.
        if (event.seq <= headSeq && event.__typename.startsWith('Member')) return;
        headSeq = Math.max(headSeq, event.seq);
      }
      if (event.message !== undefined) put([event.message]);
      if (event.messages !== undefined) put(event.messages);
      // Who is added starts at the head: that is this event.
      if (event.__typename === 'MemberAdded') {
        members.set(event.user!.id, event.seq!);
        roles.set(event.user!.id, 'MEMBER');
      }
      if (event.__typename === 'MemberRemoved') {
        members.delete(event.user!.id);
        roles.delete(event.user!.id);
      }
      if (event.__typename === 'MemberUpdated' && roles.has(event.member!.user.id))
        roles.set(event.member!.user.id, event.member!.role);
    },

    view: () => {
      const { cursor: _cursor, headSeq: _headSeq, ...rest } = pick(fields);
      const sorted = [...messages.values()].sort((one, other) => one.seq - other.seq);
      const last = sorted.filter((message) => !message.isDeleted).at(-1);
      const readSeq = members.get(viewerId);
      const isUnread = ({ sender, seq, isDeleted }: MessageState) =>
        readSeq !== undefined && sender.id !== viewerId && seq > readSeq && !isDeleted;
      const mentions = ({ mentions: those, mentionsEveryone }: MessageState) =>
        mentionsEveryone || those.some(({ id }) => id === viewerId);
      return {
        fields: rest,
        headSeq,
        activityAt: sorted.at(-1)?.createdAt ?? fields.createdAt,
        unreadCount: sorted.filter(isUnread).length,
        unreadMentionCount: sorted.filter((message) => isUnread(message) && mentions(message)).length,
        lastMessage: last === undefined ? null : { id: last.id, text: last.text },
        members: Object.fromEntries([...members].sort()),
        roles: Object.fromEntries([...roles].sort()),
        messages: Object.fromEntries(
          sorted.slice(-NEWEST).map(({ id, seq: _seq, createdAt: _at, ...rest }) => [id, JSON.stringify(rest)]),
        ),
      };
    },
  };
};

const pick = (chat: ChatFields): ChatFields => {
  const {
    id,
    kind,
    name,
    slug,
    orderRef,
    description,
    access,
    createdAt,
    closedAt,
    hasBusiness,
    cursor,
    headSeq,
    relation,
    brands,
    permissions,
  } = chat;
  return {
    id,
    kind,
    name,
    slug,
    orderRef,
    description,
    access,
    createdAt,
    closedAt,
    hasBusiness,
    cursor,
    headSeq,
    relation,
    brands,
    permissions,
  };
};

/** The same from a fresh query, with what the server counts itself. */
export interface FreshChat extends WholeChat {
  activityAt: string;
  unreadCount: number;
  unreadMentionCount: number;
  lastMessage: { id: string; text: string | null } | null;
}

export const viewOf = (viewerId: string, fresh: FreshChat): ChatView => ({
  ...createChatState(viewerId, fresh).view(),
  activityAt: fresh.activityAt,
  unreadCount: fresh.unreadCount,
  unreadMentionCount: fresh.unreadMentionCount,
  lastMessage: fresh.lastMessage,
});

/**
 * What a run of faults wrote down: every operation with how it came out, everything that followers were given, and what was read
 * at the end. The checker judges by this alone and knows nothing of the server. Plain JSON.
 *
 * Times are milliseconds of one clock of the harness that never goes back. People, chats and messages go by the ids of the API.
 * Each text is written once in a run (a send tried again with its key writes the same one), so a text tells whose write it is.
 */

export interface History {
  /** Who sees every chat without being a member (administrators): `observer` follows all of them. */
  seeAll: string[];
  chats: ChatRecord[];
  operations: Operation[];
  followers: FollowerRecord[];
  final: Final;
  /** When the last fault was over. Who follows has until `caughtUpWithinMs` later to have everything. */
  lastFaultAt: number;
  caughtUpWithinMs: number;
}

export interface ChatRecord {
  chatId: string;
  /** Its members at number 0. */
  members: string[];
}

/**
 * `fail`: refused with an error of the contract, so it has not happened and never will. `unknown`: UNAVAILABLE, a lost socket, a
 * timeout: it may have happened, or happen within seconds.
 */
export type Outcome<Result> = ({ kind: 'ok' } & Result) | { kind: 'fail'; code: string } | { kind: 'unknown' };

interface Tried {
  by: string;
  chatId: string;
  startedAt: number;
  endedAt: number;
}

export type Operation =
  /** One try; those with the same `key` are tries of the same message, with the same text and mentions. */
  | (Tried & {
      what: 'send';
      key: string;
      text: string;
      mentions?: Mentions;
      outcome: Outcome<{ messageId: string; seq: number }>;
    })
  | (Tried & { what: 'edit'; messageId: string; text: string; outcome: Outcome<object> })
  /** `deletedIds`: as answered; those that were no longer there to delete are not among them. */
  | (Tried & { what: 'delete'; messageIds: string[]; outcome: Outcome<{ deletedIds: string[] }> })
  /** Adding who is a member already, or removing who is none, is ok and takes no number. */
  | (Tried & { what: 'add' | 'remove'; userId: string; outcome: Outcome<object> })
  | (Tried & { what: 'markRead'; seq: number; outcome: Outcome<{ lastReadSeq: number; unreadCount: number }> })
  /** Adding what is there, or removing what is not, is ok and takes no number. */
  | (Tried & { what: 'react' | 'unreact'; messageId: string; emoji: string; outcome: Outcome<object> })
  | (Tried & { what: 'pin' | 'unpin'; messageId: string; outcome: Outcome<object> })
  | (Tried & { what: 'setRole'; userId: string; role: Role; outcome: Outcome<object> })
  | (Tried & { what: 'invite'; maxUses: number; outcome: Outcome<{ inviteId: string; code: string }> })
  /** For one who is a member already it is ok, and no use. */
  | (Tried & { what: 'accept'; inviteId: string; outcome: Outcome<object> })
  | (Tried & { what: 'setSettings'; settings: object; outcome: Outcome<object> });

export interface Mentions {
  userIds: string[];
  isEveryone: boolean;
}

export type Role = 'MEMBER' | 'MODERATOR' | 'OWNER';

/** As given to a client. In a replay a message is as it is at that time: an edited one with its newest text, a deleted one without. */
export type LogEvent = { chatId: string; seq: number } & (
  | { type: 'sent'; message: SeenMessage; key: string | null }
  | { type: 'edited'; message: SeenMessage }
  | { type: 'deleted'; messages: SeenMessage[] }
  /** `isByThemselves`: who was added has come by an invite. */
  | { type: 'added'; userId: string; isByThemselves: boolean }
  | { type: 'removed' | 'memberUpdated'; userId: string }
  | { type: 'reacted' | 'unreacted'; message: SeenMessage; userId: string; emoji: string }
  | { type: 'pinned' | 'unpinned'; message: SeenMessage }
  | { type: 'updated' }
);

export interface SeenMessage {
  id: string;
  /** Of the message itself, not of the event. */
  seq: number;
  senderId: string;
  /** Null once deleted. */
  text: string | null;
  isDeleted: boolean;
}

/** One person's following of one chat (`chatEvents`) or of all of theirs (`events`), over any number of sockets and nodes. */
export interface FollowerRecord {
  name: string;
  userId: string;
  /** Null: all chats of theirs. */
  chatId: string | null;
  /** In the order in which they came. */
  items: FollowerItem[];
  /** False where it was stopped on purpose before the end, and owes nothing after its last item. */
  isOpenAtEnd: boolean;
}

export type FollowerItem = { at: number } &
  /** A subscription began, at this node. `after`: the number of the cursor handed over for each chat; empty: nothing is replayed. */
  (
    | { kind: 'open'; node: string; after: { chatId: string; seq: number; isOfLostFuture?: boolean }[] }
    /** The socket went. What follows is another `open`. */
    | { kind: 'lost' }
    /** `memberId`: the user of the membership that came as the viewer's own, null if none did. Only some followers select it. */
    | { kind: 'event'; event: LogEvent; memberId?: string | null }
    | { kind: 'ready'; chatId: string; headSeq: number }
    | { kind: 'viewerReady' }
    | { kind: 'resync'; chatId: string }
    | { kind: 'chatAdded'; chatId: string; headSeq: number }
    | { kind: 'chatRemoved'; chatId: string }
    /** SubscriptionEnded, or the error of a refused subscription. */
    | { kind: 'ended'; code: string }
    | { kind: 'read'; chatId: string; userId: string; lastReadSeq: number }
  );

/** Read through the API once everything had come to rest. */
export interface Final {
  chats: FinalChat[];
  views: FinalView[];
  notifications: FinalNotifications[];
}

export interface FinalChat {
  chatId: string;
  headSeq: number;
  members: string[];
  /** The whole log, from 1 to the head, as replayed at the end. */
  log: LogEvent[];
  /** The whole history, by number. */
  messages: SeenMessage[];
  reactions: FinalReactions[];
  /** The messages that are pinned. */
  pinnedIds: string[];
  owners: string[];
  /** Those that can still be used. */
  invites: { id: string; uses: number }[];
}

/** With one emoji to one message. */
export interface FinalReactions {
  messageId: string;
  emoji: string;
  count: number;
  userIds: string[];
}

/** What a chat is to somebody who sees it. */
export interface FinalView {
  userId: string;
  chatId: string;
  lastReadSeq: number;
  unreadCount: number;
  unreadMentionCount: number;
}

/** What a client has that keeps its list by `notificationEvents`, and what a fresh query answers. Entries as one text each. */
export interface FinalNotifications {
  userId: string;
  kept: string[];
  queried: string[];
}

/** Histories to be judged, as a server without a fault would have made them: write them step by step, then `finish`. */
import type { FinalChat, FollowerRecord, History, LogEvent, Operation, Outcome, SeenMessage } from '../history.js';

export interface Story {
  /** @returns the number it took */
  send(by: string, chatId: string, text: string): number;
  /** Whether it was done nobody heard: tried again with the same key, and then heard of unless `isLeftOpen`. */
  sendUnheard(by: string, chatId: string, text: string, how: { happens: boolean; isLeftOpen?: boolean }): void;
  refuseSend(by: string, chatId: string, text: string): void;
  edit(by: string, chatId: string, seq: number, text: string): void;
  remove(chatId: string, userId: string): void;
  add(chatId: string, userId: string): void;
  delete(by: string, chatId: string, seq: number): void;
  markRead(by: string, chatId: string, seq: number): void;
  /** A message that mentions one. */
  mention(by: string, chatId: string, text: string, userId: string): void;
  react(by: string, chatId: string, seq: number): void;
  unreact(by: string, chatId: string, seq: number): void;
  pin(chatId: string, seq: number): void;
  unpin(chatId: string, seq: number): void;
  own(chatId: string, userId: string): void;
  /** By an invite for two, made for them. */
  come(userId: string, chatId: string): void;
  /** From now on; all chats where `chatId` is null. */
  follow(userId: string, chatId: string | null, how?: { isSelectingOwn?: boolean }): Follower;
  finish(): History;
}

export interface Follower {
  drop(): void;
  /** With its last cursors. */
  comeBack(node: string): void;
  /** With a cursor that is no good any more. */
  comeBackFromLostFuture(): void;
  stop(): void;
}

interface Chat extends FinalChat {
  readonly first: string[];
}

interface Following {
  record: FollowerRecord;
  isSelectingOwn: boolean;
  isStanding: boolean;
  places: Map<string, number>;
}

const STEP_MS = 10;
const EMOJI = '👍';
const OK = { kind: 'ok' } as const;

/** @param members of each chat, by its id; `root` sees all of them and is in none */
export const tell = (members: Record<string, string[]>): Story => {
  let now = 0;
  const tick = () => (now += STEP_MS);
  const operations: Operation[] = [];
  const followings: Following[] = [];
  const reads = new Map<string, number>();
  const chats = new Map<string, Chat>(
    Object.entries(members).map(([chatId, first]) => [
      chatId,
      {
        chatId,
        first: [...first],
        headSeq: 0,
        members: [...first],
        owners: [],
        log: [],
        messages: [],
        reactions: [],
        pinnedIds: [],
        invites: [],
      },
    ]),
  );
  const sees = (userId: string, chatId: string) => userId === 'root' || chats.get(chatId)!.members.includes(userId);

  const give = (following: Following, event: LogEvent) => {
    const { record, isSelectingOwn } = following;
    const memberId = chats.get(event.chatId)!.members.includes(record.userId) ? record.userId : null;
    record.items.push({ at: now, kind: 'event', event: structuredClone(event), ...(isSelectingOwn && { memberId }) });
    following.places.set(event.chatId, event.seq);
  };

  const end = (following: Following, code: string) => {
    following.record.items.push({ at: now, kind: 'ended', code });
    following.isStanding = false;
  };

  const append = (event: LogEvent) => {
    const chat = chats.get(event.chatId)!;
    chat.log.push(event);
    chat.headSeq = event.seq;
    const removed = event.type === 'removed' ? event.userId : undefined;
    if (event.type === 'added') chat.members.push(event.userId);
    for (const following of followings) {
      const { userId, chatId } = following.record;
      if (!following.isStanding || (chatId !== null && chatId !== chat.chatId)) continue;
      if (!sees(userId, chat.chatId) || (chatId === null && userId === 'root')) continue;
      if (chatId === null && event.type === 'added' && event.userId === userId)
        following.record.items.push({ at: now, kind: 'chatAdded', chatId: chat.chatId, headSeq: event.seq });
      give(following, event);
      if (removed !== userId) continue;
      if (chatId !== null) end(following, 'REMOVED');
      else following.record.items.push({ at: now, kind: 'chatRemoved', chatId: chat.chatId });
      following.places.delete(chat.chatId);
    }
    if (removed !== undefined) chat.members = chat.members.filter((userId) => userId !== removed);
  };

  const next = (chatId: string) => chats.get(chatId)!.headSeq + 1;

  const write = (by: string, chatId: string, text: string, key: string): SeenMessage => {
    const seq = next(chatId);
    const message = { id: `${chatId}/${seq}`, seq, senderId: by, text, isDeleted: false };
    chats.get(chatId)!.messages.push(message);
    append({ chatId, seq, type: 'sent', message, key });
    return message;
  };

  const messageAt = (chatId: string, seq: number) => chats.get(chatId)!.messages.find((one) => one.seq === seq)!;

  const tried = () => {
    const startedAt = tick();
    return { startedAt, endedAt: tick() };
  };

  const send = (by: string, chatId: string, text: string, outcome: (message: SeenMessage) => Outcome<never>) => {
    const startedAt = tick();
    const message = write(by, chatId, text, `key of ${text}`);
    operations.push({
      what: 'send',
      by,
      chatId,
      key: `key of ${text}`,
      text,
      startedAt,
      endedAt: tick(),
      outcome: outcome(message),
    });
    return message;
  };
  const acknowledged = ({ id, seq }: SeenMessage) => ({ kind: 'ok', messageId: id, seq }) as never;

  const open = (following: Following, node: string, isOfLostFuture = false) => {
    const { record, places } = following;
    const after = [...places].map(([chatId, seq]) => ({ chatId, seq, ...(isOfLostFuture && { isOfLostFuture }) }));
    record.items.push({ at: tick(), kind: 'open', node, after });
    following.isStanding = true;
    for (const [chatId, seq] of places) {
      if (isOfLostFuture) record.items.push({ at: now, kind: 'resync', chatId });
      else for (const event of chats.get(chatId)!.log.filter((one) => one.seq > seq)) give(following, event);
    }
    const { chatId } = record;
    if (chatId === null) record.items.push({ at: now, kind: 'viewerReady' });
    else {
      const { headSeq } = chats.get(chatId)!;
      record.items.push({ at: now, kind: 'ready', chatId, headSeq });
      places.set(chatId, headSeq);
    }
  };

  return {
    send: (by, chatId, text) => send(by, chatId, text, acknowledged).seq,
    sendUnheard: (by, chatId, text, { happens, isLeftOpen = false }) => {
      const key = `key of ${text}`;
      const unknown = { kind: 'unknown' } as const;
      if (happens) {
        const message = send(by, chatId, text, () => unknown);
        if (isLeftOpen) return;
        operations.push({ what: 'send', by, chatId, key, text, ...tried(), outcome: acknowledged(message) });
      } else {
        operations.push({ what: 'send', by, chatId, key, text, ...tried(), outcome: unknown });
        if (!isLeftOpen) send(by, chatId, text, acknowledged);
      }
    },
    refuseSend: (by, chatId, text) => {
      const outcome = { kind: 'fail', code: 'NotFoundError' } as const;
      operations.push({ what: 'send', by, chatId, key: `key of ${text}`, text, ...tried(), outcome });
    },
    edit: (by, chatId, seq, text) => {
      const message = chats.get(chatId)!.messages.find((one) => one.seq === seq)!;
      message.text = text;
      append({ chatId, seq: next(chatId), type: 'edited', message });
      operations.push({ what: 'edit', by, chatId, messageId: message.id, text, ...tried(), outcome: { kind: 'ok' } });
    },
    delete: (by, chatId, seq) => {
      const message = chats.get(chatId)!.messages.find((one) => one.seq === seq)!;
      message.text = null;
      message.isDeleted = true;
      append({ chatId, seq: next(chatId), type: 'deleted', messages: [message] });
      const messageIds = [message.id];
      const outcome = { kind: 'ok', deletedIds: messageIds } as const;
      operations.push({ what: 'delete', by, chatId, messageIds, ...tried(), outcome });
    },
    add: (chatId, userId) => {
      const times = tried();
      append({ chatId, seq: next(chatId), type: 'added', userId, isByThemselves: false });
      operations.push({ what: 'add', by: 'root', chatId, userId, ...times, outcome: { kind: 'ok' } });
    },
    remove: (chatId, userId) => {
      const times = tried();
      append({ chatId, seq: next(chatId), type: 'removed', userId });
      operations.push({ what: 'remove', by: 'root', chatId, userId, ...times, outcome: { kind: 'ok' } });
    },
    markRead: (by, chatId, seq) => {
      reads.set(`${chatId} ${by}`, seq);
      const outcome = { kind: 'ok', lastReadSeq: seq, unreadCount: 0 } as const;
      operations.push({ what: 'markRead', by, chatId, seq, ...tried(), outcome });
      for (const { record, isStanding } of followings)
        if (isStanding && record.chatId === chatId)
          record.items.push({ at: now, kind: 'read', chatId, userId: by, lastReadSeq: seq });
    },
    mention: (by, chatId, text, userId) => {
      send(by, chatId, text, acknowledged);
      Object.assign(operations.at(-1)!, { mentions: { userIds: [userId], isEveryone: false } });
    },
    react: (by, chatId, seq) => {
      const message = messageAt(chatId, seq);
      const times = tried();
      const { reactions } = chats.get(chatId)!;
      const group = reactions.find(({ messageId }) => messageId === message.id);
      if (group === undefined) reactions.push({ messageId: message.id, emoji: EMOJI, count: 1, userIds: [by] });
      else {
        group.count += 1;
        group.userIds.push(by);
      }
      append({ chatId, seq: next(chatId), type: 'reacted', message, userId: by, emoji: EMOJI });
      operations.push({ what: 'react', by, chatId, messageId: message.id, emoji: EMOJI, ...times, outcome: OK });
    },
    unreact: (by, chatId, seq) => {
      const message = messageAt(chatId, seq);
      const times = tried();
      const group = chats.get(chatId)!.reactions.find(({ messageId }) => messageId === message.id)!;
      group.count -= 1;
      group.userIds = group.userIds.filter((userId) => userId !== by);
      append({ chatId, seq: next(chatId), type: 'unreacted', message, userId: by, emoji: EMOJI });
      operations.push({ what: 'unreact', by, chatId, messageId: message.id, emoji: EMOJI, ...times, outcome: OK });
    },
    pin: (chatId, seq) => {
      const message = messageAt(chatId, seq);
      const times = tried();
      chats.get(chatId)!.pinnedIds.push(message.id);
      append({ chatId, seq: next(chatId), type: 'pinned', message });
      operations.push({ what: 'pin', by: 'root', chatId, messageId: message.id, ...times, outcome: OK });
    },
    unpin: (chatId, seq) => {
      const message = messageAt(chatId, seq);
      const times = tried();
      const chat = chats.get(chatId)!;
      chat.pinnedIds = chat.pinnedIds.filter((id) => id !== message.id);
      append({ chatId, seq: next(chatId), type: 'unpinned', message });
      operations.push({ what: 'unpin', by: 'root', chatId, messageId: message.id, ...times, outcome: OK });
    },
    own: (chatId, userId) => {
      const times = tried();
      chats.get(chatId)!.owners.push(userId);
      append({ chatId, seq: next(chatId), type: 'memberUpdated', userId });
      operations.push({ what: 'setRole', by: 'root', chatId, userId, role: 'OWNER', ...times, outcome: OK });
    },
    come: (userId, chatId) => {
      const { invites } = chats.get(chatId)!;
      const inviteId = `invite ${chatId} ${invites.length}`;
      const outcome = { kind: 'ok', inviteId, code: inviteId } as const;
      operations.push({ what: 'invite', by: 'root', chatId, maxUses: 2, ...tried(), outcome });
      const times = tried();
      invites.push({ id: inviteId, uses: 1 });
      append({ chatId, seq: next(chatId), type: 'added', userId, isByThemselves: true });
      operations.push({ what: 'accept', by: userId, chatId, inviteId, ...times, outcome: OK });
    },
    follow: (userId, chatId, { isSelectingOwn = false } = {}) => {
      const record: FollowerRecord = { name: `${userId} in ${chatId}`, userId, chatId, items: [], isOpenAtEnd: true };
      const following: Following = { record, isSelectingOwn, isStanding: false, places: new Map() };
      followings.push(following);
      open(following, 'node1');
      return {
        drop: () => {
          record.items.push({ at: tick(), kind: 'lost' });
          following.isStanding = false;
        },
        comeBack: (node) => open(following, node),
        comeBackFromLostFuture: () => open(following, 'node1', true),
        stop: () => {
          record.isOpenAtEnd = false;
          following.isStanding = false;
        },
      };
    },
    finish: () => ({
      seeAll: ['root'],
      chats: [...chats.values()].map(({ chatId, first }) => ({ chatId, members: first })),
      operations,
      followers: followings.map(({ record }) => record),
      final: structuredClone({
        chats: [...chats.values()].map(({ first: _first, ...chat }) => chat),
        views: [...chats.values()].flatMap((chat) =>
          chat.members.map((userId) => viewOf(chat, userId, reads, operations)),
        ),
        notifications: [{ userId: 'ada', kept: ['one', 'two'], queried: ['two', 'one'] }],
      }),
      lastFaultAt: tick(),
      caughtUpWithinMs: 15_000,
    }),
  };
};

const viewOf = (
  { chatId, messages }: Chat,
  userId: string,
  reads: ReadonlyMap<string, number>,
  operations: readonly Operation[],
) => {
  const lastReadSeq = reads.get(`${chatId} ${userId}`) ?? 0;
  const unread = messages.filter(
    ({ seq, senderId, isDeleted }) => seq > lastReadSeq && senderId !== userId && !isDeleted,
  );
  const mentioning = new Set(
    operations.flatMap((one) => (one.what === 'send' && one.mentions?.userIds.includes(userId) ? [one.text] : [])),
  );
  const unreadMentionCount = unread.filter(({ text }) => mentioning.has(text ?? '')).length;
  return { userId, chatId, lastReadSeq, unreadCount: unread.length, unreadMentionCount };
};

/** An open chat: follows it, sends to it, marks it read, and shows who is typing. */
import type { Connection } from './connection.js';
import { createConversation, type Conversation } from './conversation.js';
import { followChat, type ChatEvent, type Following } from './follow.js';
import { isMentioned, marksOf } from './message-lines.js';
import {
  DeleteMessagesDocument,
  EditMessageDocument,
  MarkReadDocument,
  OlderMessagesDocument,
  SetTypingDocument,
} from './operations.js';
import { createSender, type Additions } from './sender.js';
import { createTyping } from './typing.js';

export interface Room {
  readonly conversation: Conversation;
  readonly typists: () => string[];
  send(text: string, additions?: Additions): void;
  key(typed: string): void;
  /** @returns why it failed, or null */
  edit(messageId: string, text: string): Promise<string | null>;
  delete(messageId: string): Promise<string | null>;
  /** @returns whether there were older messages */
  readOlder(): Promise<boolean>;
  close(): void;
}

export interface RoomListener {
  onChange(): void;
  onNotice(notice: string): void;
  onEnded(reason: string): void;
}

/** @returns null if the viewer cannot see such a chat */
export const openRoom = async (
  connection: Connection,
  viewerId: string,
  chatId: string,
  { onChange, onNotice, onEnded }: RoomListener,
): Promise<Room | null> => {
  const conversation = createConversation(viewerId);
  const sender = createSender(connection, chatId, conversation, onChange);
  const typists = new Map<string, { username: string; until: number }>();
  let markedSeq = 0;
  let isMarking = false;

  /** One mutation at a time. The next one covers messages that arrived meanwhile. */
  const markRead = async () => {
    const seq = conversation.headSeq();
    if (isMarking || seq <= markedSeq) return;
    isMarking = true;
    try {
      await connection.run(MarkReadDocument, { input: { chatId, upToSeq: seq } });
      markedSeq = seq;
    } catch {
      return; // the next message triggers a retry
    } finally {
      isMarking = false;
    }
    await markRead();
  };

  const onEvent = (event: ChatEvent) => {
    if (event.__typename === 'TypingChanged') {
      if (event.isTyping && event.expiresAt) {
        typists.set(event.user.id, { username: event.user.username, until: Date.parse(event.expiresAt) });
        setTimeout(onChange, Date.parse(event.expiresAt) - Date.now() + 50);
      } else typists.delete(event.user.id);
    }
    if (event.__typename === 'MessageSent') typists.delete(event.message.sender.id);
    const notice = noticeOf(event, viewerId);
    if (notice !== null) onNotice(notice);
    void markRead();
    onChange();
  };

  const following: Following | null = await followChat(connection, chatId, conversation, { onEvent, onEnded });
  if (following === null) return null;
  void markRead();

  const typing = createTyping((isTyping) => {
    connection.run(SetTypingDocument, { input: { chatId, isTyping } }).catch(() => {});
  });

  return {
    conversation,
    typists: () => [...typists.values()].filter(({ until }) => until > Date.now()).map(({ username }) => username),
    send: (text, additions) => {
      typing.stop();
      sender.send(text, additions);
    },
    key: typing.key,
    edit: async (messageId, text) => {
      const { editMessage: result } = await connection.run(EditMessageDocument, { input: { messageId, text } });
      return result?.__typename === 'EditMessageSuccess' ? null : (result?.reason ?? 'The server did not answer');
    },
    delete: async (messageId) => {
      const { deleteMessages: result } = await connection.run(DeleteMessagesDocument, {
        input: { chatId, messageIds: [messageId] },
      });
      return result?.__typename === 'DeleteMessagesSuccess' ? null : (result?.reason ?? 'The server did not answer');
    },
    readOlder: async () => {
      if (following.olderCursor === null) return false;
      const { chat } = await connection.run(OlderMessagesDocument, { id: chatId, before: following.olderCursor });
      if (!chat) return false;
      conversation.put(chat.messages.nodes);
      following.olderCursor = chat.messages.pageInfo.hasPreviousPage
        ? (chat.messages.pageInfo.startCursor ?? null)
        : null;
      onChange();
      return true;
    },
    close: () => {
      typing.stop();
      following.stop();
    },
  };
};

const ROLES = { OWNER: 'an owner', MODERATOR: 'a moderator', MEMBER: 'a member' };

const noticeOf = (event: ChatEvent, viewerId: string): string | null => {
  switch (event.__typename) {
    case 'MessageSent':
      return isMentioned(event.message, viewerId) ? `${event.message.sender.username} mentions you` : null;
    case 'ReactionAdded':
    case 'ReactionRemoved':
      return `#${event.message.seq} ${marksOf(event.message)}`;
    case 'MessagePinned':
      return `${event.actor.username} pinned #${event.message.seq}`;
    case 'MessageUnpinned':
      return `${event.actor.username} unpinned #${event.message.seq}`;
    case 'MemberUpdated':
      return `${event.member.user.username} is now ${ROLES[event.member.role]}`;
    case 'MemberAdded':
      return `${event.actor.username} added ${event.user.username}`;
    case 'MemberRemoved':
      return event.left ? `${event.user.username} left` : `${event.actor.username} removed ${event.user.username}`;
    case 'ChatUpdated':
      return event.chat.closedAt === null ? 'The chat was changed' : 'The chat was closed: you can read it, not write';
    case 'ResyncRequired':
      return 'Reloaded from the server';
    default:
      return null;
  }
};

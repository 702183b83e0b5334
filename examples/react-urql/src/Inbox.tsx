import type { ListedChatFragment } from './operations';
import type { Typing } from './typing';
import { Avatar, previewOf, timeOf } from './words';

interface InboxProps {
  chats: readonly ListedChatFragment[];
  me: string;
  openId: string | null;
  typing: Typing;
  onOpen: (chatId: string) => void;
}

export const Inbox = ({ chats, me, openId, typing, onOpen }: InboxProps) => (
  <nav className="inbox" aria-label="Chats">
    {chats.map((chat) => {
      const { title } = chat;
      const typist = typing[chat.id];
      return (
        <button key={chat.id} aria-current={chat.id === openId} onClick={() => onOpen(chat.id)}>
          <Avatar name={title} />
          <span className="title" dir="auto">
            {title}
          </span>
          <time>{chat.lastMessage ? timeOf(chat.lastMessage.createdAt) : ''}</time>
          <span className={typist ? 'preview typing' : 'preview'}>
            {typist ? `${typist.name} is typing…` : previewOf(chat.lastMessage, me)}
          </span>
          {chat.unreadCount > 0 && (
            <span className="badge" aria-label={`${chat.unreadCount} unread`}>
              {chat.unreadCount}
            </span>
          )}
        </button>
      );
    })}
    {chats.length === 0 && <p className="hint">No chats yet</p>}
  </nav>
);

import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import type { ShownMessageFragment } from './operations';
import type { Draft } from './outbox';
import { Avatar, nameOf, textOf, timeOf } from './words';

interface ConversationProps {
  title: string;
  me: string;
  /** Undefined while they are read. */
  messages: readonly ShownMessageFragment[] | undefined;
  /** What the server has not taken. */
  drafts: readonly Draft[];
  typist: string | undefined;
  unreadCount: number;
  /** Reads the page before; undefined where there is none. */
  onOlder: (() => void) | undefined;
  isReadingOlder: boolean;
  onRead: () => void;
  onSend: (text: string) => void;
  onRetry: (draft: Draft) => void;
  onTyping: () => void;
  onClose: () => void;
}

export const Conversation = (props: ConversationProps) => {
  const { title, me, messages, drafts, typist, unreadCount, onOlder, isReadingOlder, onRead, onRetry, onClose } = props;
  const scroll = useRef<HTMLDivElement>(null);

  const readOlderAtTheTop = () => {
    const { scrollTop, scrollHeight, clientHeight } = scroll.current!;
    if (!isReadingOlder && scrollHeight + scrollTop - clientHeight < 200) onOlder?.();
  };
  useEffect(readOlderAtTheTop, [messages?.length, isReadingOlder]);

  const hasUnread = messages !== undefined && unreadCount > 0;
  useEffect(() => {
    if (hasUnread) onRead();
  }, [hasUnread, messages?.length]);

  const taken = new Set(messages?.map(({ clientMessageId }) => clientMessageId));
  return (
    <main className="conversation">
      <header>
        <button className="back" aria-label="Back to all chats" onClick={onClose}>
          ‹
        </button>
        <Avatar name={title} />
        <h2 dir="auto">{title}</h2>
      </header>
      {/* From the bottom up, so that the place stays when older ones come. */}
      <div className="scroll" ref={scroll} tabIndex={0} onScroll={readOlderAtTheTop}>
        <div className="messages" role="log" aria-label={`Messages with ${title}`}>
          {onOlder && (
            <button className="older" onClick={onOlder} disabled={isReadingOlder}>
              Older messages
            </button>
          )}
          {messages?.map((message, index) => (
            <Bubble
              key={message.clientMessageId ?? message.id}
              message={message}
              isMine={message.sender.id === me}
              isFirst={messages[index - 1]?.sender.id !== message.sender.id}
            />
          ))}
          {drafts
            .filter(({ clientMessageId }) => !taken.has(clientMessageId))
            .map((draft) => (
              <div key={draft.clientMessageId} className={draft.refusal ? 'bubble mine failed' : 'bubble mine pending'}>
                <p dir="auto">{draft.text}</p>
                {draft.refusal ? (
                  <small role="alert">
                    {draft.refusal} <button onClick={() => onRetry(draft)}>Try again</button>
                  </small>
                ) : (
                  <small>Sending…</small>
                )}
              </div>
            ))}
        </div>
      </div>
      <p className="typist" aria-live="polite">
        {typist ? `${typist} is typing…` : ''}
      </p>
      <Composer
        {...props}
        onSend={(text) => {
          props.onSend(text);
          scroll.current!.scrollTop = 0;
        }}
      />
    </main>
  );
};

interface BubbleProps {
  message: ShownMessageFragment;
  isMine: boolean;
  isFirst: boolean;
}

const Bubble = ({ message, isMine, isFirst }: BubbleProps) => (
  <div className={`bubble ${isMine ? 'mine' : 'theirs'} ${message.isDeleted ? 'deleted' : ''}`} data-seq={message.seq}>
    {isFirst && !isMine && <strong>{nameOf(message.sender)}</strong>}
    <p dir="auto">{textOf(message)}</p>
    <small>
      {message.editedAt && 'edited · '}
      {timeOf(message.createdAt)}
    </small>
  </div>
);

const Composer = ({ title, onSend, onTyping }: ConversationProps) => {
  const [text, setText] = useState('');
  const toldAt = useRef(0);

  const send = () => {
    if (text.trim() === '') return;
    onSend(text);
    setText('');
    toldAt.current = 0;
  };
  const tellTyping = () => {
    if (Date.now() - toldAt.current < 2000) return;
    toldAt.current = Date.now();
    onTyping();
  };
  const sendOnEnter = (event: KeyboardEvent) => {
    // Enter also ends the choice of a Chinese or Japanese word.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };

  return (
    <form className="composer" action={send}>
      <textarea
        rows={1}
        dir="auto"
        aria-label={`Message to ${title}`}
        placeholder="Message"
        value={text}
        onKeyDown={sendOnEnter}
        onChange={({ target }) => {
          setText(target.value);
          tellTyping();
        }}
      />
      <button aria-label="Send" disabled={text.trim() === ''}>
        ➤
      </button>
    </form>
  );
};

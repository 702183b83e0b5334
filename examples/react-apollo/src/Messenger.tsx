import { useMutation, useQuery, useSubscription } from '@apollo/client/react';
import { followFrom, putMessage } from '@parley-chat/client/apollo';
import { untilAnswered } from '@parley-chat/client/send';
import { useEffect, useState } from 'react';
import { Conversation } from './Conversation';
import { Inbox } from './Inbox';
import {
  EventsDocument,
  HistoryDocument,
  InboxDocument,
  MarkReadDocument,
  SendDocument,
  SetTypingDocument,
} from './operations';
import { useOutbox, type Draft } from './outbox';
import { session, useConnectionState } from './session';
import { typingAfter, useCurrent, type Typing } from './typing';

export const Messenger = ({ me }: { me: string }) => {
  const [openId, setOpenId] = useState<string | null>(null);
  const { data: inbox } = useQuery(InboxDocument);
  const chats = inbox?.chats?.nodes;
  const typing = useEvents(chats);
  const outbox = useOutbox(useSend());
  const open = chats?.find(({ id }) => id === openId);

  const unread = inbox?.unreadCount;
  useEffect(() => {
    document.title = unread ? `(${unread}) Chat` : 'Chat';
  }, [unread]);

  return (
    <div className={open ? 'messenger is-open' : 'messenger'}>
      <aside>
        <header>
          <h1>Chats</h1>
          <ConnectionState />
          <button onClick={() => void session.signOut()}>Sign out</button>
        </header>
        {chats && <Inbox chats={chats} me={me} openId={openId} typing={typing} onOpen={setOpenId} />}
      </aside>
      {open ? (
        <Chat
          key={open.id}
          chatId={open.id}
          title={open.title}
          me={me}
          unreadCount={open.unreadCount}
          typist={typing[open.id]?.name}
          drafts={outbox.drafts.filter(({ chatId }) => chatId === open.id)}
          onSend={(text) => outbox.add(open.id, text)}
          onRetry={outbox.retry}
          onClose={() => setOpenId(null)}
        />
      ) : (
        <p className="nothing-open">Choose a chat</p>
      )}
    </div>
  );
};

/** All that happens in all chats. The cache takes it up by itself; what is left is who types. */
const useEvents = (chats: readonly { id: string; cursor: string }[] | undefined): Typing => {
  const [typing, setTyping] = useState<Typing>({});
  useSubscription(EventsDocument, {
    skip: !chats,
    context: chats && followFrom(chats),
    ignoreResults: true,
    onData: ({ data: { data } }) => {
      if (data) setTyping((before) => typingAfter(before, data.events));
    },
  });
  return useCurrent(typing);
};

/** Until the server has answered, however long it is away. */
const useSend = () => {
  const [send] = useMutation(SendDocument);
  return async (input: Draft): Promise<string | null> => {
    const { data } = await untilAnswered(
      () =>
        send({
          variables: { input },
          update: (cache, { data: sent }) => {
            if (sent?.sendMessage?.__typename === 'SendMessageSuccess')
              putMessage(cache, input.chatId, sent.sendMessage.message);
          },
        }),
      { waitsForRateLimit: true },
    );
    return data?.sendMessage && 'reason' in data.sendMessage ? data.sendMessage.reason : null;
  };
};

type ChatProps = Omit<
  Parameters<typeof Conversation>[0],
  'messages' | 'onOlder' | 'isReadingOlder' | 'onRead' | 'onTyping'
> & {
  chatId: string;
};

const Chat = ({ chatId, ...rest }: ChatProps) => {
  const { data, fetchMore } = useQuery(HistoryDocument, { variables: { chatId } });
  const [markRead] = useMutation(MarkReadDocument);
  const [setTyping] = useMutation(SetTypingDocument);
  const [isReadingOlder, setReadingOlder] = useState(false);
  const page = data?.chat?.messages;

  const readOlder = () => {
    setReadingOlder(true);
    fetchMore({ variables: { before: page?.pageInfo.startCursor } }).then(() => setReadingOlder(false), console.error);
  };

  return (
    <Conversation
      {...rest}
      messages={page?.nodes}
      onOlder={page?.pageInfo.hasPreviousPage ? readOlder : undefined}
      isReadingOlder={isReadingOlder}
      onRead={() => void markRead({ variables: { input: { chatId } } })}
      onTyping={() => void setTyping({ variables: { input: { chatId, isTyping: true } } })}
    />
  );
};

const ConnectionState = () => {
  const state = useConnectionState();
  return (
    <span className={`state ${state}`} role="status">
      {state === 'connected' ? 'Connected' : 'Away'}
    </span>
  );
};

import { untilAnswered } from '@parley-chat/client/send';
import { followFrom } from '@parley-chat/client/urql';
import { useEffect, useMemo, useState } from 'react';
import { useClient, useMutation, useQuery, useSubscription } from 'urql';
import { Conversation } from './Conversation';
import { Inbox } from './Inbox';
import {
  EventsDocument,
  HistoryDocument,
  InboxDocument,
  MarkReadDocument,
  SendDocument,
  SetTypingDocument,
  type EventsSubscription,
} from './operations';
import { useOutbox, type Draft } from './outbox';
import { session, useConnectionState } from './session';
import { typingAfter, useCurrent, type Typing } from './typing';

export const Messenger = ({ me }: { me: string }) => {
  const [openId, setOpenId] = useState<string | null>(null);
  const [{ data: inbox }] = useQuery({ query: InboxDocument });
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
  const hasChats = chats !== undefined;
  // From where they were read first: another object would be another subscription.
  const context = useMemo(() => (chats ? followFrom(chats) : {}), [hasChats]);
  const [{ data: typing = {} }] = useSubscription<EventsSubscription, Typing>(
    { query: EventsDocument, pause: !hasChats, context },
    (before = {}, { events }) => typingAfter(before, events),
  );
  return useCurrent(typing);
};

/** Until the server has answered, however long it is away. */
const useSend = () => {
  const client = useClient();
  return async (draft: Draft): Promise<string | null> => {
    const { data } = await untilAnswered(
      async () => {
        const answer = await client.mutation(SendDocument, { input: draft });
        if (answer.error) throw answer.error;
        return answer;
      },
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
  const [before, setBefore] = useState<string | null>(null);
  // The newest page is always asked for, so that it is read again when the cache forgets it; the cache joins older ones on.
  const [{ data }] = useQuery({ query: HistoryDocument, variables: { chatId } });
  const [{ fetching, stale }] = useQuery({
    query: HistoryDocument,
    variables: { chatId, before },
    pause: before === null,
  });
  const [, markRead] = useMutation(MarkReadDocument);
  const [, setTyping] = useMutation(SetTypingDocument);
  const page = data?.chat?.messages;

  return (
    <Conversation
      {...rest}
      messages={page?.nodes}
      onOlder={page?.pageInfo.hasPreviousPage ? () => setBefore(page.pageInfo.startCursor ?? null) : undefined}
      isReadingOlder={fetching || stale}
      onRead={() => void markRead({ input: { chatId } })}
      onTyping={() => void setTyping({ input: { chatId, isTyping: true } })}
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

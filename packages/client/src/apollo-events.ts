/** Applies events to the lists in Apollo's cache, beyond what Apollo normalises by itself. */
import type { ApolloCache, Reference } from '@apollo/client';
import type { DocumentNode } from 'graphql';
import { keepDeleted, keepEdit } from './apollo-message.js';
import { field, name, named, selection } from './ast.js';
import type { FollowedEvent } from './followable.js';

interface Told extends FollowedEvent {
  message?: { id: string; text?: string | null; editedAt?: string | null };
  messageIds?: readonly string[];
  messages?: readonly { id: string }[];
  chat?: { id: string };
  user?: { id: string };
  lastReadSeq?: number;
  unreadCount?: number;
  totalUnreadCount?: number;
}

/** Puts a message into the lists that show it; for the user's own message, as `sendMessage` returns it. Idempotent. */
export const putMessage = (cache: ApolloCache, chatId: string, { id }: { id: string }): void => {
  cache.writeFragment({
    id: cache.identify({ __typename: 'Chat', id: chatId }),
    fragment: LIVE_MESSAGES,
    data: { __typename: 'Chat', liveMessages: [{ __typename: 'Message', id }] },
  });
};

/** The link calls it for each event; call it yourself if you follow without the link. @param isOfAll whether `events` delivered it */
export const putEvent = (cache: ApolloCache, event: FollowedEvent, isOfAll: boolean): void => {
  const told = event as Told;
  const { chatId = told.chat?.id } = told;
  if (told.totalUnreadCount !== undefined) setUnreadCount(cache, told.totalUnreadCount);
  if (told.__typename === 'ViewerReady' && told.unreadCount !== undefined) setUnreadCount(cache, told.unreadCount);
  if (chatId === undefined) return;
  const chat = cache.identify({ __typename: 'Chat', id: chatId });

  switch (told.__typename as string) {
    case 'MessageSent':
      if (told.message) putMessage(cache, chatId, told.message);
      // The chat may be further down than the list was read.
      if (isOfAll && told.chat) putChat(cache, chatId);
      break;
    case 'MessageEdited':
      if (told.message) keepEdit(cache, told.message);
      break;
    case 'MessagesDeleted':
      for (const id of told.messageIds ?? told.messages?.map((message) => message.id) ?? []) keepDeleted(cache, id);
      break;
    case 'ChatAdded':
      putChat(cache, chatId);
      break;
    case 'ChatRemoved':
      removeChat(cache, 'liveChats', chat);
      writeChats(cache, GONE_CHATS, { goneChats: [{ __typename: 'Chat', id: chatId }] });
      break;
    case 'MessagesRead':
      if (told.user) moveReadPosition(cache, chat!, told.user.id, told.lastReadSeq);
      break;
    case 'MemberAdded':
    case 'MemberRemoved':
      // Queries that show them fetch again.
      cache.evict({ id: chat, fieldName: 'members' });
      break;
    case 'MemberUpdated':
      // Perhaps the viewer's own role.
      for (const fieldName of ['permissions', 'invites']) cache.evict({ id: chat, fieldName });
      break;
    case 'ResyncRequired':
      // The cached part of the chat may have a gap. Queries that show it fetch again; live events continue meanwhile.
      for (const fieldName of ['liveMessages', 'messages', 'members', 'lastMessage', 'unreadCount'])
        cache.evict({ id: chat, fieldName });
      cache.evict({ id: 'ROOT_QUERY', fieldName: 'messages', args: { chatId } });
      break;
  }
};

const setUnreadCount = (cache: ApolloCache, unreadCount: number) =>
  cache.modify({ fields: { unreadCount: () => unreadCount } });

const putChat = (cache: ApolloCache, id: string) => {
  const chat = cache.identify({ __typename: 'Chat', id });
  removeChat(cache, 'goneChats', chat);
  writeChats(cache, LIVE_CHATS, { liveChats: [{ __typename: 'Chat', id }] });
};

const removeChat = (cache: ApolloCache, list: 'liveChats' | 'goneChats', chat: string | undefined) =>
  cache.modify<Record<string, readonly Reference[]>>({
    fields: { [list]: (chats) => (chats as readonly Reference[]).filter(({ __ref }) => __ref !== chat) },
  });

const writeChats = (cache: ApolloCache, fragment: DocumentNode, data: Record<string, unknown>) =>
  cache.writeFragment({ id: 'ROOT_QUERY', fragment, data: { __typename: 'Query', ...data } });

/** Applies to the chat's cached members only. */
const moveReadPosition = (cache: ApolloCache, chat: string, userId: string, to = 0) => {
  const user = cache.identify({ __typename: 'User', id: userId });
  const found = new Set<string>();
  cache.modify<{ members: { edges: readonly { node: Reference }[] }; membership: Reference | null }>({
    id: chat,
    fields: {
      members: (list, { readField }) => {
        for (const { node } of (list as { edges: readonly { node: Reference }[] }).edges)
          if (readField<Reference>('user', node)?.__ref === user) found.add(node.__ref);
        return list;
      },
      membership: (member, { readField }) => {
        const own = member;
        if (own && readField<Reference>('user', own)?.__ref === user) found.add(own.__ref);
        return member;
      },
    },
  });
  for (const id of found)
    cache.modify<{ lastReadSeq: number }>({ id, fields: { lastReadSeq: (seq) => Math.max(seq, to) } });
};

const listOn = (type: string, list: string): DocumentNode => ({
  kind: 'Document' as never,
  definitions: [
    {
      kind: 'FragmentDefinition' as never,
      name: name(`Parley_${list}`),
      typeCondition: named(type),
      selectionSet: selection(field('__typename'), {
        ...field(list),
        selectionSet: selection(field('__typename'), field('id')),
      }),
    },
  ],
});

const LIVE_MESSAGES = listOn('Chat', 'liveMessages');
const LIVE_CHATS = listOn('Query', 'liveChats');
const GONE_CHATS = listOn('Query', 'goneChats');

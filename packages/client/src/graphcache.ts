/** What graphcache needs besides the lists: which types have no key, and how events change the lists. */
import type { Cache, CacheExchangeOpts, UpdateResolver, Variables } from '@urql/exchange-graphcache';
import { field, name, named, node, selection } from './ast.js';
import type { FollowedEvent } from './followable.js';
import { keepDeleted, keepEdit } from './graphcache-message.js';
import { keyOf, linksOf, pagesOf, seqOf } from './graphcache-pages.js';
import { typesWithoutId } from './types-without-id.js';

type Config = Required<Pick<CacheExchangeOpts, 'keys' | 'updates'>>;

/** Types without an id: graphcache embeds them in their parent. */
export const keys: Config['keys'] = Object.fromEntries(typesWithoutId.map((type) => [type, () => null]));

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

const putMessage = (cache: Cache, chat: string, id: string) => {
  const message = keyOf(cache, 'Message', id);
  const all = [...linksOf(cache, chat, 'liveMessages')];
  if (all.includes(message)) return;
  const seq = seqOf(cache, message) || Infinity;
  let index = all.length;
  while (index > 0 && seqOf(cache, all[index - 1]!) > seq) index -= 1;
  all.splice(index, 0, message);
  cache.link(chat, 'liveMessages', all);
};

const moveChat = (cache: Cache, chat: string, from: 'liveChats' | 'goneChats', to: 'liveChats' | 'goneChats') => {
  const left = linksOf(cache, 'Query', from);
  if (left.includes(chat))
    cache.link(
      'Query',
      from,
      left.filter((key) => key !== chat),
    );
  const list = linksOf(cache, 'Query', to);
  if (!list.includes(chat)) cache.link('Query', to, [...list, chat]);
};

/** Queries that show these fields fetch them again. */
const forget = (cache: Cache, entity: string, ...fields: string[]) => {
  for (const { fieldName, arguments: args } of cache.inspectFields(entity))
    if (fields.includes(fieldName)) cache.invalidate(entity, fieldName, args);
};

/** Applies to the chat's cached members only. */
const moveReadPosition = (cache: Cache, chat: string, userId: string, to = 0) => {
  const user = keyOf(cache, 'User', userId);
  const known = pagesOf(cache, chat, 'members', {}).flatMap(({ edges }) => edges.map((edge) => edge.node));
  const own = cache.resolve(chat, 'membership');
  for (const member of new Set(typeof own === 'string' ? [...known, own] : known)) {
    if (cache.resolve(member, 'user') !== user) continue;
    const lastReadSeq = Math.max(to, (cache.resolve(member, 'lastReadSeq') as number | undefined) ?? 0);
    const id = cache.resolve(member, 'id') as string;
    cache.writeFragment(READ_POSITION, { __typename: 'ChatMember', id, lastReadSeq });
  }
};

const setUnreadCount = (cache: Cache, unreadCount: number) => {
  if (cache.resolve('Query', 'unreadCount') !== undefined)
    cache.updateQuery({ query: UNREAD_COUNT }, () => ({ __typename: 'Query', unreadCount }));
};

const putEvent =
  (isOfAll: boolean): UpdateResolver =>
  (result: Record<string, unknown>, _args, cache) => {
    const told = Object.values(result).find((value) => typeof value === 'object') as Told;
    if (told.totalUnreadCount !== undefined) setUnreadCount(cache, told.totalUnreadCount);
    if (told.__typename === 'ViewerReady' && told.unreadCount !== undefined) setUnreadCount(cache, told.unreadCount);
    const id = told.chatId ?? told.chat?.id;
    if (id === undefined) return;
    const chat = keyOf(cache, 'Chat', id);

    switch (told.__typename as string) {
      case 'MessageSent':
        if (told.message) putMessage(cache, chat, told.message.id);
        // The chat may be further down than the list was read.
        if (isOfAll && told.chat) moveChat(cache, chat, 'goneChats', 'liveChats');
        break;
      case 'MessageEdited':
        if (told.message) keepEdit(cache, told.message);
        break;
      case 'MessagesDeleted':
        for (const messageId of told.messageIds ?? told.messages?.map((message) => message.id) ?? [])
          keepDeleted(cache, messageId);
        break;
      case 'ChatAdded':
        moveChat(cache, chat, 'goneChats', 'liveChats');
        break;
      case 'ChatRemoved':
        moveChat(cache, chat, 'liveChats', 'goneChats');
        break;
      case 'MessagesRead':
        if (told.user) moveReadPosition(cache, chat, told.user.id, told.lastReadSeq);
        break;
      case 'MemberAdded':
      case 'MemberRemoved':
        forget(cache, chat, 'members');
        break;
      case 'MemberUpdated':
        // Perhaps the viewer's own role.
        forget(cache, chat, 'permissions', 'invites');
        break;
      case 'ResyncRequired':
        // The cached part of the chat may have a gap. Live events continue meanwhile.
        cache.link(chat, 'liveMessages', []);
        forget(cache, chat, 'messages', 'members', 'lastMessage', 'unreadCount');
        for (const { fieldName, arguments: args } of cache.inspectFields('Query'))
          if (fieldName === 'messages' && args?.chatId === id) cache.invalidate('Query', fieldName, args);
        break;
    }
  };

export const updates: Config['updates'] = {
  Subscription: { events: putEvent(true), chatEvents: putEvent(false) },
  Mutation: {
    sendMessage: (result: { sendMessage?: { message?: { id: string } } | null }, args: Variables, cache) => {
      const { chatId } = args.input as { chatId: string };
      const { message } = result.sendMessage ?? {};
      if (message) putMessage(cache, keyOf(cache, 'Chat', chatId), message.id);
    },
  },
};

const READ_POSITION = {
  kind: 'Document',
  definitions: [
    node('FragmentDefinition', {
      name: name('ReadPosition'),
      typeCondition: named('ChatMember'),
      selectionSet: selection(field('__typename'), field('id'), field('lastReadSeq')),
    }),
  ],
} as never;

const UNREAD_COUNT = {
  kind: 'Document',
  definitions: [
    node('OperationDefinition', {
      operation: 'query',
      selectionSet: selection(field('__typename'), field('unreadCount')),
    }),
  ],
} as never;

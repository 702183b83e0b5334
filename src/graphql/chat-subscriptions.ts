/** Following one chat: all of its events, or one type of them. */
import { BadUserInputError } from '../domain/bad-user-input.js';
import type { Stream, StreamItem } from '../domain/streams/stream-item.js';
import type { Viewer } from '../domain/viewer.js';
import type { ChatPosition } from '../log/cursor.js';
import { builder } from './builder.js';
import {
  ChatEvent,
  MessageSent,
  MessagesRead,
  TypingChanged,
  type ChatItem,
  type EventItem,
} from './chat-event-types.js';
import type { Context } from './context.js';
import { noteEventIds } from './event-ids.js';
import { createEventSource, unwrap, type Delivery, type Selected } from './event-source.js';
import { decodeRowId } from './global-id.js';
import { positionOf } from './scalars.js';
import { subscriptionEnded } from './subscription-end.js';

/** @throws BadUserInputError for a cursor that is malformed or of another chat */
const follow = (
  chatId: string,
  position: ChatPosition | null,
  ctx: Context & { viewer: Viewer },
  { announcesPresence = false } = {},
): Stream => {
  const id = decodeRowId('Chat', chatId);
  if (id === null) return nowhere();
  if (position !== null && position.chatId !== id) throw new BadUserInputError('`after` is a cursor of another chat');
  const { carrierId, ending } = ctx;
  return ctx.services.streams.chat(ctx.viewer, {
    chatId: id,
    after: position,
    carrierId,
    announcesPresence,
    ending,
  });
};

interface ResumeArgs {
  chatId: string;
  after?: string | null | undefined;
}

/**
 * Like `follow`, but from a cursor. `Last-Event-ID` takes precedence over `after`: a client that reconnects with it repeats its
 * original request.
 */
const resume = (
  { chatId, after }: ResumeArgs,
  ctx: Context & { viewer: Viewer },
  options?: { announcesPresence: boolean },
): Stream => {
  const { eventIds } = ctx;
  const isResuming = eventIds !== null && eventIds.last !== null;
  const position = isResuming ? positionOf(eventIds.last, 'Last-Event-ID') : positionOf(after);
  const source = follow(chatId, position, ctx, options);
  return eventIds === null ? source : noteEventIds(source, eventIds);
};

/** The stream for a chat that does not exist. */
const nowhere = (): Stream => ({
  pushTo: (sink) => {
    sink.push({ kind: 'ended', code: 'CHAT_GONE', reason: 'There is no such chat' });
    sink.end(false);
  },
  wake: () => undefined,
  stop: () => undefined,
});

const selectAll = (item: StreamItem): Selected<ChatItem> => {
  switch (item.kind) {
    // Only in a stream of all chats.
    case 'chatAdded':
    case 'chatRemoved':
    case 'viewerReady':
      return null;
    default:
      return { value: item };
  }
};

/** Items of one type; an error signals the stream's end. */
const selectOnly =
  <Item extends StreamItem>(isWanted: (item: StreamItem) => item is Item) =>
  (item: StreamItem): Selected<Item> => {
    if (isWanted(item)) return { value: item };
    // The source decides what follows its last item: `complete`, or nothing if the client should reconnect by itself.
    if (item.kind === 'ended') return { error: subscriptionEnded(item.code, item.reason) };
    if (item.kind === 'resync') return { last: { error: subscriptionEnded('RESYNC_REQUIRED', item.reason) } };
    return null;
  };

const isMessageSent = (item: StreamItem): item is EventItem =>
  item.kind === 'event' && item.event.type === 'MESSAGE_SENT';
const isTyping = (item: StreamItem): item is Extract<StreamItem, { kind: 'typing' }> => item.kind === 'typing';
const isRead = (item: StreamItem): item is Extract<StreamItem, { kind: 'read' }> => item.kind === 'read';

const CHAT_ID = 'The chat to follow. CHAT_GONE if it does not exist or the viewer may not see it.';
const AFTER =
  'The last cursor seen of this chat: the events after it are replayed first. Without it nothing is replayed.';
const END = ' It ends with a last result that carries the error SUBSCRIPTION_ENDED and an `endCode`.';

builder.subscriptionField('chatEvents', (t) =>
  t.withAuth({ signedIn: true }).field({
    description:
      'Everything in one chat: first the log after `after` (nothing without it), then ChatReady, then live events. From ChatReady on ' +
      'the viewer is present in the chat, which writing in a MATCH requires. A user may follow a chat over at most ' +
      'CHAT_CONNECTIONS_PER_USER sockets; the newest takes over.',
    type: ChatEvent,
    args: {
      chatId: t.arg.id({ description: CHAT_ID }),
      after: t.arg({ type: 'Cursor', required: false, description: AFTER }),
    },
    subscribe: (_root, args, ctx) => createEventSource(resume(args, ctx, { announcesPresence: true }), selectAll),
    resolve: (delivery: Delivery<ChatItem>) => unwrap(delivery),
  }),
);

builder.subscriptionField('messageSent', (t) =>
  t.withAuth({ signedIn: true }).field({
    description: `Messages sent in one chat.${END} On RESYNC_REQUIRED query the chat, then subscribe without \`after\`.`,
    type: MessageSent,
    args: {
      chatId: t.arg.id({ description: CHAT_ID }),
      after: t.arg({ type: 'Cursor', required: false, description: AFTER }),
    },
    subscribe: (_root, args, ctx) => createEventSource(resume(args, ctx), selectOnly(isMessageSent)),
    resolve: (delivery: Delivery<EventItem>) => unwrap(delivery),
  }),
);

builder.subscriptionField('typingChanged', (t) =>
  t.withAuth({ signedIn: true }).field({
    description: `Who else is typing in one chat.${END}`,
    type: TypingChanged,
    args: { chatId: t.arg.id({ description: CHAT_ID }) },
    subscribe: (_root, args, ctx) => createEventSource(follow(args.chatId, null, ctx), selectOnly(isTyping)),
    resolve: (delivery: Delivery<Extract<StreamItem, { kind: 'typing' }>>) => unwrap(delivery),
  }),
);

builder.subscriptionField('messagesRead', (t) =>
  t.withAuth({ signedIn: true }).field({
    description: `Changes to the read positions in one chat.${END}`,
    type: MessagesRead,
    args: { chatId: t.arg.id({ description: CHAT_ID }) },
    subscribe: (_root, args, ctx) => createEventSource(follow(args.chatId, null, ctx), selectOnly(isRead)),
    resolve: (delivery: Delivery<Extract<StreamItem, { kind: 'read' }>>) => unwrap(delivery),
  }),
);

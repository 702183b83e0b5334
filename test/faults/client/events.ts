/** Events as the API gives them, in the record's terms. */
import type { FollowerItem, LogEvent, SeenMessage } from '../history.js';

export interface GivenMessage {
  id: string;
  seq: number;
  sender: { id: string };
  text: string | null;
  isDeleted: boolean;
}

export interface GivenEvent {
  __typename: string;
  chatId: string;
  seq: number;
  headSeq: number;
  cursor: string;
  clientMessageId: string | null;
  message: GivenMessage;
  messages: GivenMessage[];
  user: { id: string };
  actor: { id: string };
  member: { user: { id: string } };
  emoji: string;
  lastReadSeq: number;
  code: string;
  /** Of ChatAdded; of a durable event its membership alone, if that was selected. */
  chat?: { id: string; headSeq: number; membership?: { user: { id: string } } | null };
}

export const seen = ({ id, seq, sender, text, isDeleted }: GivenMessage): SeenMessage => ({
  id,
  seq,
  senderId: sender.id,
  text,
  isDeleted,
});

type Unstamped<Item> = Item extends unknown ? Omit<Item, 'at'> : never;

/** @returns null for what is not recorded */
export const itemOf = (given: GivenEvent): Unstamped<FollowerItem> | null => {
  const event = eventOf(given);
  if (event !== null) return { kind: 'event', event, ...memberOf(given) };
  const { __typename: type, chatId } = given;
  if (type === 'ChatReady') return { kind: 'ready', chatId, headSeq: given.headSeq };
  if (type === 'ViewerReady') return { kind: 'viewerReady' };
  if (type === 'ResyncRequired') return { kind: 'resync', chatId };
  if (type === 'ChatAdded') return { kind: 'chatAdded', chatId: given.chat!.id, headSeq: given.chat!.headSeq };
  if (type === 'ChatRemoved') return { kind: 'chatRemoved', chatId };
  if (type === 'SubscriptionEnded') return { kind: 'ended', code: given.code };
  if (type === 'MessagesRead') return { kind: 'read', chatId, userId: given.user.id, lastReadSeq: given.lastReadSeq };
  return null;
};

const memberOf = ({ chat }: GivenEvent): { memberId?: string | null } =>
  chat?.membership === undefined ? {} : { memberId: chat.membership?.user.id ?? null };

const eventOf = (given: GivenEvent): LogEvent | null => {
  const { __typename: type, chatId, seq } = given;
  if (type === 'MessageSent')
    return { type: 'sent', chatId, seq, message: seen(given.message), key: given.clientMessageId };
  if (type === 'MessageEdited') return { type: 'edited', chatId, seq, message: seen(given.message) };
  if (type === 'MessagesDeleted') return { type: 'deleted', chatId, seq, messages: given.messages.map(seen) };
  if (type === 'MemberAdded') {
    const isByThemselves = given.actor.id === given.user.id;
    return { type: 'added', chatId, seq, userId: given.user.id, isByThemselves };
  }
  if (type === 'MemberRemoved') return { type: 'removed', chatId, seq, userId: given.user.id };
  if (type === 'MemberUpdated') return { type: 'memberUpdated', chatId, seq, userId: given.member.user.id };
  if (type === 'ChatUpdated') return { type: 'updated', chatId, seq };
  if (type === 'ReactionAdded' || type === 'ReactionRemoved') {
    const { message, user, emoji } = given;
    const kind = type === 'ReactionAdded' ? 'reacted' : 'unreacted';
    return { type: kind, chatId, seq, message: seen(message), userId: user.id, emoji };
  }
  if (type === 'MessagePinned') return { type: 'pinned', chatId, seq, message: seen(given.message) };
  if (type === 'MessageUnpinned') return { type: 'unpinned', chatId, seq, message: seen(given.message) };
  return null;
};

/** What one follower was given: everything they were entitled to, once, in order, and nothing else. */
import type { FollowerItem, FollowerRecord, LogEvent, SeenMessage } from '../history.js';
import type { Findings } from './anomalies.js';
import { keyOf, type ChatFacts, type Facts } from './facts.js';

export const checkFollower = (facts: Facts, record: FollowerRecord, findings: Findings): void => {
  const { history } = facts;
  const { name, userId, items } = record;
  const seesAll = history.seeAll.includes(userId);
  const lateAfter = history.lastFaultAt + history.caughtUpWithinMs;
  const places = new Map<string, Place>();
  const placeIn = (chatId: string): Place => {
    let place = places.get(chatId);
    if (place === undefined) places.set(chatId, (place = createPlace()));
    return place;
  };
  const say = (kind: Parameters<Findings['add']>[0], chatId: string, says: string) =>
    findings.add(kind, chatId, `${name}: ${says}`);
  const deletedIds = new Set<string>();
  let openedAt = 0;
  let isStanding = false;
  let isEnded = false;

  const takeOpen = (item: Extract<FollowerItem, { kind: 'open' }>) => {
    openedAt = item.at;
    isStanding = false;
    isEnded = false;
    const after = new Map(item.after.map((cursor) => [cursor.chatId, cursor]));
    for (const [chatId, place] of places)
      if (!after.has(chatId)) places.set(chatId, { ...createPlace(), highest: place.highest });
    for (const { chatId, seq, isOfLostFuture = false } of item.after) {
      const place = placeIn(chatId);
      if (place.seq !== null && seq > place.seq) say('gap', chatId, `came back with ${seq}, given up to ${place.seq}`);
      place.seq = seq;
      place.isOfLostFuture = isOfLostFuture;
      place.given = new Set();
      place.isRemoved = false;
    }
  };

  const takeEvent = ({ event, memberId = null, at }: Extract<FollowerItem, { kind: 'event' }>) => {
    const { chatId, seq } = event;
    if (memberId !== null && memberId !== userId)
      say('unauthorised', chatId, `was given at ${seq} the membership of ${memberId} as the own`);
    const place = placeIn(chatId);
    const chat = facts.chats.get(chatId);
    if (place.isOfLostFuture) {
      place.isOfLostFuture = false;
      say('lostFuture', chatId, `was given ${seq} after a cursor of a future that was lost`);
    }
    if (place.given.has(seq)) say('duplicate', chatId, `was given ${seq} twice`);
    else if (place.seq === null) {
      if (place.owedFrom !== null && seq > place.owedFrom)
        say('gap', chatId, `began with ${seq}, not ${place.owedFrom}`);
      if (place.openSince !== null) checkBeginning(chatId, place.openSince, seq);
      place.openSince = null;
      place.seq = seq;
    } else if (seq <= place.seq) say('outOfOrder', chatId, `was given ${seq} after ${place.seq}`);
    else {
      if (seq !== place.seq + 1) say('gap', chatId, `was given ${seq} after ${place.seq}`);
      place.seq = seq;
    }
    place.given.add(seq);
    if (chat === undefined) return;
    if (seq > place.highest && at > lateAfter && !isOfLateOperation(event))
      say('notCaughtUp', chatId, `was given ${seq} ${Math.round(at - history.lastFaultAt)} ms after the last fault`);
    place.highest = Math.max(place.highest, seq);
    checkContents(chat, event);
    if (!seesAll) checkEntitled(chat, place, event, at);
    for (const message of messagesOf(event)) checkText(chatId, message);
    if (event.type === 'deleted') for (const { id } of event.messages) deletedIds.add(id);
  };

  /** Everything that was sent since a subscription stood, of which nothing came yet. */
  const checkBeginning = (chatId: string, since: number, first: number) => {
    for (const send of facts.sends.values()) {
      const { acknowledged } = send;
      if (send.chatId !== chatId || acknowledged === null || send.startedAt <= since || acknowledged.seq >= first)
        continue;
      if (facts.chats.get(chatId)!.membership.isIn(userId, acknowledged.seq))
        say('lost', chatId, `was never given ${acknowledged.seq}, sent after it stood`);
    }
  };

  const isOfLateOperation = (event: LogEvent): boolean => {
    if (event.type !== 'sent') return false;
    const send = facts.sends.get(keyOf(event.message.senderId, event.key));
    return send !== undefined && (send.acknowledged?.at ?? Infinity) > lateAfter - LATE_MS;
  };

  const checkContents = (chat: ChatFacts, event: LogEvent) => {
    const { seq, chatId } = event;
    const there = chat.log.get(seq);
    if (event.type === 'sent') {
      const send = facts.sends.get(keyOf(event.message.senderId, event.key));
      if (!send?.isPossible)
        say('ghost', chatId, `was given message ${event.message.id} at ${seq}, which was not sent`);
    }
    if (there === undefined) {
      if (seq > chat.final.headSeq) say('lost', chatId, `was given ${seq}, beyond the head of the final log`);
    } else if (summaryOf(there) !== summaryOf(event))
      say('twoContents', chatId, `was given ${summaryOf(event)} as ${seq}, which is ${summaryOf(there)} in the log`);
  };

  const checkEntitled = ({ chatId, membership, editedSeqs }: ChatFacts, place: Place, event: LogEvent, at: number) => {
    const { seq } = event;
    if (place.isRemoved) say('unauthorised', chatId, `was given ${seq} after the own removal`);
    if (event.type === 'removed' && event.userId === userId && !membership.canBeBackBy(userId, seq, at))
      place.isRemoved = true;
    if (!membership.isIn(userId, seq)) {
      if (!membership.canBeBackBy(userId, seq, at)) say('unauthorised', chatId, `was given ${seq}, while not a member`);
      return;
    }
    const removal = membership.removalAfter(userId, seq);
    if (removal === null || membership.canBeBackBy(userId, removal, at)) return;
    for (const { id, text } of messagesOf(event)) {
      if (text === null || !facts.editTexts.has(text)) continue;
      const edited = editedSeqs.get(id) ?? [];
      if (edited.length > 0 && Math.min(...edited) > removal)
        say(
          'unauthorised',
          chatId,
          `was given at ${seq} a text that was written at ${edited[0]}, after the removal at ${removal}`,
        );
    }
  };

  const checkText = (chatId: string, { id, text }: SeenMessage) => {
    if (text === null) return;
    if (deletedIds.has(id)) say('deletedBack', chatId, `was given the text of ${id} after its deletion`);
    const acknowledgedAt = facts.deletions.get(id)?.acknowledgedAt ?? null;
    if (acknowledgedAt !== null && acknowledgedAt < openedAt)
      say('deletedBack', chatId, `was given the text of ${id}, though it came back after its deletion`);
  };

  const takeReady = (chatId: string, headSeq: number) => {
    const place = placeIn(chatId);
    if (place.isOfLostFuture) say('lostFuture', chatId, 'was ready at once after a cursor of a future that was lost');
    place.isOfLostFuture = false;
    if (place.seq !== null && headSeq > place.seq)
      say('gap', chatId, `was ready at ${headSeq}, given up to ${place.seq}`);
    if (place.seq !== null && headSeq < place.seq)
      say('outOfOrder', chatId, `was ready at ${headSeq}, given up to ${place.seq}`);
    place.seq = headSeq;
  };

  /** Nothing of it comes any more, and nothing is owed: right only for one who was out at some time. */
  const takeLeft = (chatId: string) => {
    const isWrong = seesAll || facts.chats.get(chatId)?.membership.isAlwaysIn(userId) === true;
    if (isWrong) say('lost', chatId, 'was turned away, though never removed');
    places.set(chatId, { ...createPlace(), highest: placeIn(chatId).highest });
  };

  for (const item of items) {
    if (item.kind === 'open') takeOpen(item);
    else if (item.kind === 'event') takeEvent(item);
    else if (item.kind === 'ready') {
      takeReady(item.chatId, item.headSeq);
      if (record.chatId !== null) isStanding = true;
    } else if (item.kind === 'viewerReady') {
      isStanding = true;
      for (const chatId of facts.chats.keys()) {
        const place = placeIn(chatId);
        if (place.seq === null && place.owedFrom === null) place.openSince = item.at;
      }
    } else if (item.kind === 'resync') places.set(item.chatId, createPlace());
    else if (item.kind === 'chatAdded')
      places.set(item.chatId, { ...createPlace(), owedFrom: item.headSeq + 1, highest: placeIn(item.chatId).highest });
    else if (item.kind === 'chatRemoved') takeLeft(item.chatId);
    else if (item.kind === 'ended') {
      isEnded = isOver(item.code);
      if (isEnded && record.chatId !== null) takeLeft(record.chatId);
    }
  }

  if (!record.isOpenAtEnd) return;
  for (const chat of facts.chats.values()) {
    const { chatId, final, membership } = chat;
    if (record.chatId !== null && record.chatId !== chatId) continue;
    const isEntitled = record.chatId !== null && seesAll ? true : membership.last().has(userId);
    if (!isEntitled) continue;
    if (!isStanding) {
      say('notCaughtUp', chatId, isEnded ? 'was not let in again at the end' : 'did not stand at the end');
      continue;
    }
    const { seq, owedFrom, openSince } = placeIn(chatId);
    if (openSince !== null) checkBeginning(chatId, openSince, Infinity);
    const owed = seq === null ? owedFrom : seq + 1;
    if (owed !== null && owed <= final.headSeq) say('lost', chatId, `was never given ${owed} to ${final.headSeq}`);
  }
};

/** Where a follower is in one chat. */
interface Place {
  /** Given up to this number; null where that is not known yet. */
  seq: number | null;
  /** Of a chat that was added: what must come next at the latest. */
  owedFrom: number | null;
  /** Standing since then, with nothing given yet. */
  openSince: number | null;
  /** Since the subscription or a resync. */
  given: Set<number>;
  /** The highest ever given. */
  highest: number;
  isRemoved: boolean;
  isOfLostFuture: boolean;
}

const createPlace = (): Place => ({
  seq: null,
  owedFrom: null,
  openSince: null,
  given: new Set(),
  highest: 0,
  isRemoved: false,
  isOfLostFuture: false,
});

/** What is done so late that it could not have come in time. */
const LATE_MS = 5000;

const isOver = (code: string) => code === 'REMOVED' || code === 'CHAT_GONE';

const messagesOf = (event: LogEvent): SeenMessage[] => {
  if ('message' in event) return [event.message];
  return event.type === 'deleted' ? event.messages : [];
};

/** What does not change with time. */
const summaryOf = (event: LogEvent): string => {
  if (event.type === 'sent') return `sent ${event.message.id} with ${event.key}`;
  if (event.type === 'edited') return `edited ${event.message.id}`;
  if (event.type === 'deleted')
    return `deleted ${event.messages
      .map(({ id }) => id)
      .sort()
      .join(' ')}`;
  if ('emoji' in event) return `${event.type} ${event.message.id} ${event.userId} ${event.emoji}`;
  if ('message' in event) return `${event.type} ${event.message.id}`;
  return event.type === 'updated' ? event.type : `${event.type} ${event.userId}`;
};

/**
 * Follows one chat, or all of a person's, as a client does that must lose nothing: it keeps the last cursors, and comes back with
 * them after every loss, at whichever node. What it is given is recorded.
 */
import { performance } from 'node:perf_hooks';
import type { FollowerRecord } from '../history.js';
import { documents } from './documents.js';
import { itemOf, type GivenEvent } from './events.js';
import type { Person } from './person.js';
import type { Place } from './place.js';
import { subscribe, type Subscription } from './socket.js';

export interface Follower {
  readonly record: FollowerRecord;
  /** The newest cursor of each chat. */
  readonly cursors: ReadonlyMap<string, Cursor>;
  readonly isStanding: boolean;
  /** As a network that is gone; it comes back by itself. */
  drop(): void;
  pause(): void;
  resume(): void;
  stop(): void;
}

export interface Cursor {
  seq: number;
  cursor: string;
  /** It is known that what it points at is gone. */
  isOfLostFuture?: boolean;
}

export interface FollowerOptions {
  name: string;
  person: Person;
  /** Null: all chats of theirs. */
  chatId: string | null;
  /** Where to begin or come back; asked each time. */
  place: () => Place;
  /** To begin after; otherwise nothing is replayed. */
  after?: ReadonlyMap<string, Cursor>;
  /** Selects in each event the viewer's own membership too, so that nobody else may be given the same result. */
  isSelectingOwn?: boolean;
  /** False: it stays away once it has ended. */
  isComingBack?: boolean;
  onCursor?: (cursor: Cursor) => void;
}

const BACK_MS = 100;
/** After one was removed, until one is let in again. */
const AGAIN_MS = 1000;

export const follow = ({
  name,
  person,
  chatId,
  place,
  after,
  isSelectingOwn = false,
  isComingBack = true,
  onCursor,
}: FollowerOptions): Follower => {
  const [ofAll, ofOne] = isSelectingOwn
    ? [documents.ownEvents, documents.ownChatEvents]
    : [documents.events, documents.chatEvents];
  const record: FollowerRecord = { name, userId: person.id, chatId, items: [], isOpenAtEnd: true };
  const cursors = new Map<string, Cursor>(after);
  let subscription: Subscription | null = null;
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  let isStanding = false;

  const note = (item: object) => void record.items.push({ at: performance.now(), ...item } as never);

  const take = (given: GivenEvent) => {
    const item = itemOf(given);
    if (item !== null) note(item);
    if (given.cursor !== undefined && 'chatId' in given) {
      const cursor = { seq: given.seq ?? given.headSeq, cursor: given.cursor };
      cursors.set(given.chatId, cursor);
      onCursor?.(cursor);
    }
    if (given.__typename === 'ChatRemoved') cursors.delete(given.chatId);
    if (given.__typename === (chatId === null ? 'ViewerReady' : 'ChatReady')) isStanding = true;
    if (given.__typename === 'SubscriptionEnded' && isOverBy(given.code)) cursors.clear();
  };

  const open = () => {
    const known = [...cursors].filter(([id]) => chatId === null || id === chatId);
    const opening = {
      kind: 'open',
      node: place().node,
      after: known.map(([id, { seq, isOfLostFuture }]) => ({
        chatId: id,
        seq,
        ...(isOfLostFuture && { isOfLostFuture }),
      })),
    };
    let isOpened = false;
    const noteOpen = () => {
      if (!isOpened) note(opening);
      isOpened = true;
    };
    const list = known.map(([, { cursor }]) => cursor);
    const whole = list.length === 0 ? {} : { after: list };
    const single = { chatId, ...(list.length > 0 && { after: list[0] }) };
    subscription = subscribe({
      url: place().socketUrl,
      token: person.token,
      query: chatId === null ? ofAll : ofOne,
      variables: chatId === null ? whole : single,
      onBegun: noteOpen,
      onNext: (data) => take(Object.values(data)[0] as GivenEvent),
      onEnd: (end) => {
        subscription = null;
        isStanding = false;
        if (isOpened && end.kind === 'refused' && end.code !== 'UNAVAILABLE') note({ kind: 'ended', code: end.code });
        else if (isOpened) note({ kind: 'lost' });
        if (isStopped || !isComingBack) return;
        timer = setTimeout(
          open,
          end.kind === 'complete' && cursors.size === 0 ? AGAIN_MS : BACK_MS * (0.5 + Math.random()),
        );
      },
    });
  };

  open();
  return {
    record,
    cursors,
    get isStanding() {
      return isStanding;
    },
    drop: () => subscription?.drop(),
    pause: () => subscription?.pause(),
    resume: () => subscription?.resume(),
    stop: () => {
      isStopped = true;
      record.isOpenAtEnd = false;
      clearTimeout(timer);
      subscription?.drop();
    },
  };
};

/** For good, as far as this subscription goes; the others come back with what they have. */
const isOverBy = (code: string) => code === 'REMOVED' || code === 'CHAT_GONE' || code === 'TAKEN_OVER';

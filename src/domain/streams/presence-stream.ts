/** Who of some people comes and goes, for one viewer: first each as they are. What they may see is checked for each item. */
import type { Unsubscribe } from '../../bus/bus.js';
import { BadUserInputError } from '../bad-user-input.js';
import type { Viewer } from '../viewer.js';
import type { Ending } from './ending.js';
import type { LiveStream } from './live-stream.js';
import type { Online } from './online.js';
import { createSubscription, type EndedItem, type Subscription } from './subscription.js';
import type { PresenceState, UserPresence } from './user-presence.js';

export type PresenceItem =
  ({ kind: 'presence'; userId: bigint } & Pick<PresenceState, 'isOnline' | 'lastSeenAt'>) | EndedItem;

export type PresenceStream = LiveStream<PresenceItem>;

export interface PresenceStreamOptions {
  online: Pick<Online, 'watch'>;
  presence: Pick<UserPresence, 'read'>;
  viewer: Viewer;
  /** Null for ids that did not decode. */
  userIds: readonly (bigint | null)[];
  ending: Ending;
  /** How many streams of each viewer are open on this node. */
  open: Map<bigint, number>;
}

const MOST_STREAMS = 20;
const MOST = 500;
/** Somebody who may not be seen any more, to those who have seen them. */
const UNSEEN = { isOnline: false, lastSeenAt: null, isSure: true };

/** @throws BadUserInputError for more than 500, and for more than 20 streams of a viewer at once */
export const createPresenceStream = ({
  online,
  presence,
  viewer,
  userIds,
  ending,
  open,
}: PresenceStreamOptions): PresenceStream => {
  if (userIds.length > MOST) throw new BadUserInputError(`userIds must be at most ${MOST}`);
  const streams = open.get(viewer.id) ?? 0;
  if (streams >= MOST_STREAMS) throw new BadUserInputError(`At most ${MOST_STREAMS} of these are open at once`);
  open.set(viewer.id, streams + 1);
  const ids = [...new Set(userIds)].filter((id) => id !== null);
  /** Who may have come or gone since they were last looked at. */
  const touched = new Set(ids);
  /** Whether each was online when that was last delivered. */
  const told = new Map<bigint, boolean>();
  let ready: PresenceItem[] = [];
  let stopWatching: Unsubscribe | undefined;

  const touch = (some: readonly bigint[]) => {
    for (const id of some) touched.add(id);
    subscription.wake();
  };

  const readTouched = async () => {
    const some = [...touched];
    touched.clear();
    const states = await Promise.all(some.map((id) => presence.read(viewer, id))).catch((error: unknown) => {
      for (const id of some) touched.add(id);
      throw error;
    });
    if (!subscription.isOpen()) return;
    for (const [index, userId] of some.entries()) tell(userId, states[index] ?? null);
  };

  const tell = (userId: bigint, state: PresenceState | null) => {
    const before = told.get(userId);
    const { isOnline, lastSeenAt, isSure } = state ?? UNSEEN;
    if (isOnline === before || (state === null && before === undefined)) return;
    // What is not known does not make anybody go; it is looked at again once it is.
    if (!isSure && before !== undefined) return;
    told.set(userId, isOnline);
    ready.push({ kind: 'presence', userId, isOnline, lastSeenAt });
  };

  const subscription: Subscription<PresenceItem> = createSubscription<PresenceItem>(
    {
      take: () => ready.shift(),
      work: () => {
        // Before they are first looked at, so that nothing is missed.
        stopWatching ??= online.watch(ids, touch);
        return touched.size === 0 ? undefined : readTouched();
      },
      onUnavailable: () => undefined,
      clear: () => void (ready = []),
      letGo: () => {
        stopWatching?.();
        const left = open.get(viewer.id)! - 1;
        if (left === 0) open.delete(viewer.id);
        else open.set(viewer.id, left);
      },
    },
    { ending },
  );
  return subscription.stream;
};

/**
 * Places: which connections of a user have a chat open, over all nodes. They limit how many connections one user may have in one
 * chat (the newest ones stay), and they show who is present. A connection is a socket, or one request over Server-Sent
 * Events; all its subscriptions to a chat share one place.
 */
import { jsonTopic, type Bus, type Unsubscribe } from '../../bus/bus.js';
import type { PlaceEntry, PlaceRegistry } from '../../bus/place-registry.js';
import type { Presence } from '../rules/presence.js';

export interface Places extends Presence {
  /**
   * Takes a place; the oldest connections beyond the limit are told that they are taken over, on any node.
   *
   * @param onTakenOver called at most once, and not after `release`; possibly before this resolves
   */
  take(wanted: WantedPlace, onTakenOver: () => void): Promise<Place>;
  /** The number of places taken on this node. */
  size(): number;
  /** Listens to the other nodes. */
  start(): Promise<void>;
  close(): void;
}

export interface WantedPlace {
  userId: bigint;
  chatId: bigint;
  /** The same for all subscriptions of one connection; unique over all nodes. */
  carrierId: string;
  /** Whether the place shows who is present: then it is taken even if connections are not limited. */
  isForPresence: boolean;
}

export interface Place {
  /** From now on its user is present. @returns once the other nodes know it, or could not be told in time */
  announce(): Promise<void>;
  release(): void;
}

export interface PlacesOptions {
  registry: PlaceRegistry;
  bus: Bus;
  /** Connections of one user in one chat; 0 = no limit. */
  limit: number;
  /** Comparing places with the other nodes failed. */
  onError: (error: unknown) => void;
}

interface Holder {
  isPresent: boolean;
  onTakenOver: () => void;
}

/** One connection's place. */
interface Taken {
  order: number;
  holders: Set<Holder>;
}

/** As sent over the bus. */
interface TakeOver {
  key: string;
  carrierId: string;
}

const TELL_AGAIN_MS = 1000;

const takeOverTopic = jsonTopic<TakeOver>('places');

const keyOf = (userId: bigint, chatId: bigint) => `${userId}:${chatId}`;
const nowhere: Place = { announce: () => Promise.resolve(), release: () => undefined };
const isPresent = ({ holders }: Taken) => [...holders].some((holder) => holder.isPresent);
const byAge = (one: PlaceEntry, other: PlaceEntry) =>
  other.order - one.order || (one.carrierId < other.carrierId ? 1 : -1);

export const createPlaces = ({ registry, bus, limit, onError }: PlacesOptions): Places => {
  /** By user and chat, then by connection. */
  const taken = new Map<string, Map<string, Taken>>();
  let size = 0;
  let stopListening: Unsubscribe = () => undefined;
  const told = new Set<string>();
  let tellAgain: NodeJS.Timeout | undefined;

  const entriesOf = (key: string): PlaceEntry[] =>
    [...(taken.get(key) ?? [])].map(([carrierId, place]) => ({
      carrierId,
      order: place.order,
      isPresent: isPresent(place),
    }));

  const give = (key: string, carrierId: string, order: number): Taken => {
    const here = taken.get(key) ?? new Map<string, Taken>();
    taken.set(key, here);
    const place = here.get(carrierId) ?? { order, holders: new Set() };
    if (!here.has(carrierId)) size += 1;
    here.set(carrierId, place);
    return place;
  };

  const drop = (key: string, carrierId: string) => {
    const here = taken.get(key);
    if (here?.delete(carrierId) !== true) return;
    size -= 1;
    if (here.size === 0) taken.delete(key);
    void registry.put(key, entriesOf(key));
  };

  const takeOver = ({ key, carrierId }: TakeOver) => {
    const place = taken.get(key)?.get(carrierId);
    if (place === undefined) return;
    drop(key, carrierId);
    for (const holder of [...place.holders]) holder.onTakenOver();
    place.holders.clear();
  };

  /** Ends the places beyond the limit. Two that were taken at once both see each other here, so one of them goes. */
  const enforce = (keys: readonly string[], others: readonly PlaceEntry[][]) => {
    if (limit === 0) return;
    for (const [index, key] of keys.entries()) {
      const beyond = [...entriesOf(key), ...others[index]!].sort(byAge).slice(limit);
      for (const { carrierId } of beyond) {
        if (taken.get(key)?.has(carrierId)) takeOver({ key, carrierId });
        else tell({ key, carrierId });
      }
    }
  };

  /** Another node may not hear it, as when Redis is only just back: until that place is gone, it is told again. */
  const tell = (takenOver: TakeOver) => {
    bus.publish(takeOverTopic, takenOver);
    told.add(takenOver.key);
    tellAgain ??= setTimeout(() => void lookAgain(), TELL_AGAIN_MS);
  };

  const lookAgain = async () => {
    tellAgain = undefined;
    const keys = [...told];
    told.clear();
    try {
      enforce(keys, await registry.others(keys));
    } catch (error) {
      onError(error);
    }
  };

  // Places that were taken while the other nodes could not be asked: now they can.
  registry.onDoubt(async (keys) => {
    const others = await registry.exchange(keys);
    try {
      enforce(keys, others);
    } catch (error) {
      onError(error);
    }
  });

  const isPresentHere: Presence['isPresentHere'] = (userId, chatId) =>
    [...(taken.get(keyOf(userId, chatId))?.values() ?? [])].some(isPresent);

  return {
    start: async () => {
      stopListening = await bus.subscribe(takeOverTopic, takeOver);
    },

    take: async ({ userId, chatId, carrierId, isForPresence }, onTakenOver) => {
      if (limit === 0 && !isForPresence) return nowhere;
      const key = keyOf(userId, chatId);
      const isThere = () => taken.get(key)?.has(carrierId) === true;
      const order = isThere() ? 0 : await registry.nextOrder();
      const isNew = !isThere();
      const place = give(key, carrierId, order);
      const holder: Holder = { isPresent: false, onTakenOver };
      place.holders.add(holder);
      if (isNew) {
        await registry.put(key, entriesOf(key));
        if (limit > 0) enforce([key], await registry.others([key]));
      }
      return {
        announce: async () => {
          if (!place.holders.has(holder)) return;
          holder.isPresent = true;
          await registry.put(key, entriesOf(key));
        },
        release: () => {
          if (!place.holders.delete(holder)) return;
          if (place.holders.size === 0) drop(key, carrierId);
          else if (holder.isPresent && !isPresent(place)) void registry.put(key, entriesOf(key));
        },
      };
    },

    size: () => size,
    isPresentHere,
    isPresent: async (userId, chatId) => {
      if (isPresentHere(userId, chatId)) return true;
      const [others] = await registry.others([keyOf(userId, chatId)]);
      return others!.some((entry) => entry.isPresent);
    },

    close: () => {
      clearTimeout(tellAgain);
      stopListening();
    },
  };
};

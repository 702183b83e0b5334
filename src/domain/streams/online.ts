/**
 * Who is online: has an open socket or stream on any node. What changes within a second is told and written together, so that ten
 * thousand people who come back after a restart are a few messages and statements.
 */
import { randomUUID } from 'node:crypto';
import { jsonTopic, type Bus, type Unsubscribe } from '../../bus/bus.js';
import type { OnlineRegistry } from '../../bus/online-registry.js';
import type { Queryable } from '../../db/database.js';

export interface Online {
  /**
   * A user opens a connection to this node.
   *
   * @returns closes it
   */
  arrive(userId: bigint): () => void;
  /** Who of these is online; of this node alone, and then not `isSure`, if the other nodes cannot be asked. */
  who(userIds: readonly bigint[]): Promise<{ online: ReadonlySet<bigint>; isSure: boolean }>;
  /** Tells those who watch them, on all nodes, to look at them again. */
  touch(userId: bigint): void;
  /** Calls `onMoved`, once a second at most, with those of them who may have come or gone. */
  watch(userIds: readonly bigint[], onMoved: (userIds: readonly bigint[]) => void): Unsubscribe;
  /** Listens to the other nodes. */
  start(): Promise<void>;
  /** Resolves once nothing is written any more. */
  close(): Promise<void>;
}

export interface OnlineOptions {
  db: Queryable;
  bus: Bus;
  registry: OnlineRegistry;
  /** False: nobody is ever online. */
  isOn: boolean;
  /** Within how long changes are told together. */
  tickMs?: number | undefined;
  onError: (error: unknown) => void;
}

const TICK_MS = 1000;
/** For so many ticks nobody is told that somebody went: a page is loaded again, or a client moves to another node. */
const GRACE_TICKS = 3;
/** How exact it is when somebody was last seen. */
const MINUTE = 60_000;
const REFRESH_MS = 5000;
/** In one statement, and in one message on the bus. */
const AT_ONCE = 1000;

/** Those who may have come or gone, and the node that tells it. */
interface Moved {
  from: string;
  ids: string[];
}

const movedTopic = jsonTopic<Moved>('online');

/** In the order of ids, so that two nodes that write the same people wait instead of deadlocking. */
const SEEN = `INSERT INTO presence (user_id, seen_at) SELECT id, now() FROM unnest($1::bigint[]) AS given(id) ORDER BY id
  ON CONFLICT (user_id) DO UPDATE SET seen_at = excluded.seen_at
  WHERE presence.seen_at IS NULL OR presence.seen_at < excluded.seen_at - interval '55 s'`;

type OnMoved = (userIds: readonly bigint[]) => void;

export const createOnline = ({ db, bus, registry, isOn, tickMs = TICK_MS, onError }: OnlineOptions): Online => {
  /** How many connections each has here. */
  const connections = new Map<bigint, number>();
  /** Who is online here, as of the last tick: what the other nodes were told, and what is answered here, so that nobody misses a change. */
  const told = new Set<bigint>();
  /** When the last connection closed of those who are told to be here. */
  const leftAt = new Map<bigint, number>();
  /** Who came or went since the last tick, or went and may be back soon. */
  let changed = new Set<bigint>();
  /** When each was last written to be seen: of all who are here, and of those who went within the last minute. */
  const writtenAt = new Map<bigint, number>();
  const watchers = new Map<bigint, Set<OnMoved>>();
  let moved = new Set<bigint>();
  let ticking: NodeJS.Timeout | undefined;
  let refreshing: NodeJS.Timeout | undefined;
  let telling: NodeJS.Timeout | undefined;
  let lastTold = -Infinity;
  let writing: Promise<void> | undefined;
  let stopListening: Unsubscribe = () => undefined;
  let isClosed = false;

  const isHere = (userId: bigint) => connections.has(userId);

  const change = (userId: bigint) => {
    changed.add(userId);
    if (!isClosed) ticking ??= setTimeout(() => void tick(), tickMs);
  };

  /** Somebody who left and is back by now has not moved. */
  const tick = async () => {
    ticking = undefined;
    const some = [...changed];
    changed = new Set();
    const came = some.filter((id) => isHere(id) && !told.has(id));
    const gone = some.filter((id) => !isHere(id) && told.has(id));
    const since = performance.now() - GRACE_TICKS * tickMs;
    const went = gone.filter((id) => leftAt.get(id)! <= since);
    for (const id of gone) if (leftAt.get(id)! > since) change(id);
    for (const id of came) told.add(id);
    for (const id of went) {
      told.delete(id);
      leftAt.delete(id);
    }
    write(some);
    if (came.length + went.length === 0) return;
    await registry.tell(came.map(String), went.map(String));
    publish([...came, ...went]);
  };

  const self = randomUUID();
  const publish = (userIds: readonly bigint[]) => {
    // Without the bus, which may be away.
    note(userIds);
    for (const some of chunksOf(userIds)) bus.publish(movedTopic, { from: self, ids: some.map(String) });
  };

  /** Writes those whose last time is older than a minute; one wave at a time. */
  const write = (userIds: Iterable<bigint>) => {
    const now = performance.now();
    const due = [...userIds].filter((id) => now - (writtenAt.get(id) ?? -Infinity) >= MINUTE);
    if (due.length === 0 || isClosed) return;
    for (const id of due) writtenAt.set(id, now);
    const before = writing;
    const wave = (async () => {
      await before;
      for (const some of chunksOf(due)) {
        try {
          await db.query(SEEN, [some]);
        } catch (error) {
          for (const id of some) writtenAt.delete(id);
          onError(error);
        }
      }
    })();
    writing = wave;
  };

  const refresh = () => {
    const now = performance.now();
    for (const [id, at] of writtenAt) if (!isHere(id) && now - at >= MINUTE) writtenAt.delete(id);
    write(connections.keys());
  };

  const note = (userIds: Iterable<bigint>) => {
    for (const id of userIds) if (watchers.has(id)) moved.add(id);
    if (moved.size === 0 || isClosed) return;
    telling ??= setTimeout(tellWatchers, Math.max(0, lastTold + tickMs - performance.now()));
  };

  const tellWatchers = () => {
    telling = undefined;
    lastTold = performance.now();
    const byWatcher = new Map<OnMoved, bigint[]>();
    for (const id of moved) {
      for (const watcher of watchers.get(id) ?? []) {
        const own = byWatcher.get(watcher);
        if (own === undefined) byWatcher.set(watcher, [id]);
        else own.push(id);
      }
    }
    moved = new Set();
    for (const [watcher, ids] of byWatcher) watcher(ids);
  };

  registry.onDoubt(() => note(watchers.keys()));

  const forget = (userIds: readonly bigint[], watcher: OnMoved) => {
    for (const id of userIds) {
      const those = watchers.get(id);
      those?.delete(watcher);
      if (those?.size === 0) watchers.delete(id);
    }
  };

  return {
    arrive: (userId) => {
      if (!isOn) return () => undefined;
      connections.set(userId, (connections.get(userId) ?? 0) + 1);
      leftAt.delete(userId);
      if (connections.get(userId) === 1) change(userId);
      let hasLeft = false;
      return () => {
        if (hasLeft) return;
        hasLeft = true;
        const left = connections.get(userId)! - 1;
        if (left > 0) return void connections.set(userId, left);
        connections.delete(userId);
        if (told.has(userId)) leftAt.set(userId, performance.now());
        change(userId);
      };
    },

    who: async (userIds) => {
      const here = userIds.filter((id) => told.has(id));
      const others = isOn
        ? await registry.others(userIds.filter((id) => !told.has(id)).map(String))
        : new Set<string>();
      const there = userIds.filter((id) => others?.has(String(id)));
      return { online: new Set([...here, ...there]), isSure: others !== undefined };
    },

    touch: (userId) => publish([userId]),

    watch: (userIds, onMoved) => {
      // The same function may watch for several.
      const watcher: OnMoved = (ids) => onMoved(ids);
      for (const id of userIds) watchers.set(id, (watchers.get(id) ?? new Set()).add(watcher));
      return () => forget(userIds, watcher);
    },

    start: async () => {
      if (!isOn) return;
      stopListening = await bus.subscribe(movedTopic, ({ from, ids }) => {
        if (from !== self) note(ids.map(BigInt));
      });
      refreshing = setInterval(refresh, REFRESH_MS);
    },

    close: async () => {
      isClosed = true;
      clearTimeout(ticking);
      clearTimeout(telling);
      clearInterval(refreshing);
      stopListening();
      await writing;
    },
  };
};

const chunksOf = (ids: readonly bigint[]): bigint[][] =>
  Array.from({ length: Math.ceil(ids.length / AT_ONCE) }, (_, n) => ids.slice(n * AT_ONCE, (n + 1) * AT_ONCE));

/**
 * The state of the two connections to Redis: whether they are up, and whether the server supports everything that is needed. It is
 * checked when they connect and every half a minute, so that a repair, or a master that no longer is one, is noticed too.
 */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { isAboutCredentials, lookAtRedis, type RedisLook, type RedisUse } from './redis-look.js';
import { credentialsWarning, judgeRedis } from './redis-verdict.js';

/** `refused`: Redis refuses the user and password. */
export type RedisState = 'connecting' | 'connected' | 'refused' | 'away';

export interface RedisWatchOptions {
  connections: { commands: Redis; subscriber: Redis };
  prefix: string;
  /** Sentinels may name a former master, or different masters to the two connections. */
  isBehindSentinels: boolean;
  lookEveryMs: number;
  /** Called for each change, not for each failed try. */
  onState: (state: 'connected' | 'away', error?: Error) => void;
  /** One line for each change of what is refused; undefined: nothing is refused any longer. */
  onWarning: (warning: string | undefined) => void;
  /** Events that were refused before now get through, over the same connections. */
  onEvents: () => void;
}

export interface RedisWatch {
  readonly state: RedisState;
  isAble(use: RedisUse): boolean;
  /** The wait before connecting again, in milliseconds. */
  retryMs(): number;
  stop(): void;
}

const FIRST_RETRY_MS = 50;
const MAX_RETRY_MS = 1000;
const LOOK_AGAIN_MS = 1000;
const LOOK_WITHIN_MS = 3000;

export const createRedisWatch = ({
  connections,
  prefix,
  isBehindSentinels,
  lookEveryMs,
  onState,
  onWarning,
  onEvents,
}: RedisWatchOptions): RedisWatch => {
  const both = Object.values(connections);
  let state: RedisState = 'connecting';
  let able: ReadonlySet<RedisUse> = new Set();
  let told: string | undefined;
  let lastError: Error | undefined;
  let failures = 0;
  let areEventsRefused = false;
  let looking: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;

  const retryMs = () => Math.min(FIRST_RETRY_MS * 2 ** failures++, MAX_RETRY_MS);
  const areReady = () => both.every(({ status }) => status === 'ready');

  const reconnect = () => both.filter(({ status }) => status === 'ready').forEach((one) => one.disconnect(true));

  const warn = (warning: string | undefined) => {
    if (warning === told) return;
    told = warning;
    onWarning(warning);
  };

  const lose = (error: Error | undefined) => {
    able = new Set();
    if (state === 'refused') return;
    if (isAboutCredentials(error)) {
      state = 'refused';
      areEventsRefused = true;
      return warn(credentialsWarning(error));
    }
    if (state === 'away') return;
    state = 'away';
    onState('away', error);
  };

  const take = (look: RedisLook) => {
    if (isBehindSentinels && look.kind === 'replica') return reconnect();
    if (isBehindSentinels && !look.isHeard) return connections.subscriber.disconnect(true);
    failures = 0;
    lastError = undefined;
    const verdict = judgeRedis(look);
    able = verdict.able;
    if (state !== 'connected') {
      state = 'connected';
      onState('connected');
    }
    warn(verdict.warning);
    if (areEventsRefused && able.has('events')) onEvents();
    areEventsRefused = !able.has('events');
  };

  const look = async () => {
    const lost = new AbortController();
    try {
      const found = await Promise.race([lookAtRedis(connections, prefix), lossOf(both, lost.signal)]);
      if (!isStopped && areReady()) take(found);
      inAWhile(lookEveryMs, lookNow);
    } catch (error) {
      if (isStopped) return;
      // Lost meanwhile: it is checked when it is back. Otherwise it was too slow, or refuses all but new connections.
      if (isAboutCredentials(error)) {
        lose(error);
        inAWhile(lookEveryMs, reconnect);
      } else if (areReady()) inAWhile(LOOK_AGAIN_MS, lookNow);
    } finally {
      lost.abort();
    }
  };
  const lookNow = () => {
    if (isStopped || !areReady()) return;
    looking ??= look().finally(() => (looking = undefined));
  };
  const inAWhile = (ms: number, what: () => void) => {
    clearTimeout(timer);
    if (!isStopped) timer = setTimeout(what, ms).unref();
  };

  for (const connection of both) {
    connection.on('error', (error: Error) => {
      lastError = error;
      if (!isStopped && (connection.status !== 'ready' || isAboutCredentials(error))) lose(error);
    });
    connection.on('close', () => !isStopped && lose(lastError));
    // If the Sentinels name another master while a connection to one is being made, ioredis gives up for good.
    connection.on('end', () => {
      const again = () => {
        if (!isStopped) connection.connect().catch(() => undefined);
      };
      setTimeout(again, retryMs()).unref();
    });
    // Also if a check of a connection that was lost meanwhile is still running.
    connection.on('ready', () => (looking === undefined ? lookNow() : void looking.finally(lookNow)));
  }

  return {
    get state() {
      return state;
    },
    isAble: (use) => able.has(use),
    retryMs,
    stop: () => {
      isStopped = true;
      clearTimeout(timer);
    },
  };
};

/** Rejects once a connection is lost, or the time is up: a lost connection never answers. */
const lossOf = async (connections: readonly Redis[], signal: AbortSignal): Promise<never> => {
  await Promise.race([
    ...connections.map((connection) => once(connection, 'close', { signal })),
    delay(LOOK_WITHIN_MS, undefined, { signal }),
  ]);
  throw new Error('Redis did not answer');
};

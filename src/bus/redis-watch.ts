/**
 * How it stands with the two connections to Redis: whether they are there, and whether what they lead to does all that is asked
 * of it, looked at when they connect and every half a minute, so that what is mended, or no longer the master, is noticed too.
 */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { isAboutCredentials, lookAtRedis, type RedisLook, type RedisUse } from './redis-look.js';
import { credentialsWarning, judgeRedis } from './redis-verdict.js';

/** `refused`: it lets nobody in by the user and password that it is shown. */
export type RedisState = 'connecting' | 'connected' | 'refused' | 'away';

export interface RedisWatchOptions {
  connections: { commands: Redis; subscriber: Redis };
  prefix: string;
  /** They may name a master that is none any more, or another one to each connection. */
  isBehindSentinels: boolean;
  lookEveryMs: number;
  /** Told of each change, not of each failed try. */
  onState: (state: 'connected' | 'away', error?: Error) => void;
  /** One line for each change of what is refused; undefined: nothing any more. */
  onWarning: (warning: string | undefined) => void;
  /** Events are let through that were refused before, over the same connections. */
  onEvents: () => void;
}

export interface RedisWatch {
  readonly state: RedisState;
  isAble(use: RedisUse): boolean;
  /** How long to wait before connecting again, in milliseconds. */
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
      // Lost meanwhile: it is looked at when it is back. Else it was too slow, or lets in none but new connections.
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
    // Where the Sentinels tell of another master while the connection to one is being made, ioredis gives up for good.
    connection.on('end', () => {
      const again = () => {
        if (!isStopped) connection.connect().catch(() => undefined);
      };
      setTimeout(again, retryMs()).unref();
    });
    // Also where one is looked at just now that is lost meanwhile.
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

/** Rejects once one of them is lost, or has been given time enough: what a lost one was asked is never answered. */
const lossOf = async (connections: readonly Redis[], signal: AbortSignal): Promise<never> => {
  await Promise.race([
    ...connections.map((connection) => once(connection, 'close', { signal })),
    delay(LOOK_WITHIN_MS, undefined, { signal }),
  ]);
  throw new Error('Redis did not answer');
};

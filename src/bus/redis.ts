/** The bus between nodes: Redis pub/sub. It loses what it said OK to when it is killed; whoever listens must bear that. */
import { RedisPubSub } from 'graphql-redis-subscriptions';
import { Redis, type RedisOptions } from 'ioredis';
import type { Bus, Topic, Unsubscribe } from './bus.js';
import { CHANNELS_OPTIONS, createChannels } from './redis-channels.js';

export interface RedisBusOptions {
  url: string;
  /** Keeps apart what different installations tell on one Redis; the same on all nodes of one. */
  prefix?: string;
  /** Told of each change, not of each failed try. */
  onState?: (state: 'connected' | 'away', error?: Error) => void;
  /** A listener threw, or something that is no JSON came. */
  onError?: (error: unknown) => void;
}

export interface RedisBus extends Bus {
  /** For what else nodes share there (limits, places): fails at once while Redis is away. */
  readonly commands: Redis;
}

const SUBSCRIBE_PATIENCE_MS = 2000;
const CLOSE_PATIENCE_MS = 1000;
const retryStrategy = (attempt: number) => Math.min(50 * 2 ** attempt, 1000);
const ASK_EVERY_MS = 1000;
const ANSWER_WITHIN_MS = 4000;
const CONNECTING = { connectTimeout: 2000, disconnectTimeout: 500, retryStrategy } satisfies RedisOptions;

/**
 * Leaves a connection that does not answer, for a new one: lost without a word, as where a cable was pulled, it would be silent
 * for ever.
 *
 * @returns stops asking
 */
const leaveIfSilent = (connection: Redis): (() => void) => {
  let askedAt = Infinity;
  connection.on('close', () => (askedAt = Infinity));
  const ask = () => {
    if (connection.status !== 'ready') return;
    const now = performance.now();
    if (now - askedAt > ANSWER_WITHIN_MS) return connection.disconnect(true);
    askedAt = Math.min(askedAt, now);
    connection.ping().then(
      () => (askedAt = Infinity),
      () => undefined,
    );
  };
  const timer = setInterval(ask, ASK_EVERY_MS);
  return () => clearInterval(timer);
};

export const createRedisBus = ({ url, prefix = 'parley', onState, onError }: RedisBusOptions): RedisBus => {
  const channelOf = (topic: string) => `${prefix}:${topic}`;

  // Fails at once while Redis is away: by default `publish` would wait for it up to 10 s.
  const publisher = new Redis(url, {
    enableOfflineQueue: false,
    commandTimeout: 1000,
    maxRetriesPerRequest: 0,
    ...CONNECTING,
  });
  const subscriber = new Redis(url, { ...CHANNELS_OPTIONS, ...CONNECTING });

  let isAway = false;
  let lastError: Error | undefined;
  for (const connection of [publisher, subscriber]) {
    connection.on('error', (error: Error) => (lastError = error));
    connection.on('close', () => {
      if (!isAway && !closing) onState?.('away', lastError);
      isAway = true;
    });
    connection.on('ready', () => {
      if (publisher.status !== 'ready' || subscriber.status !== 'ready') return;
      isAway = false;
      onState?.('connected');
    });
  }
  let closing = false;
  const stopAsking = [publisher, subscriber].map(leaveIfSilent);

  const pubsub = new RedisPubSub({
    publisher,
    // All that it uses of one.
    subscriber: createChannels(subscriber, (error) => onError?.(error)) as unknown as Redis,
    // One that throws would hand listeners the raw text.
    deserializer: (text) => {
      try {
        return JSON.parse(text.toString()) as unknown;
      } catch (error) {
        onError?.(error);
        return undefined;
      }
    },
  });

  return {
    commands: publisher,

    publish: <Event>(topic: Topic<Event>, event: Event) => {
      pubsub.publish(channelOf(topic), event).catch(() => {
        // Nobody is told by the bell, then; the look-up once a second is.
      });
    },

    subscribe: async <Event>(topic: Topic<Event>, listener: (event: Event) => void): Promise<Unsubscribe> => {
      let isOver = false;
      const subscribed = pubsub.subscribe(channelOf(topic), (event: unknown) => {
        if (isOver || event === undefined) return;
        try {
          listener(event as Event);
        } catch (error) {
          onError?.(error);
        }
      });
      // While Redis is away the library waits for it; the caller need not.
      let timer: NodeJS.Timeout | undefined;
      const patience = new Promise<void>((resolve) => (timer = setTimeout(resolve, SUBSCRIBE_PATIENCE_MS)));
      await Promise.race([subscribed, patience]);
      clearTimeout(timer);
      return () => {
        if (isOver) return;
        isOver = true;
        void subscribed.then((id) => pubsub.unsubscribe(id));
      };
    },

    close: async () => {
      closing = true;
      for (const stop of stopAsking) stop();
      // What was published before goes out, unless Redis takes too long for that.
      let timer: NodeJS.Timeout | undefined;
      const patience = new Promise<void>((resolve) => (timer = setTimeout(resolve, CLOSE_PATIENCE_MS)));
      const quit = Promise.allSettled([publisher, subscriber].map((connection) => connection.quit()));
      await Promise.race([quit, patience]);
      clearTimeout(timer);
      publisher.disconnect();
      subscriber.disconnect();
    },
  };
};

/** The bus between nodes: Redis pub/sub. A killed Redis loses events that it has acknowledged; listeners must tolerate that. */
import { RedisPubSub } from 'graphql-redis-subscriptions';
import { ReplyError, type Redis } from 'ioredis';
import type { Bus, Topic, Unsubscribe } from './bus.js';
import { CHANNELS_OPTIONS, createChannels } from './redis-channels.js';
import { isBehindSentinels, openRedis } from './redis-connection.js';
import type { RedisUse } from './redis-look.js';
import { createRedisWatch, type RedisState, type RedisWatch } from './redis-watch.js';
import { within } from '../within.js';

export interface RedisBusOptions {
  /** As validated by the settings. */
  url: string;
  /** Separates the events of different installations on one Redis; the same on all nodes of one. */
  prefix?: string;
  /** Called for each change, not for each failed try. */
  onState?: (state: 'connected' | 'away', error?: Error) => void;
  /** Redis does not support everything that is needed: one line for each change, with the remedy; undefined once it does. */
  onWarning?: (warning: string | undefined) => void;
  /** How often it is checked, in milliseconds. */
  lookEveryMs?: number;
  /** A listener threw, or its topic could not decode a message. */
  onError?: (error: unknown) => void;
}

export interface RedisBus extends Bus {
  /** For other shared state (limits, places): fails at once while Redis is away. */
  readonly commands: Redis;
  readonly state: RedisState;
  /** Whether Redis supports this use. */
  isAble(use: RedisUse): boolean;
}

const SUBSCRIBE_PATIENCE_MS = 2000;
const CLOSE_PATIENCE_MS = 1000;
const LOOK_EVERY_MS = 30_000;
// To notice a former master soon.
const LOOK_BEHIND_SENTINELS_EVERY_MS = 5000;
const ASK_EVERY_MS = 1000;
const ANSWER_WITHIN_MS = 4000;

/**
 * Replaces a connection that does not answer by a new one: one that was lost without a close, for example when a cable was
 * pulled, would stay silent.
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
    const heard = () => (askedAt = Infinity);
    // A refusal is an answer.
    connection.ping().then(heard, (error: unknown) => error instanceof ReplyError && heard());
  };
  const timer = setInterval(ask, ASK_EVERY_MS);
  return () => clearInterval(timer);
};

export const createRedisBus = ({
  url,
  prefix = 'parley',
  onState,
  onWarning,
  lookEveryMs = isBehindSentinels(url) ? LOOK_BEHIND_SENTINELS_EVERY_MS : LOOK_EVERY_MS,
  onError,
}: RedisBusOptions): RedisBus => {
  const channelOf = ({ name }: { name: string }) => `${prefix}:${name}`;

  const retryStrategy = () => watch.retryMs();
  // Fails at once while Redis is away: by default `publish` would wait for it up to 10 s.
  const publisher = openRedis(url, {
    enableOfflineQueue: false,
    commandTimeout: 1000,
    maxRetriesPerRequest: 0,
    retryStrategy,
  });
  const subscriber = openRedis(url, { ...CHANNELS_OPTIONS, retryStrategy });
  const watch: RedisWatch = createRedisWatch({
    connections: { commands: publisher, subscriber },
    prefix,
    isBehindSentinels: isBehindSentinels(url),
    lookEveryMs,
    onState: (state, error) => onState?.(state, error),
    onWarning: (warning) => onWarning?.(warning),
    onEvents: () => channels.askAgain(),
  });
  const channels = createChannels(subscriber);
  const stopAsking = [publisher, subscriber].map(leaveIfSilent);

  const pubsub = new RedisPubSub({
    publisher,
    // It has every method that the library uses of a subscriber.
    subscriber: channels as unknown as Redis,
    // Topics write and read the text.
    serializer: (text) => text as string,
    deserializer: (text) => text.toString(),
  });

  return {
    commands: publisher,
    get state() {
      return watch.state;
    },
    isAble: watch.isAble,

    publish: <Event>(topic: Topic<Event>, event: Event) => {
      pubsub.publish(channelOf(topic), topic.encode(event)).catch(() => {
        // Nobody is told by the bell, then; the look-up once a second is.
      });
    },

    subscribe: async <Event>(topic: Topic<Event>, listener: (event: Event) => void): Promise<Unsubscribe> => {
      let isOver = false;
      const subscribed = pubsub.subscribe(channelOf(topic), (text: string) => {
        if (isOver) return;
        try {
          listener(topic.decode(text));
        } catch (error) {
          onError?.(error);
        }
      });
      // While Redis is away the library waits for it; the caller need not.
      await within(SUBSCRIBE_PATIENCE_MS, subscribed);
      return () => {
        if (isOver) return;
        isOver = true;
        void subscribed.then((id) => pubsub.unsubscribe(id));
      };
    },

    close: async () => {
      watch.stop();
      for (const stop of stopAsking) stop();
      // Events already published still go out, unless Redis takes too long.
      const quit = Promise.allSettled([publisher, subscriber].map((connection) => connection.quit()));
      await within(CLOSE_PATIENCE_MS, quit);
      publisher.disconnect();
      subscriber.disconnect();
    },
  };
};

/**
 * The channels of one subscriber connection, subscribed again whenever it reconnects. This replaces ioredis' own resubscribing, which
 * loses subscriptions made while connecting if that fails, and leaves rejected promises unhandled, which ends the process.
 */
import type { Redis, RedisOptions } from 'ioredis';

/** For the connection. It subscribes to nothing else. */
export const CHANNELS_OPTIONS = {
  autoResubscribe: false,
  autoResendUnfulfilledCommands: false,
  enableOfflineQueue: false,
  maxRetriesPerRequest: null,
} satisfies RedisOptions;

/** What graphql-redis-subscriptions calls on a subscriber. It would ignore returned promises, so none are returned. */
export interface Channels {
  /** @param onHeard called once, when every later message is received; if Redis is away, once it is back */
  subscribe(channel: string, onHeard: (error: null) => void): void;
  unsubscribe(channel: string): void;
  /** Patterns are not used. */
  punsubscribe(): void;
  on(event: 'message' | 'pmessage', listener: (...message: string[]) => void): void;
  /** Subscribes to all of them again, after Redis has refused some. */
  askAgain(): void;
}

const AT_ONCE = 1000;

export const createChannels = (connection: Redis): Channels => {
  /** With the callbacks that wait for each channel. */
  const wanted = new Map<string, (() => void)[]>();

  const ask = (channels: string[]) => {
    const heard = () => {
      for (const channel of channels) {
        const waiting = wanted.get(channel);
        for (const onHeard of waiting?.splice(0) ?? []) onHeard();
      }
    };
    // If the connection is lost meanwhile, they are subscribed again. `redis-watch.ts` reports what Redis refuses.
    connection.subscribe(...channels).then(heard, () => undefined);
  };

  const askAgain = () => {
    const channels = [...wanted.keys()];
    for (let from = 0; from < channels.length; from += AT_ONCE) ask(channels.slice(from, from + AT_ONCE));
  };
  connection.on('ready', askAgain);

  return {
    subscribe: (channel, onHeard) => {
      const waiting = wanted.get(channel) ?? [];
      waiting.push(() => onHeard(null));
      wanted.set(channel, waiting);
      if (connection.status === 'ready') ask([channel]);
    },
    unsubscribe: (channel) => {
      wanted.delete(channel);
      if (connection.status === 'ready') connection.unsubscribe(channel).catch(() => undefined);
    },
    punsubscribe: () => undefined,
    on: (event, listener) => void connection.on(event, listener),
    askAgain: () => {
      if (connection.status === 'ready') askAgain();
    },
  };
};
